"""Shortlists as processes: their state, however they end."""

import pytest

from core.advising import background, making
from core.advising.background import cancel_shortlist, shortlist_state, start_shortlist
from core.advising.shortlisting import Shortlisting
from core.advising.values import ShortlistQuestion
from core.errors import Forbidden, NotFound
from core.files import atomic
from core.files.home import advice_job, advice_lock
from core.files.locks import acquire
from core.people.acting import Person, Role, acting_as
from tests.core.advising.test_values import make_shortlist


@pytest.fixture
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: found.append(arguments))
    return found


@pytest.fixture
def known(monkeypatch, contenders, engine_for):
    """Features are the tests' own."""

    def known(dataset, **options):
        return Shortlisting(dataset, contenders=contenders, engine=engine_for(dataset), **options)

    monkeypatch.setattr(making, "Shortlisting", known)


def start(dataset, settings, registry, minutes=None):
    start_shortlist(dataset.id, ShortlistQuestion(minutes=minutes), settings=settings, registry=registry)


def run_here(settings, dataset, stopped=lambda: False):
    with acquire(advice_job(settings, dataset.id).alive_lock):
        background._background(dataset.id, settings, stopped)


def test_none_running_ready_and_again(dataset, registry, settings, started, known):
    assert shortlist_state(dataset.id, settings=settings).state == "none"
    start(dataset, settings, registry, minutes=30.0)
    with acquire(advice_job(settings, dataset.id).alive_lock):
        assert shortlist_state(dataset.id, settings=settings).state == "running"
        start(dataset, settings, registry)
    assert len(started) == 1
    run_here(settings, dataset)
    assert shortlist_state(dataset.id, settings=settings).state == "ready"
    assert [one.question for one in registry.shortlists(dataset.id)] == [{"minutes": 30.0}]
    start(dataset, settings, registry)
    assert len(started) == 2


def test_what_the_neighbours_say_is_in_the_state(dataset, registry, settings, started):
    near = make_shortlist().neighbours
    start(dataset, settings, registry)
    folder = advice_job(settings, dataset.id)
    status = {"state": "running", "stage": "Round 1", "done": 3, "total": 9, "neighbours": vars(near)}
    with acquire(folder.alive_lock):
        atomic.write_json(folder.status, status)
        found = shortlist_state(dataset.id, settings=settings)
    assert found.is_active and found.neighbours == near and (found.done, found.total) == (3, 9)


def test_a_killed_one_says_so(dataset, registry, settings, started):
    start(dataset, settings, registry)
    found = shortlist_state(dataset.id, settings=settings)
    assert found.state == "failed" and "killed before it was done" in found.message and not found.is_active


def test_it_can_be_cancelled(dataset, registry, settings, started, known):
    start(dataset, settings, registry)
    cancel_shortlist(settings, dataset.id)
    run_here(settings, dataset)
    assert shortlist_state(dataset.id, settings=settings).state == "cancelled"
    assert registry.shortlists(dataset.id) == []


def test_a_second_one_waits(dataset, registry, settings, started, known):
    start(dataset, settings, registry)
    with acquire(advice_lock(settings)):
        run_here(settings, dataset, stopped=iter([False, True]).__next__)
    assert shortlist_state(dataset.id, settings=settings).state == "cancelled"


def test_what_cannot_be_answered_is_one_sentence(dataset, registry, settings, started, known):
    start(dataset, settings, registry, minutes=1e-6)
    run_here(settings, dataset)
    found = shortlist_state(dataset.id, settings=settings)
    assert found.state == "failed" and "No recipe of the shortlist fits" in found.message


def test_who_may_and_what_there_must_be(dataset, registry, settings, started):
    with pytest.raises(NotFound):
        start_shortlist("d-nothing", ShortlistQuestion(), settings=settings, registry=registry)
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden):
        start(dataset, settings, registry)
    assert started == []
