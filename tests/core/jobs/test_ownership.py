"""Which machine or container has a home: told by the note in its lock, never by a process id alone."""

import json
import os
import time

import pytest

from core import jobs
from core.errors import Conflict
from core.files.home import supervisor_lock, supervisor_state
from core.files.locks import try_acquire
from core.jobs.ownership import Owner, note_owner, noted_owner, owner_elsewhere
from core.jobs.protocol import code_version, write_state


@pytest.fixture
def elsewhere(home):
    """The home is that of a supervisor of another container, whose process id is none of this one."""
    with try_acquire(supervisor_lock(home.settings)) as lock:
        note_owner(lock)
        write_state(home.settings, code_version(), ["Its GPU"])
        path, state = supervisor_lock(home.settings), supervisor_state(home.settings)
        there = {"host": "web-2", "place": "this boot, another namespace"}
        path.write_text(json.dumps(json.loads(path.read_text()) | there))
        content = json.loads(state.read_text())
        content["process"]["started"] += 1  # what has this id here is another process
        state.write_text(json.dumps(content))
        yield


def test_a_supervisor_notes_who_it_is(home):
    status = jobs.ensure_supervisor(home.settings)
    owner = noted_owner(supervisor_lock(home.settings))
    assert (owner.pid, owner.host) == (status.process.pid, os.uname().nodename)
    assert abs(owner.since - time.time()) < 60
    assert owner_elsewhere(home.settings, owner.pid) is None  # it is of this place
    assert not status.elsewhere


def test_the_supervisor_of_another_container_is_the_one_of_this_home(home, elsewhere):
    started = time.monotonic()
    for status in (jobs.supervisor_status(home.settings), jobs.ensure_supervisor(home.settings)):
        assert status.running and status.process is None and status.slots == ("Its GPU",)
        assert status.elsewhere.startswith(f"process {os.getpid()} of 'web-2', since 20")
    assert not jobs.was_killed(home.settings)
    for now in (False, True):
        with pytest.raises(Conflict, match=rf"is process {os.getpid()} of 'web-2', since 20.* Stop it there"):
            jobs.stop_supervisor(home.settings, now=now)
    assert time.monotonic() - started < 5


def test_another_version_of_it_is_left_alone(home, elsewhere):
    state = supervisor_state(home.settings)
    state.write_text(json.dumps(json.loads(state.read_text()) | {"version": "older"}))
    assert jobs.ensure_supervisor(home.settings).elsewhere


def test_a_home_whose_other_supervisor_has_ended_gets_one_here(home, elsewhere):
    supervisor_lock(home.settings).unlink()  # nobody holds the lock of that name any more
    assert not jobs.supervisor_status(home.settings).running
    assert jobs.was_killed(home.settings)
    assert jobs.ensure_supervisor(home.settings).process


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_without_a_note_names_nobody(home, text):
    with try_acquire(supervisor_lock(home.settings)):
        supervisor_lock(home.settings).write_text(text)
        assert noted_owner(supervisor_lock(home.settings)) is None
        assert owner_elsewhere(home.settings, 1) is None


def test_a_note_of_another_process_than_the_state_file_names_is_not_believed(home, elsewhere):
    """Who has just taken the lock has not written its own note yet."""
    assert isinstance(owner_elsewhere(home.settings, os.getpid()), Owner)
    assert owner_elsewhere(home.settings, os.getpid() + 1) is None
