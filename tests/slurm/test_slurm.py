"""Runs train as jobs of a real Slurm: each epoch once, whatever happens to jobs, machines and the controller."""

import json
import os
import secrets
import signal
import time

import pytest

from core import jobs
from core.jobs.cluster.client import JobRefused, JobRequest, JobStatus
from core.jobs.cluster.launcher import LAG_SECONDS
from core.jobs.slurm.client import open_slurm
from core.jobs.slurm.options import OPTIONS, WAIT
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe
from core.runs.values import Cancel, Status
from core.workbench import Workbench
from tests.factories import make_dataset, make_photos, make_run
from tests.jobs_home import eventually

LONG = 180.0


class SlurmLab:
    """A registry with runs, the supervisor of its home, and what the fake trainers noted."""

    def __init__(self, settings, registry, cluster) -> None:
        self.settings, self.registry, self.cluster = settings, registry, cluster
        registry.add_dataset(make_dataset(), make_photos())
        self._added = 0

    def add(self, *, epochs: int, backbone: str = "efficientnet_lite0"):
        self._added += 1
        recipe = Recipe(backbone=backbone, hyperparameters=Hyperparameters(epochs=epochs))
        return self.registry.add_run(make_run(self._added, id=f"r-{secrets.token_hex(4)}", recipe=recipe))

    def add_two(self, epochs: int):
        return [self.add(epochs=epochs, backbone=name) for name in ("efficientnet_lite0", "efficientnet_lite1")]

    def notes(self, run) -> list[dict]:
        path = self.cluster.notes
        found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [one for one in found if one["run"] == run.id]

    def run(self, run):
        return self.registry.run(run.id)

    def epochs(self, run) -> list[int]:
        return [epoch.number for epoch in self.registry.epochs(run.id)]

    def number(self, run) -> str:
        """Of its last job, in Slurm."""
        found = self.cluster.call("squeue", "--me", "--states=all", "--noheader", "--Format=JobID:|,Name:|").stdout
        lines = [line.split("|") for line in found.splitlines()]
        return max((line[0] for line in lines if line[1].startswith(run.id)), key=int)

    def until(self, condition, what, timeout=LONG):
        try:
            eventually(condition, what, timeout)
        except AssertionError:
            queue = self.cluster.call(
                "squeue", "--me", "--states=all", "--Format=JobID,Name:60,State,Reason,Comment:200"
            )
            log = (self.settings.home / "supervisor.log").read_text()[-4000:]
            raise AssertionError(f"{what}\n{log}\n{queue.stdout}") from None

    def finish(self, *runs) -> None:
        self.until(lambda: all(self.run(run).status.ended for run in runs), "the runs end")
        for run in runs:
            assert self.run(run).status is Status.FINISHED, self.run(run).reason
            assert self.epochs(run) == list(range(1, run.recipe.hyperparameters.epochs + 1))


@pytest.fixture
def lab(both, settings, registry):
    both.notes.unlink(missing_ok=True)
    lab = SlurmLab(settings, registry, both)
    yield lab
    jobs.stop_supervisor(settings, now=True)


def test_two_recipes_train_on_two_machines_at_once(lab):
    first, second = lab.add_two(epochs=8)
    began = time.time()
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: lab.notes(first) and lab.notes(second), "both start")
    print(f"\nboth trained {time.time() - began:.1f} s after the supervisor was started")
    lab.finish(first, second)
    notes = lab.notes(first) + lab.notes(second)
    assert {note["machine"] for note in notes} == {"n1", "n2"}
    for note in notes:
        assert (note["gpus"], note["threads"]) == ("-1", "1")
        assert note["home"] == str(lab.cluster.place / note["machine"] / "cache")
    assert {record.name for record in lab.registry.node_records()} == {"n1", "n2"}


def test_how_long_a_submission_takes_on_machines_that_are_known(lab):
    warm = lab.add(epochs=1)
    jobs.ensure_supervisor(lab.settings)
    lab.finish(warm)
    lab.until(lambda: len(lab.registry.node_records()) == 2, "both machines were asked")
    lab.until(lambda: lab.cluster.state("n1") == lab.cluster.state("n2") == "IDLE", "no warm trainer is left")
    run = lab.add(epochs=1, backbone="efficientnet_lite1")
    began = time.time()
    jobs.wake(lab.settings)
    lab.until(lambda: lab.notes(run), "it starts")
    print(f"\nfrom the submission to the start of the trainer: {lab.notes(run)[0]['at'] - began:.1f} s")
    lab.finish(run)


def test_a_warm_trainer_goes_on_with_the_next_run(lab):
    runs = [lab.add(epochs=2) for _ in range(4)]
    jobs.ensure_supervisor(lab.settings)
    lab.finish(*runs)
    assert len({note["job"] for run in runs for note in lab.notes(run)}) == 2  # one a machine
    assert all(lab.run(run).attempt == 1 for run in runs)


