"""Searches as processes: their state, however they end."""

import json

import pytest

from core.errors import Forbidden, NotFound
from core.files.home import search_job
from core.files.locks import acquire
from core.people.acting import Person, Role, acting_as
from core.searching import search as module
from core.searching import search_process
from core.searching.search_process import search_status, start_search, stop_search
from core.searching.values import SearchQuestion
from core.workbench import delete


@pytest.fixture
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: found.append(arguments))
    return found


@pytest.fixture
def start(dataset, settings, registry, started):
    def start(minutes=60.0, trials=None, go_on=False):
        question = SearchQuestion(minutes=minutes, trials=trials)
        start_search(dataset.id, question, settings=settings, registry=registry, go_on=go_on)

    return start


@pytest.fixture
def run_here(dataset, settings, bench, trainer, monkeypatch):
    def run_here(wait=trainer):
        monkeypatch.setattr(module, "pause", wait)
        with acquire(search_job(settings, dataset.id).alive_lock):
            search_process._background(dataset.id, settings)

    return run_here


def status_of(dataset, settings):
    return search_status(dataset.id, settings=settings)


def test_none_running_ready_and_on(dataset, settings, start, started, run_here):
    assert status_of(dataset, settings).state == "none"
    start(trials=1)
    with acquire(search_job(settings, dataset.id).alive_lock):
        assert status_of(dataset, settings).is_active
        start(trials=1)
    assert len(started) == 1  # one search a dataset
    run_here()
    found = status_of(dataset, settings)
    assert found.state == "ready" and "All 1 trial" in found.message and len(found.trials) == 1
    start(trials=2, go_on=True)
    run_here()
    assert len(status_of(dataset, settings).trials) == 3


def test_a_new_one_forgets_the_trials_and_keeps_the_runs(dataset, settings, registry, start, run_here):
    start(trials=2)
    run_here()
    made = {run.id for run in registry.runs(dataset.id)}
    start(trials=1)
    run_here()
    (trial,) = status_of(dataset, settings).trials
    assert trial.reused and trial.run_id in made and {run.id for run in registry.runs(dataset.id)} == made


def test_a_killed_one_keeps_its_trials_and_can_go_on(dataset, settings, start, trainer, run_here):
    class Killed(BaseException):
        pass

    def killing(seconds):
        trainer(seconds)
        if len(trainer.started) == 2:
            raise Killed

    start(trials=2)
    with pytest.raises(Killed):
        run_here(killing)
    found = status_of(dataset, settings)
    assert found.state == "stopped" and found.message.endswith("Go on with it.") and len(found.trials) == 2
    # the process that is started for the same request goes on, too
    assert json.loads(search_job(settings, dataset.id).request.read_text())["go_on"]
    start(trials=1, go_on=True)
    run_here()
    assert [one.accuracy is not None for one in status_of(dataset, settings).trials] == [True] * 3


def test_a_person_stops_it(dataset, settings, start, trainer, run_here):
    def stopping(seconds):
        trainer(seconds)
        stop_search(settings, dataset.id)

    start(trials=2)
    run_here(stopping)
    found = status_of(dataset, settings)
    assert (found.state, found.message) == ("stopped", search_process.STOPPED)


def test_what_cannot_be_searched_is_one_sentence(dataset, settings, start, run_here):
    start(minutes=0.01)
    run_here()
    found = status_of(dataset, settings)
    assert found.state == "failed" and found.message.startswith("No recipe fits into 1 s of training")


def test_a_deleted_dataset_ends_it(dataset, settings, registry, start, trainer, run_here):
    trainer.before.append(lambda: delete.delete_dataset(settings, registry, dataset))
    start(trials=2)
    run_here()
    assert not search_job(settings, dataset.id).path.exists()


def test_who_may_and_what_there_must_be(dataset, settings, registry, start, started):
    with pytest.raises(NotFound):
        start_search("d-nothing", SearchQuestion(minutes=1), settings=settings, registry=registry)
    with pytest.raises(NotFound, match="There is no search of flowers to go on with. Start a new one."):
        start(go_on=True)
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden):
        start()
    assert started == []
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        start()
    with acting_as(Person(name="bob", role=Role.TRAINER)), pytest.raises(Forbidden, match="belongs to anna"):
        stop_search(settings, dataset.id)
