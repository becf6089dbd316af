"""Scheduled backups: when they are due, and that everybody can see how they went."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from core.backups.schedule import BackupState, is_due, note_failure, problem_of, run_scheduled, state_of
from core.backups.store import BackupFolder
from core.settings import REPOSITORY

HOUR = 3600.0


@pytest.fixture
def scheduled(bench, filled, backups):
    return replace(bench.settings, backup=backups, backup_keep=2)


@pytest.mark.parametrize(
    ("made", "tried", "due"),
    [
        (None, None, True),
        (0.0, 0.0, True),
        (76 * HOUR, 76 * HOUR, True),
        (77 * HOUR, 77 * HOUR, False),
        (0.0, 99.5 * HOUR, False),  # it failed half an hour ago
        (0.0, 98.9 * HOUR, True),
        (None, 99.5 * HOUR, False),
        (200 * HOUR, 200 * HOUR, True),  # by a clock that was wrong
    ],
)
def test_it_is_due_after_its_interval_and_an_hour_after_a_failure(scheduled, made, tried, due):
    state = BackupState(folder="/backups", made_at=made, tried_at=tried)
    assert is_due(scheduled, state, 100 * HOUR) is due


def test_a_short_interval_is_kept_after_a_failure_too(scheduled):
    often = replace(scheduled, backup_hours=0.1)
    assert is_due(often, BackupState(folder="/backups", tried_at=99.8 * HOUR), 100 * HOUR)


def test_one_is_made_with_all_parts_and_recorded(scheduled, bench, backups):
    for _ in range(3):
        assert run_scheduled(scheduled, bench.registry)
    state, snapshots = state_of(scheduled, bench.registry), BackupFolder.open(backups).snapshots()
    assert len(snapshots) == 2 and snapshots[0].parts == ("models", "datasets")
    assert (state.snapshot, state.made_at) == (snapshots[0].id, snapshots[0].created_at)
    assert state.tried_at >= state.made_at and state.size_bytes == snapshots[0].size_bytes
    assert problem_of(scheduled, state) == "" and not is_due(scheduled, state, state.tried_at)
    entry = next(one for one in bench.registry.log_entries() if one.action == "backup")
    assert entry.who == "server"


def test_a_failure_is_recorded_with_its_reason_and_a_later_success_ends_it(scheduled, bench, backups):
    backups.write_text("in its place")
    assert not run_scheduled(scheduled, bench.registry)
    state = state_of(scheduled, bench.registry)
    assert "is a file. Name another one" in state.error and state.made_at is None
    assert problem_of(scheduled, state).startswith(f"The last backup into {backups} failed, and there is none yet. ")
    entry = bench.registry.log_entries(limit=1)[0]
    assert (entry.action, entry.detail["error"], entry.who) == ("backup_failed", state.error, "server")
    backups.unlink()
    assert run_scheduled(scheduled, bench.registry)
    assert problem_of(scheduled, state_of(scheduled, bench.registry)) == ""


def test_a_person_who_makes_one_now_is_no_failure(scheduled, bench, backups):
    run_scheduled(scheduled, bench.registry)
    with BackupFolder.open(backups).locked():
        assert not run_scheduled(scheduled, bench.registry)
    assert problem_of(scheduled, state_of(scheduled, bench.registry)) == ""


def test_what_is_too_old_or_damaged_is_told(scheduled):
    state = BackupState(folder="/backups", made_at=1.0)
    assert "/backups is " in problem_of(scheduled, state) and "no supervisor" in problem_of(scheduled, state)
    young = replace(scheduled, backup_hours=10**7)
    assert problem_of(young, state) == ""
    assert problem_of(young, replace(state, warning="One is altered.")).endswith(
        "not deleted any more. One is altered."
    )


def test_another_folder_begins_anew_and_none_has_no_state(scheduled, bench, tmp_path):
    run_scheduled(scheduled, bench.registry)
    other = replace(scheduled, backup=tmp_path / "other")
    assert state_of(other, bench.registry) == BackupState(folder=str(tmp_path / "other"))
    assert state_of(bench.settings, bench.registry) is None
    note_failure(bench.settings, bench.registry, "not scheduled")
    assert bench.registry.log_entries(limit=1)[0].action != "backup_failed"


def test_the_process_makes_one(scheduled, bench, backups):
    argv = [sys.executable, "-m", "core.backups.schedule"]
    done = subprocess.run(argv, cwd=REPOSITORY, env=os.environ | scheduled.variables(), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "The backup was made.\n"), done.stderr
    assert state_of(scheduled, bench.registry).snapshot == BackupFolder.open(backups).snapshot().id
