"""Checks as processes: their state, however they end."""

import pytest

from core.artifacts.parts import publish_dataset
from core.curation import background
from core.curation.background import cancel_check, check_state, start_check
from core.curation.decisions import PhotoAction, decide
from core.curation.versions import apply_decisions
from core.errors import NotFound
from core.files import atomic
from core.files.here import dataset_here
from core.files.home import check_job, check_lock
from core.files.locks import acquire
from tests.core.curation.conftest import clustered
from tests.factories import fill
from tests.machines import two_machines


@pytest.fixture
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: found.append(arguments))
    return found


def state(settings, dataset):
    return check_state(dataset.id, settings=settings).state


def run_here(settings, dataset, stopped=lambda: False):
    with acquire(check_job(settings, dataset.id).alive_lock):
        background._background(dataset.id, settings, stopped)


def test_none_running_ready(dataset, registry, settings, started, store):
    store(dataset, clustered(dataset))
    assert state(settings, dataset) == "none"
    start_check(dataset.id, settings=settings, registry=registry)
    assert len(started) == 1
    with acquire(check_job(settings, dataset.id).alive_lock):
        assert state(settings, dataset) == "running"
        start_check(dataset.id, settings=settings, registry=registry)
    run_here(settings, dataset)
    assert state(settings, dataset) == "ready"
    start_check(dataset.id, settings=settings, registry=registry)
    assert len(started) == 1


def test_a_killed_check_says_so_and_can_start_again(dataset, registry, settings, started):
    start_check(dataset.id, settings=settings, registry=registry)
    found = check_state(dataset.id, settings=settings)
    assert found.state == "failed" and "killed before it was done" in found.message and not found.is_active
    start_check(dataset.id, settings=settings, registry=registry)
    assert len(started) == 2


def test_it_can_be_cancelled(dataset, registry, settings, started, store):
    store(dataset, clustered(dataset))
    start_check(dataset.id, settings=settings, registry=registry)
    cancel_check(settings, dataset.id)
    run_here(settings, dataset)
    assert state(settings, dataset) == "cancelled"
    start_check(dataset.id, settings=settings, registry=registry)
    run_here(settings, dataset)
    assert state(settings, dataset) == "ready"


def test_what_went_wrong_is_one_sentence(dataset, registry, settings, started):
    from core.files.home import dataset_folder

    for path in dataset_folder(settings, dataset.id).photos.iterdir():
        path.unlink()
    start_check(dataset.id, settings=settings, registry=registry)
    run_here(settings, dataset)
    found = check_state(dataset.id, settings=settings)
    assert found.state == "failed" and "import them to check them" in found.message


def test_a_second_check_waits(dataset, registry, settings, started):
    start_check(dataset.id, settings=settings, registry=registry)
    with acquire(check_lock(settings)):
        run_here(settings, dataset, stopped=iter([False, True]).__next__)
    assert state(settings, dataset) == "cancelled"


def test_progress_is_shown(dataset, registry, settings, started):
    start_check(dataset.id, settings=settings, registry=registry)
    folder = check_job(settings, dataset.id)
    with acquire(folder.alive_lock):
        atomic.write_json(folder.status, {"state": "running", "stage": "Reading photos", "done": 3, "total": 9})
        found = check_state(dataset.id, settings=settings)
    assert (found.stage, found.done, found.total, found.is_active) == ("Reading photos", 3, 9, True)


def test_a_dataset_that_is_not_there(registry, settings, started):
    with pytest.raises(NotFound):
        start_check("d-nothing", settings=settings, registry=registry)


def test_the_photos_of_another_machine_are_fetched_before_their_check(tmp_path, registry, started):
    """The folder of the job lies inside that of the dataset, which must not look as if the photos were here."""
    first, second = two_machines(tmp_path, registry)
    dataset = fill(first.registry, first.settings, runs=0).dataset
    publish_dataset(first.settings, first.registry, dataset.id)
    start_check(dataset.id, settings=second.settings, registry=second.registry)
    assert len(started) == 1
    photos = [photo.digest for photo in registry.photos(dataset.id)]
    assert all(dataset_here(second.settings, dataset.id).photo(digest).is_file() for digest in photos)
    decide(dataset, photos[:1], PhotoAction.EXCLUDE, registry=second.registry, settings=second.settings)
    made = apply_decisions(dataset, registry=second.registry, settings=second.settings)
    assert dataset_here(first.settings, made.id).photo(photos[1]).is_file()
