"""Adding and ordering as processes: their state, however they end."""

import shutil

import pytest

from core.advising import label_process
from core.advising.label_process import (
    added_sentence,
    answer_folders,
    cancel_labelling,
    dismiss_question,
    label_state,
    read_order,
    start_adding,
    start_ordering,
)
from core.artifacts.parts import publish_dataset
from core.datasets.pool import pool_of
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.files import atomic
from core.files.home import dataset_folder, label_job
from core.files.locks import acquire
from core.people.acting import Person, Role, acting_as
from tests.core.advising.test_labelling import DirectionsEngine
from tests.factories import fill
from tests.machines import two_machines
from tests.pools import fill_pool, folder_of_photos


@pytest.fixture
def dataset(registry, settings):
    return fill(registry, settings, runs=0).dataset


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: found.append(arguments))
    return found


@pytest.fixture
def roses(registry, dataset, monkeypatch):
    """Every photo without a class has features of a rose."""

    class Roses(DirectionsEngine):
        def __call__(self, views):
            self._classes = Everything(self._classes)
            return super().__call__(views)

    class Everything(dict):
        def __missing__(self, key):
            return ("rose",)

    made = Roses(registry, dataset, {})
    monkeypatch.setattr("core.features.compute.choose_engine", lambda *_, **__: made)


@pytest.fixture
def upload(tmp_path):
    """An uploaded folder; a real upload is an archive, which is moved alike."""
    return folder_of_photos(tmp_path / "upload")


@pytest.fixture
def archive(upload):
    from pathlib import Path

    return Path(shutil.make_archive(str(upload), "zip", upload))


def run_here(settings, dataset, stopped=lambda: False):
    with acquire(label_job(settings, dataset.id).alive_lock):
        label_process._background(dataset.id, settings, stopped)


def state(settings, dataset):
    return label_state(dataset.id, settings=settings)


def test_none_running_ready(dataset, registry, settings, started, roses):
    fill_pool(settings, dataset, 4)
    assert state(settings, dataset).state == "none" and read_order(dataset.id, settings) is None
    start_ordering(dataset.id, settings=settings, registry=registry)
    with acquire(label_job(settings, dataset.id).alive_lock):
        assert state(settings, dataset).is_active
        start_ordering(dataset.id, settings=settings, registry=registry)
    assert len(started) == 1
    run_here(settings, dataset)
    assert state(settings, dataset).state == "ready" and len(read_order(dataset.id, settings).photos) == 4


def test_an_upload_is_moved_added_ordered_and_deleted(dataset, registry, settings, started, roses, archive):
    start_adding(dataset.id, archive, settings=settings, registry=registry, own_source=True)
    assert not archive.exists() and label_job(settings, dataset.id).upload.exists()
    run_here(settings, dataset)
    found = state(settings, dataset)
    assert (found.state, found.message) == ("ready", "3 photos were added.")
    assert not label_job(settings, dataset.id).upload.exists() and len(read_order(dataset.id, settings).photos) == 3


def test_folders_are_asked_about_and_the_upload_waits(dataset, registry, settings, started, roses, upload, archive):
    (upload / "rose").mkdir()
    shutil.move(upload / "0.jpg", upload / "rose")
    shutil.make_archive(str(upload), "zip", upload)
    start_adding(dataset.id, archive, settings=settings, registry=registry, own_source=True)
    run_here(settings, dataset)
    asked = state(settings, dataset)
    assert asked.state == "question" and "'rose'" in asked.message and label_job(settings, dataset.id).upload.exists()
    answer_folders(dataset.id, settings=settings)
    run_here(settings, dataset)
    assert state(settings, dataset).message == "3 photos were added."
    answer_folders(dataset.id, settings=settings)
    assert len(started) == 2, "there is no question any more"


def test_a_question_can_be_dismissed(dataset, registry, settings, roses, upload, archive):
    (upload / "rose").mkdir()
    shutil.move(upload / "0.jpg", upload / "rose")
    shutil.make_archive(str(upload), "zip", upload)
    start_adding(dataset.id, archive, settings=settings, registry=registry, own_source=True)
    run_here(settings, dataset)
    dismiss_question(dataset.id, settings=settings)
    assert state(settings, dataset).state == "none" and not label_job(settings, dataset.id).path.exists()


