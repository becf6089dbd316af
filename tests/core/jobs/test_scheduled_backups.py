"""The supervisor starts backups in processes of their own."""

import sys
from dataclasses import replace

import pytest

from core import jobs
from core.backups.schedule import state_of
from core.backups.store import BackupFolder
from core.jobs import scheduled_backups
from core.jobs.scheduled_backups import ScheduledBackups
from tests.jobs_home import eventually


@pytest.fixture
def backups(settings, registry, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduled_backups, "LOOK_SECONDS", 0.0)
    return ScheduledBackups(replace(settings, backup=tmp_path / "backups"), registry)


def ended(backups: ScheduledBackups) -> bool:
    backups.round()
    return backups._process is None


def test_one_is_started_when_it_is_due_and_no_second_one_meanwhile(backups, registry, tmp_path):
    backups.round()
    first = backups._process
    backups.round()
    assert first is not None and backups._process in (first, None)
    eventually(lambda: ended(backups))
    assert len(BackupFolder.open(tmp_path / "backups").snapshots()) == 1
    backups.round()
    assert backups._process is None, "the next one is due in a day"


def test_one_that_was_killed_is_a_failure_that_is_told(backups, registry, monkeypatch):
    code = "import os; print('it began', flush=True); os.kill(os.getpid(), 9)"
    monkeypatch.setattr(scheduled_backups, "_COMMAND", [sys.executable, "-c", code])
    backups.round()
    eventually(lambda: ended(backups))
    state = state_of(backups._settings, registry)
    assert state.error == "Its process ended with exit code -9 (it began)."


def test_without_the_setting_nothing_is_looked_at(settings):
    ScheduledBackups(settings, None).round()


def test_a_supervisor_makes_one(home, tmp_path):
    settings = replace(home.settings, backup=tmp_path / "backups")
    jobs.ensure_supervisor(settings)
    eventually(lambda: state_of(settings, home.registry).made_at)
    assert BackupFolder.open(tmp_path / "backups").snapshot().parts == ("models", "datasets")
