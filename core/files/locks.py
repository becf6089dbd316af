"""Locks between processes: ``flock`` on a file or folder, which the kernel drops with the last process that holds it.

A lock belongs to the open file, so a child that inherits the descriptor keeps it held after its parent has ended.
Lock files are never removed: a process that waits for the old file and one that opens the new one would both hold it.
"""

import fcntl
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path

_RETRY_SECONDS = 0.02
_POLL_SECONDS = 0.2


class Lock:
    """A lock that is held until ``release``, the end of a ``with`` block, or the death of all processes that have it.

    Args:
        descriptor: of the open file; owned by this object, which closes it when it is released or garbage-collected.
    """

    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self._close = weakref.finalize(self, os.close, descriptor)
        self._close.atexit = False  # held to the very end of the process

    def __enter__(self) -> "Lock":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.release()

    def release(self) -> None:
        """Close the file. The lock stays held by children that have inherited the descriptor."""
        self._close()

    def detach(self) -> int:
        """The descriptor, which is the caller's to close from now on."""
        self._close.detach()
        return self.descriptor

    def protects(self, path: Path) -> bool:
        """False when the file was removed or replaced after it was opened: then others can lock the new one."""
        return is_open_as(path, self.descriptor)


def acquire(path: Path, *, shared: bool = False, waiting: Callable[[], None] | None = None) -> Lock:
    """Wait for a lock.

    Args:
        path: of the lock file, which is created with its folder when it is missing.
        shared: with other shared locks, but with no exclusive one.
        waiting: called every 0.2 seconds until the lock is free; it may raise to stop waiting.
    """
    if waiting is None:
        lock = Lock(_open(path))
        fcntl.flock(lock.descriptor, _kind(shared))
        return lock
    while (found := try_acquire(path, shared=shared)) is None:
        waiting()
        time.sleep(_POLL_SECONDS)
    return found


def try_acquire(path: Path, *, shared: bool = False, patience: float = 0.0, create: bool = True) -> Lock | None:
    """A lock, or None when another process has it.

    Args:
        path: of the lock file; without ``create`` of a file or folder that exists.
        patience: seconds to try for.

    Raises:
        FileNotFoundError: there is no such file, and ``create`` is False.
    """
    deadline = time.monotonic() + patience
    lock = Lock(_open(path) if create else os.open(path, os.O_RDONLY))
    while not _try(lock.descriptor, _kind(shared)):
        if time.monotonic() >= deadline:
            lock.release()
            return None
        time.sleep(_RETRY_SECONDS)
    return lock


def is_held(path: Path) -> bool:
    """Whether any process holds it. Asked with a shared lock, so that two who ask at once do not see each other."""
    try:
        lock = try_acquire(path, shared=True, create=False)
    except FileNotFoundError:
        return False
    if lock is None:
        return True
    lock.release()
    return False


def is_open_as(path: Path, descriptor: int) -> bool:
    """Whether ``descriptor`` has the file open that is now at ``path``."""
    try:
        found, opened = path.stat(), os.fstat(descriptor)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def _kind(shared: bool) -> int:
    return fcntl.LOCK_SH if shared else fcntl.LOCK_EX


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