def test_what_went_wrong_is_one_sentence_and_the_upload_is_deleted(dataset, registry, settings, roses, tmp_path):
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no archive")
    start_adding(dataset.id, broken, settings=settings, registry=registry, own_source=True)
    run_here(settings, dataset)
    found = state(settings, dataset)
    assert found.state == "failed" and found.message and not label_job(settings, dataset.id).upload.exists()
    start_ordering(dataset.id, settings=settings, registry=registry)
    run_here(settings, dataset)
    assert "has no photos without a class" in state(settings, dataset).message


def test_a_killed_one_and_a_cancelled_one_say_so(dataset, registry, settings, roses):
    fill_pool(settings, dataset, 4)
    start_ordering(dataset.id, settings=settings, registry=registry)
    assert "killed before it was done" in state(settings, dataset).message
    cancel_labelling(settings, dataset.id)
    run_here(settings, dataset)
    assert state(settings, dataset).state == "cancelled"
    start_ordering(dataset.id, settings=settings, registry=registry)
    run_here(settings, dataset)
    assert state(settings, dataset).state == "ready"


def test_photos_that_were_added_before_a_stop_are_kept_and_said(
    dataset, registry, settings, roses, upload, monkeypatch
):
    monkeypatch.setattr("core.advising.labelling.make_order", _fails)
    start_adding(dataset.id, upload, settings=settings, registry=registry)
    run_here(settings, dataset)
    found = state(settings, dataset)
    assert (found.state, found.message) == ("failed", "3 photos were added. The model is gone.")
    assert len(pool_of(dataset_folder(settings, dataset.id))) == 1


def _fails(*_, **__):
    raise NotFound("The model is gone.")


def test_progress_is_shown(dataset, registry, settings):
    start_ordering(dataset.id, settings=settings, registry=registry)
    folder = label_job(settings, dataset.id)
    with acquire(folder.alive_lock):
        atomic.write_json(folder.status, {"state": "running", "stage": "Computing features", "done": 3, "total": 9})
        found = state(settings, dataset)
        assert (found.stage, found.done, found.total, found.is_active) == ("Computing features", 3, 9, True)
        atomic.write_json(folder.status, {"state": "ready", "message": ""})
        assert state(settings, dataset).is_active, "its process is about to end"


def test_one_job_at_a_time(dataset, registry, settings, upload, started):
    start_ordering(dataset.id, settings=settings, registry=registry)
    with acquire(label_job(settings, dataset.id).alive_lock), pytest.raises(Conflict, match="right now"):
        start_adding(dataset.id, upload, settings=settings, registry=registry, own_source=True)
    assert upload.exists() and len(started) == 1


def test_who_may(dataset, registry, settings, upload):
    with acting_as(Person(name="eve", role=Role.VIEWER)):
        for refused in (
            lambda: start_ordering(dataset.id, settings=settings, registry=registry),
            lambda: start_adding(dataset.id, upload, settings=settings, registry=registry, own_source=True),
            lambda: cancel_labelling(settings, dataset.id),
            lambda: answer_folders(dataset.id, settings=settings),
            lambda: dismiss_question(dataset.id, settings=settings),
        ):
            with pytest.raises(Forbidden):
                refused()
    with acting_as(Person(name="ann", role=Role.TRAINER)), pytest.raises(Forbidden, match="admin"):
        start_adding(dataset.id, upload, settings=settings, registry=registry)


def test_a_dataset_that_is_not_there(registry, settings, upload):
    with pytest.raises(NotFound):
        start_ordering("d-nothing", settings=settings, registry=registry)
    with pytest.raises(NotFound):
        start_adding("d-nothing", upload, settings=settings, registry=registry)


def test_where_several_machines_share_datasets_photos_are_not_added(tmp_path, registry, upload):
    first, second = two_machines(tmp_path, registry)
    dataset = fill(first.registry, first.settings, runs=0).dataset
    publish_dataset(first.settings, first.registry, dataset.id)
    for machine in (first, second):
        with pytest.raises(InvalidInput, match="several machines share"):
            start_adding(dataset.id, upload, settings=machine.settings, registry=machine.registry)
    assert upload.exists()


def test_what_was_added_in_words():
    assert added_sentence(1, 0) == "1 photo was added."
    assert added_sentence(12, 3) == "12 photos were added, 3 files were left out."
