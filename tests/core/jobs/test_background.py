"""The status of a job whose process is gone; processes themselves are tested with imports and additions."""

import subprocess

import pytest

from core.errors import Cancelled, Forbidden, NotFound
from core.files.folders import JobFolder
from core.files.home import addition_folder, import_folder
from core.files.locks import acquire
from core.jobs.background import last_status, start_process, status_after, why_it_ended
from core.people.acting import VARIABLE, Person, Role, acting_as


@pytest.fixture
def folder(tmp_path) -> JobFolder:
    path = tmp_path / "import-12ab"
    path.mkdir()
    return JobFolder(path)


def test_the_id_is_what_the_folder_was_made_with(settings):
    assert import_folder(settings, "12ab").job_id == addition_folder(settings, "12ab").job_id == "12ab"


@pytest.mark.parametrize("written", [None, "", '{"state": "do'])
def test_a_status_that_is_missing_or_torn_is_that_of_a_job_that_runs(folder, written):
    if written is not None:
        folder.status.write_text(written)
    assert last_status(folder) == {"state": "running"}


def test_the_last_status_is_read_as_it_was_written(folder):
    folder.status.write_text('{"state": "done", "dataset_id": "d-1"}')
    assert last_status(folder) == {"state": "done", "dataset_id": "d-1"}


def test_a_killed_job_may_be_started_again_and_an_error_is_reported(folder):
    assert why_it_ended(folder, "import") == (
        "The import was killed before it was done; nothing was added. Start it again."
    )
    folder.log.write_text("Traceback (most recent call last):\n  ...\nKeyError: 'source'\n")
    assert why_it_ended(folder, "addition", ", perhaps so") == (
        "An error in Graft ended the addition (KeyError: 'source'); nothing was added. Please report it."
    )


def test_a_viewer_starts_no_process(settings, monkeypatch):
    folder = import_folder(settings, "0" * 8)
    folder.path.mkdir(parents=True)
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **options: pytest.fail("it was started"))
    with (
        acquire(folder.alive_lock) as alive,
        acting_as(Person(name="vera", role=Role.VIEWER)),
        pytest.raises(Forbidden, match="needs the role trainer"),
    ):
        start_process("core.jobs.background_imports", folder, settings, alive)


def test_a_process_acts_as_whoever_started_it(settings, monkeypatch):
    folder = import_folder(settings, "0" * 8)
    folder.path.mkdir(parents=True)
    started = []
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **options: started.append(options["env"]))
    with acquire(folder.alive_lock) as alive:
        with acting_as(Person(name="tom", role=Role.TRAINER)):
            start_process("core.jobs.background_imports", folder, settings, alive)
        start_process("core.jobs.background_imports", folder, settings, alive)
    assert [environment[VARIABLE] for environment in started] == ["tom", ""]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, {"state": "ready"}),
        (Cancelled("The check was cancelled."), {"state": "cancelled", "message": "The check was cancelled."}),
        (NotFound("No dataset."), {"state": "failed", "message": "No dataset."}),
        (OSError(5, "I/O error"), {"state": "failed", "message": "The photos could not be read: I/O error."}),
    ],
)
def test_the_last_status_says_how_the_work_ended(error, status):
    def work():
        if error is not None:
            raise error

    assert status_after(work) == status
