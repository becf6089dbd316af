"""Locks between processes: one holder or several readers, dropped by the kernel when the last process has gone."""

import gc
import os
import subprocess
import threading

import pytest

from core.files.locks import acquire, is_held, is_open_as, try_acquire


@pytest.fixture
def path(tmp_path):
    return tmp_path / "locks" / "a.lock"  # in a folder that does not exist yet


def test_a_lock_has_one_holder_until_it_is_released(path):
    assert not is_held(path) and not path.exists()
    held = try_acquire(path)
    assert is_held(path) and try_acquire(path) is None and try_acquire(path, shared=True) is None
    held.release()
    held.release()  # releasing twice does nothing
    assert not is_held(path)


def test_a_lock_is_released_at_the_end_of_its_block_and_with_its_object(path):
    with pytest.raises(KeyboardInterrupt), acquire(path):
        assert is_held(path)
        raise KeyboardInterrupt
    assert not is_held(path)
    lock = acquire(path)
    del lock
    gc.collect()
    assert not is_held(path)


def test_a_detached_descriptor_keeps_the_lock_without_its_object(path):
    descriptor = acquire(path).detach()
    gc.collect()
    assert is_held(path)
    os.close(descriptor)
    assert not is_held(path)


def test_readers_share_a_lock_and_keep_a_writer_out(path):
    with try_acquire(path, shared=True), try_acquire(path, shared=True) as second:
        assert try_acquire(path) is None
        second.release()
        assert try_acquire(path) is None
    assert try_acquire(path) is not None


def test_two_who_ask_at_once_do_not_see_each_other(path):
    acquire(path).release()
    with try_acquire(path, shared=True):  # as ``is_held`` asks
        assert not is_held(path)


def test_a_child_that_inherited_the_descriptor_keeps_the_lock(path):
    held = try_acquire(path)
    child = subprocess.Popen(["sleep", "60"], pass_fds=(held.descriptor,))
    try:
        held.release()
        assert is_held(path)
    finally:
        child.kill()
        child.wait()
    assert not is_held(path)


def test_other_children_do_not_inherit_it(path):
    held = try_acquire(path)
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        held.release()
        assert not is_held(path)
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("waiting", [None, lambda: None])
@pytest.mark.parametrize("shared", [False, True])
def test_whoever_waits_gets_the_lock_when_it_is_released(path, waiting, shared):
    held, got = acquire(path), threading.Event()
    waiter = threading.Thread(target=lambda: (acquire(path, shared=shared, waiting=waiting), got.set()))
    waiter.start()
    assert not got.wait(0.05)
    held.release()
    assert got.wait(30)
    waiter.join()


def test_waiting_is_stopped_by_what_its_callback_raises(path):
    def stop():
        raise KeyboardInterrupt

    with acquire(path), pytest.raises(KeyboardInterrupt):
        acquire(path, shared=True, waiting=stop)
    assert not is_held(path)


def test_patience_outlasts_a_short_holder(path):
    held = acquire(path)
    threading.Timer(0.05, held.release).start()
    assert try_acquire(path, patience=30.0) is not None


def test_a_lock_file_that_was_replaced_protects_nothing(path):
    with acquire(path) as held:
        assert held.protects(path)
        path.unlink()
        assert not held.protects(path)
        path.touch()
        assert not held.protects(path)
    assert not is_open_as(path, held.descriptor)


def test_a_folder_can_be_locked_and_is_not_created(tmp_path):
    with try_acquire(tmp_path, create=False):
        assert try_acquire(tmp_path, create=False) is None and is_held(tmp_path)
    with pytest.raises(FileNotFoundError):
        try_acquire(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()
