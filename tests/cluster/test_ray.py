"""Runs train on the machines of a cluster: each epoch once, whatever happens to machines, and only where they may."""

import json
import os
import secrets
import shutil
import signal
import time

import pytest

from core import jobs
from core.jobs.cluster.client import JobRequest
from core.jobs.ray.client import TOKEN_FILE
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe
from core.runs.values import Cancel, Status
from core.settings import REPOSITORY
from core.workbench import Workbench
from tests.factories import make_dataset, make_photos, make_run
from tests.jobs_home import eventually

LONG = 240.0


class Lab:
    """A registry with runs, the supervisor of its home, and what the fake trainers noted."""

    def __init__(self, settings, registry, cluster) -> None:
        self.settings, self.registry, self.cluster = settings, registry, cluster
        registry.add_dataset(make_dataset(), make_photos())
        self._added = 0

    def add(self, *, epochs: int, backbone: str = "efficientnet_lite0"):
        self._added += 1
        recipe = Recipe(backbone=backbone, hyperparameters=Hyperparameters(epochs=epochs))
        return self.registry.add_run(make_run(self._added, id=f"r-{secrets.token_hex(4)}", recipe=recipe))

    def notes(self, run=None, **values) -> list[dict]:
        path = self.cluster.notes
        found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        wanted = values | ({"run": run.id} if run else {})
        return [one for one in found if all(one[name] == value for name, value in wanted.items())]

    def status(self, run) -> Status:
        return self.registry.run(run.id).status

    def machine_of(self, run):
        name = self.registry.run(run.id).slot.partition("/")[0]
        return self.cluster.head if name == "head" else self.cluster.second

    def epochs(self, run) -> list[int]:
        return [epoch.number for epoch in self.registry.epochs(run.id)]

    def until(self, condition, what="", timeout=LONG):
        try:
            eventually(condition, what, timeout)
        except AssertionError:
            raise AssertionError(f"{what}\n{self.log()}") from None

    def log(self) -> str:
        return (self.settings.home / "supervisor.log").read_text()[-4000:]

    def finish(self, *runs) -> None:
        self.until(lambda: all(self.status(run).ended for run in runs), "the runs end")
        for run in runs:
            found = self.registry.run(run.id)
            assert found.status is Status.FINISHED, found.reason
            assert self.epochs(run) == list(range(1, run.recipe.hyperparameters.epochs + 1))


@pytest.fixture
def lab(both, settings, registry, tmp_path):
    both.notes.unlink(missing_ok=True)
    lab = Lab(settings, registry, both)
    yield lab
    jobs.stop_supervisor(settings, now=True)


def test_two_recipes_train_on_two_machines_at_once(lab):
    first, second = lab.add(epochs=8), lab.add(epochs=8, backbone="efficientnet_lite1")
    began = time.time()
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: lab.notes(first) and lab.notes(second), "both start")
    print(f"\nboth trained {time.time() - began:.1f} s after the supervisor was started")
    lab.finish(first, second)
    assert {note["machine"] for note in lab.notes()} == {"head", "second"}
    for note in lab.notes():
        assert (note["gpus"], note["threads"]) == ("-1", "1")
        assert note["home"] == str(lab.cluster.folder / note["machine"] / "cache")
    assert {record.name for record in lab.registry.node_records()} == {"head", "second"}


def test_how_long_a_submission_takes_on_machines_that_are_known(lab):
    warm = lab.add(epochs=1)
    jobs.ensure_supervisor(lab.settings)
    lab.finish(warm)
    lab.until(lambda: len(lab.registry.node_records()) == 2, "both machines were asked")
    time.sleep(8)  # no warm trainer is left
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
    jobs_used = {note["job"] for note in lab.notes()}
    assert len(jobs_used) == 2  # one a machine
    assert all(lab.registry.run(run.id).attempt == 1 for run in runs), lab.log()


def test_a_machine_dies_and_its_run_goes_on_elsewhere(lab):
    runs = [lab.add(epochs=12, backbone=name) for name in ("efficientnet_lite0", "efficientnet_lite1")]
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: all(len(lab.epochs(run)) >= 2 for run in runs), "both train")
    lost = next(run for run in runs if lab.machine_of(run) is lab.cluster.second)
    lab.cluster.second.kill()
    killed = time.time()
    lab.finish(*runs)
    again = [note for note in lab.notes(lost) if note["attempt"] == 2]
    print(f"\ngoes on {again[0]['at'] - killed:.0f} s after its machine died")
    assert {note["machine"] for note in again} == {"head"}
    done = [note["epoch"] for note in lab.notes(lost) if note["epoch"]]
    assert len(done) - len(set(done)) <= 1  # one may have been recorded and not noted, or lost
    assert lab.registry.run(lost.id).attempt == 2


