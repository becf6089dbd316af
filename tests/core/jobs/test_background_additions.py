"""Additions as processes: their state, their end, and what a kill leaves."""

import json
import time

import pytest

from core.errors import Conflict
from core.files.home import addition_folder
from core.files.locks import acquire
from core.jobs import background_additions
from core.jobs.background_additions import (
    additions,
    cancel_addition,
    dismiss_addition,
    recover,
    start_addition,
)
from tests.added import prepare_file, use_file_preparer
from tests.core.backbones.test_additions import a_request


@pytest.fixture
def request_of(settings):
    """Writes the request of an addition that no process works on."""

    def write(addition_id="1", **changes):
        folder = addition_folder(settings, addition_id)
        folder.path.mkdir(parents=True)
        folder.request.write_text(json.dumps(a_request(**changes).to_json() | {"at": 1.0}))
        return folder

    return write


def run_here(settings, folder, monkeypatch, preparer=prepare_file):
    """What the process does, in this one."""
    use_file_preparer(monkeypatch, preparer)
    with acquire(folder.alive_lock):
        background_additions._background(folder.job_id, settings)
    (addition,) = additions(settings)
    return addition


def test_a_finished_addition_is_done_until_it_is_dismissed(settings, registry, request_of, monkeypatch):
    addition = run_here(settings, request_of(title="Tiny"), monkeypatch)
    assert (addition.state, addition.name, addition.title, addition.kind) == ("done", "tiny", "Tiny", "hub")
    assert registry.added_backbone("tiny")
    dismiss_addition(settings, addition.id)
    assert additions(settings) == []


def test_one_sentence_says_why_an_addition_failed(settings, request_of, monkeypatch):
    def full(request, folder, report):
        raise OSError(28, "No space left on device")

    addition = run_here(settings, request_of(), monkeypatch, full)
    assert (addition.state, addition.message) == (
        "failed",
        "The backbone could not be read or stored: No space left on device.",
    )


def test_a_cancelled_addition_adds_nothing(settings, registry, request_of, monkeypatch):
    folder = request_of()
    cancel_addition(settings, "1")
    addition = run_here(settings, folder, monkeypatch)
    assert (addition.state, addition.message) == ("cancelled", "The addition was cancelled; nothing was added.")
    assert registry.added_backbones() == []


def test_progress_is_written_for_every_stage(settings, request_of, monkeypatch):
    folder, seen = request_of(), []

    def looking(request, files, report):
        prepared = prepare_file(request, files, report)
        seen.extend(additions(settings))
        return prepared

    run_here(settings, folder, monkeypatch, looking)
    assert seen[0].state == "running" and seen[0].progress.stage == "Copying"


def test_a_killed_addition_says_so_and_its_upload_is_deleted(settings, request_of):
    folder = request_of()
    folder.upload.write_bytes(b"weights")
    folder.draft.mkdir()
    (addition,) = additions(settings)
    assert addition.state == "failed" and addition.message.startswith("The addition was killed before it was done")
    recover(settings)
    assert not folder.upload.exists() and not folder.draft.exists() and additions(settings)


def test_an_error_in_graft_is_called_that(settings, request_of):
    request_of().log.write_text("Traceback (most recent call last):\n  x\nKeyError: 'blocks'\n")
    (addition,) = additions(settings)
    assert addition.message.startswith("An error in Graft ended the addition (KeyError: 'blocks')")


def test_an_addition_that_runs_is_left_alone_by_recover_and_cancelled_by_dismiss(settings, request_of):
    folder = request_of()
    folder.draft.mkdir()
    with acquire(folder.alive_lock):
        recover(settings)
        dismiss_addition(settings, "1")
        assert folder.draft.exists() and folder.cancel.exists()


def test_a_name_is_added_once_at_a_time(settings, registry, request_of):
    folder = request_of()
    with acquire(folder.alive_lock), pytest.raises(Conflict, match="is being added already"):
        start_addition(a_request(), settings=settings, registry=registry)


def test_the_process_takes_an_upload_along_and_can_be_killed(settings, registry, tmp_path, monkeypatch):
    monkeypatch.setattr(background_additions, "start_process", lambda module, folder, settings, *_: None)
    (tmp_path / "upload").write_bytes(b"PK")
    addition_id = start_addition(
        a_request(kind="keras_file", source=str(tmp_path / "upload"), own_source=True),
        settings=settings,
        registry=registry,
    )
    folder = addition_folder(settings, addition_id)
    assert folder.upload.read_bytes() == b"PK" and not (tmp_path / "upload").exists()
    assert json.loads(folder.request.read_text())["source"] == str(folder.upload)


def test_a_process_is_started_and_waits_for_another_addition_until_it_is_cancelled(settings, registry):
    from core.files.home import addition_lock

    with acquire(addition_lock(settings)):
        addition_id = start_addition(a_request(), settings=settings, registry=registry)
        wait_until(lambda: additions(settings)[0].state == "waiting")
        cancel_addition(settings, addition_id)
        wait_until(lambda: additions(settings)[0].state != "waiting")
    assert additions(settings)[0].state == "cancelled"


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_addition_that_is_done_can_be_dismissed_before_its_process_has_ended(settings, request_of):
    folder = request_of()
    folder.status.write_text(json.dumps({"state": "done"}))
    with acquire(folder.alive_lock):
        dismiss_addition(settings, "1")
    assert additions(settings) == []
