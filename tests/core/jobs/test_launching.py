"""The supervisor with a launcher that is none of this machine: it uses nothing but the protocol."""

from dataclasses import dataclass, field

import pytest

from core.errors import Unavailable
from core.jobs.exit_policy import ExitCode, ExitRecord
from core.jobs.launching import Traces
from core.jobs.slots import Slot
from core.jobs.supervisor import Supervisor
from core.runs.needs import RunNeeds, SlotResources
from core.runs.values import Attempt, Cancel, Progress, Status
from tests.jobs_home import Home


@dataclass
class FarTrainer:
    """A job somewhere else, whose life the test decides."""

    run_id: str
    attempt: int
    slot: str
    identity: dict
    dead: bool = False
    asked: int = 0
    returncode: int | None = None
    disk_full: bool = False
    stopped_by_mistake: bool = False

    @property
    def was_asked_to_stop(self) -> bool:
        return self.asked > 0

    def follow(self, run_id: str, attempt: int) -> None:
        self.run_id, self.attempt, self.asked = run_id, attempt, 0

    def is_dead(self) -> bool:
        return self.dead

    def stop(self, grace: float) -> None:
        self.asked += 1

    def lingers(self, limit: float) -> bool:
        return False


@dataclass
class FarLauncher:
    slots_now: list[Slot]
    jobs: list[FarTrainer] = field(default_factory=list)
    records: dict[tuple[str, int], ExitRecord] = field(default_factory=dict)
    reachable: bool = True

    def slots(self) -> list[Slot]:
        if not self.reachable:
            raise Unavailable("The cluster does not answer.")
        return self.slots_now

    def start(self, run_id: str, attempt: int, slot: Slot) -> FarTrainer | None:
        if any(job.run_id == run_id and not job.dead for job in self.jobs):
            return None
        self.jobs.append(FarTrainer(run_id, attempt, slot.name, {"job": f"{run_id}-{attempt}"}))
        return self.jobs[-1]

    def adopt(self) -> list[FarTrainer]:
        return [job for job in self.jobs if not job.dead]

    def find(self, attempt: Attempt) -> FarTrainer | None:
        return next((job for job in self.adopt() if job.run_id == attempt.run_id), None)

    def traces(self, run_id: str, attempt: int) -> Traces:
        return Traces(record=self.records.get((run_id, attempt)), last_line="the end")

    def progress(self, run_id: str) -> Progress | None:
        return None

    def trim_log(self, run_id: str) -> bool:
        return False


@pytest.fixture
def home(settings, registry):
    return Home(settings, registry)


@pytest.fixture
def far():
    return FarLauncher(slots_now=[Slot(name="node-1", title="Node 1")])


def test_runs_are_claimed_as_slots_come(home, far):
    runs = [home.add(), home.add()]
    supervisor = Supervisor(home.settings, home.registry, far)
    supervisor.round()
    assert [home.status(run) for run in runs] == [Status.RUNNING, Status.SCHEDULED]
    far.slots_now.append(Slot(name="node-2", title="Node 2"))
    supervisor.round()
    assert [job.slot for job in far.jobs] == ["node-1", "node-2"]
    assert home.registry.process(runs[1].id, 1) == {"job": f"{runs[1].id}-1"}


def test_a_dead_job_is_started_again_and_its_exit_record_is_believed(home, far):
    run = home.add()
    supervisor = Supervisor(home.settings, home.registry, far)
    supervisor.round()
    far.jobs[0].dead = True
    supervisor.round()
    assert [(job.attempt, job.dead) for job in far.jobs] == [(1, True), (2, False)]
    record = ExitRecord(attempt=2, code=ExitCode.FAILED, outcome="failed", reason="The loss became NaN.")
    far.records[run.id, 2] = record
    far.jobs[1].dead = True
    supervisor.round()
    assert (home.status(run), home.registry.run(run.id).reason) == (Status.FAILED, "The loss became NaN.")


def test_the_next_supervisor_adopts_the_jobs_and_stops_cancelled_ones(home, far):
    run = home.add()
    Supervisor(home.settings, home.registry, far).round()
    following = Supervisor(home.settings, home.registry, far)
    following.adopt()
    assert following.trainers == far.jobs
    home.registry.request_cancel(run.id, Cancel.NOW)
    following.round()
    assert far.jobs[0].was_asked_to_stop
    far.jobs[0].dead = True
    following.round()
    assert home.status(run) is Status.KILLED


def test_a_warm_job_is_followed_to_the_run_that_it_has_claimed(home, far):
    first, second = home.add(), home.add()
    supervisor = Supervisor(home.settings, home.registry, far)
    supervisor.round()
    home.registry.end(first.id, 1, Status.KILLED)
    home.registry.claim_next(second.id, 0, "node-1", "it", far.jobs[0].identity)
    supervisor.round()
    assert [(job.run_id, job.attempt) for job in far.jobs] == [(second.id, 1)]