def test_a_trainer_behind_a_cut_cable_stops_and_nothing_is_recorded_twice(lab):
    runs = [lab.add(epochs=40, backbone=name) for name in ("efficientnet_lite0", "efficientnet_lite1")]
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: all(len(lab.epochs(run)) >= 2 for run in runs), "both train")
    lost = next(run for run in runs if lab.machine_of(run) is lab.cluster.second)
    lab.cluster.second.cut()
    lab.until(lambda: not lab.cluster.second.processes("fake_trainer"), "the trainer stops itself", 60)
    assert lab.registry.run(lost.id).attempt == 1  # before its lease lapsed
    lab.cluster.second.mend()
    lab.finish(*runs)
    assert lab.registry.run(lost.id).attempt == 2


def test_a_new_supervisor_finds_the_trainers(lab):
    run = lab.add(epochs=20)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: len(lab.epochs(run)) >= 2, "it trains")
    os.kill(jobs.supervisor_status(lab.settings).process.pid, signal.SIGKILL)
    jobs.ensure_supervisor(lab.settings)
    lab.finish(run)
    assert lab.registry.run(run.id).attempt == 1


def test_a_cancelled_run_stops(lab):
    run = lab.add(epochs=400)
    jobs.ensure_supervisor(lab.settings)
    lab.until(lambda: lab.epochs(run), "it trains")
    lab.registry.request_cancel(run.id, Cancel.NOW)
    jobs.wake(lab.settings)
    lab.until(lambda: lab.status(run) is Status.KILLED, "it stops", 60)


def test_a_repeated_submission_is_one_job(lab):
    client = lab.cluster.client()
    node = next(node for node in client.nodes() if node.name == "second")
    request = JobRequest(id=f"again-{time.time_ns()}", command="sleep 5", node=node.id, cpus=0)
    client.submit(request)
    client.submit(request)
    assert len([job for job in client.jobs() if job.id == request.id]) == 1
    client.stop(request.id)


def test_without_a_token_or_with_a_wrong_one_nothing_starts(lab, monkeypatch, tmp_path):
    run = lab.add(epochs=1)
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    wrong.chmod(0o600)
    monkeypatch.setenv(TOKEN_FILE, str(wrong))
    jobs.ensure_supervisor(lab.settings)
    bench = Workbench(lab.settings, lab.registry)
    assert "does not accept the token" in bench.machines().problem
    log = lab.settings.home / "supervisor.log"
    lab.until(lambda: "does not accept the token" in log.read_text(), "the supervisor says so", 30)
    assert lab.status(run) is Status.SCHEDULED and not lab.notes(run)
    jobs.stop_supervisor(lab.settings)
    monkeypatch.delenv(TOKEN_FILE)
    assert f"{TOKEN_FILE} is not set" in bench.machines().problem


def test_a_machine_with_another_version_gets_no_runs(lab, tmp_path):
    other = lab.cluster.folder / "other"
    shutil.copytree(REPOSITORY / "core", other / "core", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests"):
        (other / name).symlink_to(REPOSITORY / name)
    (other / ".venv").symlink_to(REPOSITORY / ".venv")
    (other / "core" / "changed.py").write_text("# not the same code\n")
    lab.cluster.second.kill()
    lab.cluster.start_second(GRAFT_NODE_FOLDER=str(other))
    try:
        runs = [lab.add(epochs=2, backbone=name) for name in ("efficientnet_lite0", "efficientnet_lite1")]
        jobs.ensure_supervisor(lab.settings)
        lab.until(lambda: len(lab.registry.node_records()) == 2, "both machines were asked")
        lab.finish(*runs)
        assert {note["machine"] for note in lab.notes()} == {"head"}
        [second] = [one for one in Workbench(lab.settings, lab.registry).machines().machines if one.name == "second"]
        assert not second.can_train and "another version of Graft" in second.problem
    finally:
        lab.cluster.second.kill()
        lab.cluster.start_second(GRAFT_NODE_FOLDER="")
