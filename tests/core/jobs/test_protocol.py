"""What the supervisor and its callers share: its state file, and the version of the code."""

import os
import shutil
from dataclasses import replace

import pytest

from core.files.home import supervisor_state
from core.jobs import protocol
from core.jobs.protocol import code_version, supervisor_status, write_state
from core.settings import REPOSITORY

PACKAGES = sorted(path.parent.name for path in (REPOSITORY / "core").glob("*/__init__.py"))


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The sources of another installation."""
    skip = shutil.ignore_patterns("__pycache__", "demo", "static")
    shutil.copytree(REPOSITORY / "core", tmp_path / "core", ignore=skip)
    monkeypatch.setattr(protocol, "REPOSITORY", tmp_path)
    return tmp_path / "core"


def test_the_state_file_names_this_process(settings):
    assert not supervisor_status(settings).running
    settings.home.mkdir(parents=True, exist_ok=True)
    write_state(settings, code_version(), ["CPU"], started_at=7.0)
    status = supervisor_status(settings)
    assert status.running and status.is_current
    assert (status.process.pid, status.started_at, status.slots) == (os.getpid(), 7.0, ("CPU",))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"process": null, "started_at": 1, "version": "", "slots": []}']
)
def test_a_torn_state_file_is_no_supervisor(settings, text):
    supervisor_state(settings).parent.mkdir(parents=True, exist_ok=True)
    supervisor_state(settings).write_text(text)
    assert not supervisor_status(settings).running


@pytest.mark.parametrize("package", PACKAGES)
def test_a_change_in_any_package_is_another_version(copy, package):
    before = code_version()
    assert code_version() == before
    with (copy / package / "__init__.py").open("a") as file:
        file.write("\n# changed")
    assert code_version() != before


@pytest.mark.parametrize(
    "name", ["errors.py", "new.py", "training/new.py", "backbones/catalogue.json", "backbones/new.csv"]
)
def test_a_changed_or_new_file_is_another_version(copy, name):
    before = code_version()
    with (copy / name).open("a") as file:
        file.write("\n")
    assert code_version() != before


def test_a_removed_or_renamed_file_is_another_version(copy):
    versions = [code_version()]
    (copy / "errors.py").rename(copy / "other.py")
    versions.append(code_version())
    (copy / "other.py").unlink()
    versions.append(code_version())
    assert len(set(versions)) == 3


def test_the_same_files_are_the_same_version_wherever_and_whenever_they_were_written(copy, monkeypatch):
    """Otherwise an installation that is copied, or a file that is saved unchanged, would replace the supervisor."""
    before = code_version()
    os.utime(copy / "errors.py", (1, 1))
    (copy / "jobs" / "__pycache__").mkdir()
    (copy / "jobs" / "__pycache__" / "control.py").touch()
    (copy / "web" / "notes.txt").touch()
    assert code_version() == before
    moved = copy.parent / "elsewhere"
    shutil.copytree(copy, moved / "core")
    monkeypatch.setattr(protocol, "REPOSITORY", moved)
    assert code_version() == before


def test_unchanged_files_are_not_read_again(copy, monkeypatch):
    before = code_version()
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("read again"))
    assert code_version() == before


def test_only_where_trainers_use_the_disk_of_the_home_little_space_pauses_the_queue(settings, monkeypatch):
    monkeypatch.setattr("core.jobs.protocol.low_space", lambda settings: "Waiting runs do not start.")
    assert protocol.why_paused(settings) == "Waiting runs do not start."
    assert protocol.why_paused(replace(settings, launcher="ray:http://head:8265")) == ""
