"""Who holds the lock of a run, from the note in the file or from the locks of the processes."""

import os
import subprocess

from core.files.locks import is_held, try_acquire
from core.jobs import processes
from core.jobs.holder import Holder, note_holder, own_descriptors, read_holder
from tests.jobs_home import eventually


def test_a_lock_is_held_by_the_child_that_inherited_it_until_it_ends(tmp_path):
    path = tmp_path / "alive.lock"
    held = try_acquire(path)
    child = subprocess.Popen(["sleep", "60"], pass_fds=(held.descriptor,), start_new_session=True)
    try:
        note_holder(held, 3)
        held.release()
        assert is_held(path)
        eventually(lambda: read_holder(path).process)
        assert read_holder(path) == Holder(attempt=3, process=processes.identity_of(child.pid))
    finally:
        child.kill()
        child.wait()
    assert not is_held(path)
    assert read_holder(path).process is None


def test_the_note_names_the_process_even_when_another_one_has_the_file_open(tmp_path):
    with try_acquire(tmp_path / "alive.lock") as lock:
        me = processes.identity_of(os.getpid())
        note_holder(lock, 12345, me)
        note_holder(lock, 2, me)  # a shorter note leaves nothing of the longer one
        assert read_holder(tmp_path / "alive.lock") == Holder(attempt=2, process=me)


def test_a_torn_or_missing_note_says_nothing(tmp_path):
    path = tmp_path / "alive.lock"
    assert read_holder(path) == Holder(attempt=None, process=None)
    path.write_text('{"attempt": 1, "pro')
    assert read_holder(path) == Holder(attempt=None, process=None)


def test_own_descriptors_are_those_of_this_very_file(tmp_path):
    path = tmp_path / "alive.lock"
    with try_acquire(path) as lock, try_acquire(tmp_path / "other.lock"):
        second = os.dup(lock.descriptor)
        assert sorted(own_descriptors(path)) == sorted([lock.descriptor, second])
        os.close(second)
    assert own_descriptors(path) == []