def test_a_machine_dies_and_its_run_goes_on_elsewhere(lab):
    runs = lab.add_two(epochs=12)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: all(len(lab.epochs(run)) >= 2 for run in runs), "both train")
    lost = next(run for run in runs if lab.run(run).slot.startswith("n2/"))
    lab.cluster.second.kill()
    killed = time.time()
    lab.finish(*runs)
    again = [note for note in lab.notes(lost) if note["attempt"] == 2]
    print(f"\ngoes on {again[0]['at'] - killed:.0f} s after its machine died")
    assert {note["machine"] for note in again} == {"n1"}
    assert lab.run(lost).attempt == 2
    lab.cluster.second.start()


def test_a_job_that_reaches_its_time_limit_is_asked_before_and_goes_on(lab, monkeypatch):
    monkeypatch.setenv(OPTIONS, "--time=1")  # so SIGTERM comes soon after the start
    run = lab.add(epochs=150)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: lab.run(run).attempt >= 2, "it was asked to stop, and started again")
    first = lab.registry.attempts(run.id)[0]
    assert first.ended_at - first.started_at < 75  # not by the limit, which Slurm extends by KillWait
    lab.registry.request_cancel(run.id, Cancel.NOW)
    jobs.wake(lab.settings)
    lab.until(lambda: lab.run(run).status.ended, "it stops")
    assert lab.epochs(run) == list(range(1, len(lab.epochs(run)) + 1))


def test_a_job_that_somebody_cancels_goes_back_into_the_queue(lab):
    run = lab.add(epochs=20)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: len(lab.epochs(run)) >= 2, "it trains")
    lab.cluster.call("scancel", lab.number(run), check=True)
    lab.finish(run)
    assert lab.run(run).attempt == 2


def test_slurm_itself_never_starts_an_attempt_again(lab):
    run = lab.add(epochs=10)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: lab.epochs(run), "it trains")
    refused = lab.cluster.call("scontrol", "requeue", lab.number(run))
    assert refused.returncode and "disabled" in refused.stderr
    lab.finish(run)
    assert lab.run(run).attempt == 1


def test_the_controller_dies_and_trainers_go_on(lab):
    run = lab.add(epochs=30)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: len(lab.epochs(run)) >= 2, "it trains")
    lab.cluster.kill_controller()
    bench = Workbench(lab.settings, lab.registry)
    assert bench.machines().problem.startswith("Slurm ")
    before = len(lab.epochs(run))
    lab.until(lambda: len(lab.epochs(run)) >= before + 4, "it goes on")
    lab.cluster.start_controller()
    lab.finish(run)  # each epoch once
    assert lab.run(run).attempt <= 2  # a controller that had not saved the job before it died ends it when it is back
    assert bench.machines().problem == ""


def test_a_new_supervisor_finds_the_trainers(lab):
    run = lab.add(epochs=20)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: len(lab.epochs(run)) >= 2, "it trains")
    os.kill(jobs.supervisor_status(lab.settings).process.pid, signal.SIGKILL)
    jobs.ensure_supervisor(lab.settings)
    lab.finish(run)
    assert lab.run(run).attempt == 1


def test_a_cancelled_run_stops(lab):
    run = lab.add(epochs=400)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: lab.epochs(run), "it trains")
    lab.registry.request_cancel(run.id, Cancel.NOW)
    jobs.wake(lab.settings)
    lab.until(lambda: lab.run(run).status is Status.KILLED, "it stops", 60)


@pytest.mark.parametrize("minutes", ["1", "10"])
def test_a_run_waits_for_the_jobs_of_others_where_it_may(lab, monkeypatch, minutes):
    monkeypatch.setenv(WAIT, minutes)
    known = lab.add_two(epochs=1)
    jobs.ensure_supervisor(lab.settings)
    lab.finish(*known)
    lab.until(lambda: len(lab.registry.node_records()) == 2, "both machines were asked")
    lab.until(lambda: lab.cluster.state("n1") == lab.cluster.state("n2") == "IDLE", "no warm trainer is left")
    for name in ("n1", "n2"):
        lab.cluster.call(
            "sbatch",
            "--wrap=sleep 500",
            "--job-name=other",
            f"--nodelist={name}",
            "--output=/dev/null",
            "--mem=10",
            check=True,
        )
    lab.until(lambda: lab.cluster.state("n1") == lab.cluster.state("n2") == "ALLOCATED", "others use both")
    time.sleep(LAG_SECONDS + 6)  # what own jobs had counts as theirs for a while; Graft has looked since
    run = lab.add(epochs=2)
    jobs.wake(lab.settings)
    if minutes == "1":
        time.sleep(10)
        assert lab.run(run).status is Status.SCHEDULED
    else:
        lab.until(lambda: lab.run(run).status is Status.RUNNING, "it was submitted")
    lab.cluster.call("scancel", "--me", "--name=other", check=True)
    lab.finish(run)
    assert lab.run(run).attempt == 1


