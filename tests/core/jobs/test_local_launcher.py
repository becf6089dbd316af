"""Processes of this machine: started with the lock of their run, found by it, and stopped without the registry."""

import pytest

from core.jobs.exit_policy import ExitRecord, write_exit_record
from core.jobs.holder import read_holder
from core.jobs.launching import Traces
from core.jobs.local_launcher import stop_unwatched
from core.jobs.slots import CPU
from tests.jobs_home import Home, eventually, is_running


@pytest.fixture
def home(settings, registry):
    home = Home(settings, registry)
    yield home
    home.kill_everything()


def test_a_started_trainer_is_found_by_the_lock_of_its_run(home):
    run = home.add(seconds=60)
    home.registry.claim("cpu", "a supervisor")
    launcher = home.launcher()
    trainer = launcher.start(run.id, 1, CPU)
    assert trainer.identity == read_holder(home.lock(run)).process.to_dict()
    (adopted,), (attempt,) = launcher.adopt(), home.registry.running_attempts()
    for found in (adopted, launcher.find(attempt)):
        assert (found.run_id, found.attempt, found.slot, found.identity) == (run.id, 1, "cpu", trainer.identity)
    assert launcher.start(run.id, 2, CPU) is None  # the first one has the lock
    trainer.stop(0.0)
    eventually(trainer.is_dead)
    assert launcher.adopt() == [] and launcher.find(attempt) is None


def test_the_traces_of_an_attempt_are_its_exit_record_and_the_end_of_its_log(home):
    run = home.add()
    assert home.launcher().traces(run.id, 1) == Traces()
    write_exit_record(home.folder(run) / "exit.json", 1, 4, "failed", "The loss became NaN.")
    (home.folder(run) / "log.txt").write_text("epoch 1\nthe end\n\n")
    record = ExitRecord(attempt=1, code=4, outcome="failed", reason="The loss became NaN.")
    assert home.launcher().traces(run.id, 1) == Traces(record=record, last_line="the end")
    assert home.launcher().traces(run.id, 2).record is None


def test_trainers_are_stopped_without_the_registry(home):
    run = home.add(seconds=60)
    trainer = home.launcher().start(run.id, 1, CPU)
    eventually(lambda: home.starts(run))
    assert stop_unwatched(home.settings, grace=1.0)
    assert trainer.is_dead() and not is_running(home.starts(run)[0]["pid"])
    assert not stop_unwatched(home.settings, grace=1.0)