def test_a_job_that_moves_on_while_the_supervisor_starts_is_watched_once(home, far):
    first, second = home.add(), home.add()
    Supervisor(home.settings, home.registry, far).round()
    home.registry.end(first.id, 1, Status.KILLED)
    supervisor = Supervisor(home.settings, home.registry, far)
    supervisor.adopt()
    home.registry.claim_next(second.id, 0, "node-1", "it", far.jobs[0].identity)
    again = FarTrainer(second.id, 1, "node-1", far.jobs[0].identity)
    far.jobs.append(again)
    supervisor._recover_orphans()
    assert len(supervisor.trainers) == 1


def test_a_cluster_that_does_not_answer_changes_nothing(home, far):
    run = home.add()
    supervisor = Supervisor(home.settings, home.registry, far)
    far.reachable = False
    with pytest.raises(Unavailable):
        supervisor.round()
    assert home.status(run) is Status.SCHEDULED
    far.reachable = True
    supervisor.round()
    assert home.status(run) is Status.RUNNING


# --- slots of different kinds ---


def gpu_slot(name: str, gigabytes: int) -> Slot:
    resources = SlotResources(gpus=1, gpu_kinds=("NVIDIA A10",), gpu_bytes=gigabytes * 10**9)
    return Slot(name=name, title=name, resources=resources)


LARGE = RunNeeds(gpu_bytes=40 * 10**9)


@pytest.fixture
def mixed():
    """One small and one large GPU."""
    return FarLauncher(slots_now=[gpu_slot("small", 24), gpu_slot("large", 80)])


def started(far: FarLauncher) -> list[tuple[str, str]]:
    return [(job.run_id, job.slot) for job in far.jobs]


def ended(home: Home, far: FarLauncher, run) -> None:
    job = next(job for job in far.jobs if job.run_id == run.id and not job.dead)
    home.registry.end(run.id, job.attempt, Status.FAILED, "It ended.")
    job.dead = True


def test_a_run_waits_for_a_slot_that_fits_and_those_behind_it_go_on(home, mixed):
    first, large, small = home.add(needs=LARGE), home.add(needs=LARGE), home.add()
    supervisor = Supervisor(home.settings, home.registry, mixed)
    supervisor.round()
    assert started(mixed) == [(first.id, "large"), (small.id, "small")]
    ended(home, mixed, first)
    supervisor.round()
    assert started(mixed)[2:] == [(large.id, "large")]


def test_a_run_that_needs_much_gets_the_first_slot_that_fits_however_many_small_ones_come_after_it(home, mixed):
    """It does not starve: each small run behind it that could take its slot comes after it in that slot."""
    occupying = home.add(needs=LARGE)
    supervisor = Supervisor(home.settings, home.registry, mixed)
    supervisor.round()
    large = home.add(needs=LARGE)
    for _ in range(5):
        small = home.add()
        supervisor.round()
        assert started(mixed)[-1] == (small.id, "small")
        ended(home, mixed, small)
    waiting = home.add()
    home.add()
    ended(home, mixed, occupying)
    supervisor.round()
    assert started(mixed)[-2:] == [(large.id, "large"), (waiting.id, "small")]


def test_a_run_that_no_slot_fits_waits_and_starts_when_such_a_slot_comes(home, mixed):
    run = home.add(needs=RunNeeds(gpus=2))
    supervisor = Supervisor(home.settings, home.registry, mixed)
    supervisor.round()
    assert (home.status(run), mixed.jobs) == (Status.SCHEDULED, [])
    both = SlotResources(gpus=2, gpu_kinds=("NVIDIA A10",), gpu_bytes=24 * 10**9)
    mixed.slots_now.append(Slot(name="both", title="2 x A10", resources=both))
    supervisor.round()
    assert started(mixed) == [(run.id, "both")]


def test_the_slots_are_noted_with_what_they_have_and_stay_known_while_the_launcher_knows_none(home, mixed):
    supervisor = Supervisor(home.settings, home.registry, mixed)
    supervisor.round()
    known = {one.name: one.resources.gpu_bytes for one in home.registry.known_slots()}
    assert known == {"small": 24 * 10**9, "large": 80 * 10**9}
    mixed.slots_now.clear()
    supervisor.round()
    assert len(home.registry.known_slots()) == 2
    mixed.slots_now.append(gpu_slot("small", 24))
    supervisor.round()
    assert [one.name for one in home.registry.known_slots()] == ["small"]


def test_a_run_that_is_cancelled_while_it_is_placed_does_not_keep_others_from_starting(home, mixed, monkeypatch):
    cancelled, other = home.add(), home.add()
    asked = home.registry.waiting_needs

    def cancelled_meanwhile():
        found = asked()
        home.registry.request_cancel(cancelled.id, Cancel.NOW)
        return found

    monkeypatch.setattr(home.registry, "waiting_needs", cancelled_meanwhile)
    Supervisor(home.settings, home.registry, mixed).round()
    assert [run_id for run_id, _ in started(mixed)] == [other.id]
