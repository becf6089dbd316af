"""Tables of predictions as processes: their state, their end, and what a kill leaves."""

import json
import shutil
import time

import pytest

from core.errors import InvalidInput, NotFound
from core.files.home import table_folder
from core.files.locks import acquire
from core.jobs import background_tables, tables
from core.jobs.background import UNFINISHED
from core.jobs.background_tables import (
    cancel_table,
    dismiss_table,
    recover,
    rows_of,
    sample_of,
    start_table,
)
from core.runs.values import Status
from tests.core.jobs.test_tables import predicted
from tests.factories import fill
from tests.photo_files import archive, jpeg


@pytest.fixture
def run_id(settings, registry, monkeypatch):
    monkeypatch.setattr(tables, "predict_runs", predicted)
    return fill(registry, settings).with_status(Status.FINISHED)[0].id


@pytest.fixture
def upload(tmp_path):
    return archive(tmp_path / "photos.zip", {"60.jpg": jpeg(1), "45.jpg": jpeg(2), "x.txt": b"text"})


def start(monkeypatch, settings, registry, source, run_id, **options):
    """A table whose process does not run."""
    monkeypatch.setattr(background_tables, "start_process", lambda *_: None)
    return start_table(source, [run_id], settings=settings, registry=registry, **options)


def run_here(settings, table_id):
    """What the process does, in this one."""
    with acquire(table_folder(settings, table_id).alive_lock):
        background_tables._background(table_id, settings)
    (job,) = background_tables.tables(settings)
    return job


def test_a_table_is_there_until_it_is_dismissed_and_its_upload_is_deleted(
    settings, registry, run_id, upload, monkeypatch
):
    table_id = start(monkeypatch, settings, registry, upload, run_id, title="mine.zip", own_source=True)
    assert not upload.exists() and table_folder(settings, table_id).upload.exists()
    job = run_here(settings, table_id)
    assert (job.state, job.title, job.run_ids, job.progress.done, job.progress.refused) == (
        "done", "mine.zip", (run_id,), 3, 1,
    )  # fmt: skip
    assert not table_folder(settings, table_id).upload.exists()
    assert [row.name for row in rows_of(settings, table_id)] == ["60.jpg", "45.jpg", "x.txt"]
    assert sample_of(settings, table_id, job.progress.uncertain[0].sample).read_bytes() == jpeg(45)
    dismiss_table(settings, table_id)
    assert background_tables.tables(settings) == [] and not table_folder(settings, table_id).path.exists()


def test_a_folder_of_this_machine_is_left_as_it_is(settings, registry, run_id, tmp_path, monkeypatch):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "60.jpg").write_bytes(jpeg(1))
    table_id = start(monkeypatch, settings, registry, folder, run_id)
    job = run_here(settings, table_id)
    assert (job.state, job.title, job.progress.done) == ("done", "photos", 1) and (folder / "60.jpg").exists()


def test_the_confidence_of_a_table_is_kept_with_it(settings, registry, run_id, upload, monkeypatch):
    table_id = start(monkeypatch, settings, registry, upload, run_id, confidence=0.9)
    job = run_here(settings, table_id)
    sets = [made.prediction_set for row in rows_of(settings, table_id) for made in row.predictions]
    assert job.confidence == 0.9 and {one.confidence for one in sets} == {0.9}
    with pytest.raises(InvalidInput, match="above 0 and below 1"):
        start_table(upload, [run_id], settings=settings, registry=registry, confidence=1.0)
    assert len(background_tables.tables(settings)) == 1


def test_a_table_from_before_there_was_a_choice_has_95_percent(settings, registry, run_id, upload, monkeypatch):
    request = table_folder(settings, start(monkeypatch, settings, registry, upload, run_id)).request
    old = json.loads(request.read_text())
    del old["confidence"]
    request.write_text(json.dumps(old))
    (job,) = background_tables.tables(settings)
    assert job.confidence == 0.95


def test_what_is_not_there_is_said_before_anything_starts(settings, registry, run_id, upload):
    for source in ("", "  ", "/no/such/folder"):
        with pytest.raises(InvalidInput, match="There is no file or folder"):
            start_table(source, [run_id], settings=settings, registry=registry)
    with pytest.raises(NotFound):
        start_table(upload, ["r-none"], settings=settings, registry=registry)
    assert background_tables.tables(settings) == []


def test_an_archive_that_is_none_is_one_sentence(settings, registry, run_id, tmp_path, monkeypatch):
    (tmp_path / "a.zip").write_bytes(b"text")
    job = run_here(settings, start(monkeypatch, settings, registry, tmp_path / "a.zip", run_id))
    assert job.state == "failed" and job.message.count(".") >= 1 and "Traceback" not in job.message


def test_a_cancelled_table_keeps_what_it_has(settings, registry, run_id, upload, monkeypatch):
    table_id = start(monkeypatch, settings, registry, upload, run_id)
    cancel_table(settings, table_id)
    job = run_here(settings, table_id)
    assert (job.state, job.progress.total) == ("cancelled", 3)


def test_a_table_whose_process_was_killed_says_so_and_loses_its_upload(settings, registry, run_id, upload, monkeypatch):
    table_id = start(monkeypatch, settings, registry, upload, run_id, own_source=True)
    (job,) = background_tables.tables(settings)
    assert job.state == "failed" and "killed" in job.message and "is kept" in job.message
    recover(settings)
    assert not table_folder(settings, table_id).upload.exists()


def test_a_table_that_runs_is_cancelled_where_it_is_dismissed_and_keeps_its_upload(
    settings, registry, run_id, upload, monkeypatch
):
    table_id = start(monkeypatch, settings, registry, upload, run_id, own_source=True)
    folder = table_folder(settings, table_id)
    with acquire(folder.alive_lock):
        recover(settings)
        dismiss_table(settings, table_id)
        assert folder.upload.exists() and folder.cancel.exists()


def test_the_process_does_it(settings, registry, upload):
    """With a model that is not there any more, so that no engine is needed."""
    run = fill(registry, settings).with_status(Status.FINISHED)[0]
    start_table(upload, [run.id], settings=settings, registry=registry)
    shutil.rmtree(settings.home / "runs" / run.id / "model")
    deadline = time.monotonic() + 60
    while (job := background_tables.tables(settings)[0]).state in UNFINISHED and time.monotonic() < deadline:
        time.sleep(0.1)
    assert job.state == "failed" and f"The files of the model of run {run.id} are gone" in job.message
