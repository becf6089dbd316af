"""The supervisor with a launcher that is none of this machine: it uses nothing but the protocol."""

from dataclasses import dataclass, field

import pytest

from core.errors import Unavailable
from core.jobs.exit_policy import ExitCode, ExitRecord
from core.jobs.launching import Traces
from core.jobs.slots import Slot
from core.jobs.supervisor import Supervisor
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