def request(cluster, **values):
    node = next(one for one in open_slurm(cluster.environment).nodes() if one.name == "n2")
    return JobRequest(**{"id": f"r-{time.time_ns()}-1", "command": "sleep 60", "node": node.id, "cpus": 1, **values})


def test_a_repeated_submission_is_one_job(both):
    client, once = open_slurm(both.environment), request(both)
    client.submit(once)
    open_slurm(both.environment).submit(once)
    found = both.call("squeue", "--me", f"--name={once.id}", "--noheader", "--Format=JobID").stdout.split()
    assert len(found) == 1
    client.stop(once.id, at_once=True)


def test_of_two_jobs_of_one_name_slurm_starts_one(both):
    client, once = open_slurm(both.environment), request(both)
    client.submit(once)
    client._is_there = lambda _name: False  # as when the answer to the first submission and to the question was lost
    client.submit(once)
    states = lambda: both.call("squeue", "--me", f"--name={once.id}", "--noheader", "--Format=State").stdout.split()  # noqa: E731
    both.until(lambda: sorted(states()) == ["PENDING", "RUNNING"], "one runs")
    client.stop(once.id, at_once=True)
    both.until(lambda: states() == [], "both are stopped")


@pytest.mark.parametrize("values", [{"gpus": 9}, {"memory_bytes": 2**40}])
def test_more_than_a_machine_has_is_refused(both, values):
    """A partition of one machine refuses it at once; this one takes the job, and fails it when it looks closer."""
    client, once = open_slurm(both.environment), request(both, **values)
    client.submit(once)
    both.until(lambda: (job := client.job(once.id)) is not None and job.status.has_ended, "it ends")
    assert client.job(once.id).last_line == "Slurm calls its job FAILED (BadConstraints)."


def test_a_machine_that_there_is_none_of(both):
    with pytest.raises(JobRefused, match="Slurm refused the job: Invalid node name specified"):
        open_slurm(both.environment).submit(request(both, node="n99@now"))


def test_a_partition_that_there_is_none_of(lab, monkeypatch):
    monkeypatch.setenv(OPTIONS, "--partition=gpu")
    found = Workbench(lab.settings, lab.registry).machines()
    assert "Slurm has no partition 'gpu' that you may use; it has: main, short." in found.problem


def test_a_machine_that_is_drained_gets_no_runs(lab):
    lab.cluster.call("scontrol", "update", "NodeName=n2", "State=DRAIN", "Reason=its fan is broken", check=True)
    try:
        found = {one.name: one for one in Workbench(lab.settings, lab.registry).machines().machines}
        assert found["n2"].problem == "Slurm calls it IDLE+DRAIN: its fan is broken."
        runs = lab.add_two(epochs=2)
        jobs.ensure_supervisor(lab.settings)
        lab.finish(*runs)
        assert {note["machine"] for run in runs for note in lab.notes(run)} == {"n1"}
    finally:
        lab.cluster.call("scontrol", "update", "NodeName=n2", "State=RESUME")


def test_a_machine_with_gpus_that_are_not_there_says_so(lab):
    lab.cluster.with_gpus.start()
    try:
        lab.cluster.until(lambda: lab.cluster.state("n3") == "IDLE", "it is up")
        for name in ("n1", "n2"):
            lab.cluster.call("scontrol", "update", f"NodeName={name}", "State=DRAIN", "Reason=test", check=True)
        run = lab.add(epochs=2)
        jobs.ensure_supervisor(lab.settings)

        def told() -> bool:
            problems = [record.facts["problem"] for record in lab.registry.node_records() if record.name == "n3"]
            return any("The cluster gives GPU" in problem for problem in problems)

        lab.until(told, "the machine says so")
        for name in ("n1", "n2"):
            lab.cluster.call("scontrol", "update", f"NodeName={name}", "State=RESUME", check=True)
        lab.finish(run)
    finally:
        for name in ("n1", "n2"):
            lab.cluster.call("scontrol", "update", f"NodeName={name}", "State=RESUME")
        lab.cluster.with_gpus.kill()


def test_a_machine_without_graft_says_so(both, settings, registry):
    client, once = open_slurm(both.environment), request(both, command='folder=/nowhere; cd "$folder" && exec false')
    client.submit(once)
    both.until(lambda: (job := client.job(once.id)) is not None and job.status.has_ended, "it ends")
    job = client.job(once.id)
    assert (job.status, job.exit_code) == (JobStatus.FAILED, 64)
    assert job.last_line.startswith("There is no Graft in /nowhere on n2 that could be started.")
