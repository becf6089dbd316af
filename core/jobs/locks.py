"""Exclusive file locks as the sign of life: the kernel drops them at any kind of death.

``alive.lock`` of a run is locked by the supervisor and inherited by the trainer and its children, so it stays locked
as long as one of them lives. What is written inside says which attempt that is.
"""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from core.jobs.processes import Identity, leads_session, processes_with_open


def acquire(path: Path, patience: float = 0.0) -> int | None:
    """A descriptor that holds the exclusive lock, or None when another has it after ``patience`` seconds."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + patience
    while not _try_lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            os.close(descriptor)
            return None
        time.sleep(0.02)
    return descriptor


def is_held(path: Path) -> bool:
    """Whether anybody holds it. Asked with a shared lock, so that two who ask don't see each other."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_same_file(path: Path, descriptor: int) -> bool:
    """False when the file was removed or replaced after it was opened: the lock then protects nothing."""
    try:
        there = path.stat()
    except OSError:
        return False
    held = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def own_descriptors(path: Path) -> list[int]:
    """The descriptors by which this process itself has the file open, inherited ones included."""
    numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    return [number for number in numbers if _is_open(number) and is_same_file(path, number)]


def _is_open(descriptor: int) -> bool:
    """False for the descriptor by which the list itself was read."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a run's ``alive.lock``: the attempt, and its leading process when it is known."""

    attempt: int | None
    process: Identity | None


def note_holder(descriptor: int, attempt: int, process: Identity | None = None) -> None:
    """Write into the locked file who holds it."""
    data = {"attempt": attempt, "process": process.to_dict() if process else None}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(data).encode(), 0)


def holder(path: Path) -> Holder:
    """Who holds the lock, from the note, or from who has the file open when the note was never finished."""
    try:
        data = json.loads(path.read_bytes())
        attempt, process = int(data["attempt"]), Identity.from_dict(data["process"])
    except (OSError, ValueError, KeyError, TypeError):
        attempt, process = None, None
    return Holder(attempt=attempt, process=process or leader(path))


def leader(path: Path) -> Identity | None:
    """The process that leads those who have this file open."""
    return next((process for process in processes_with_open(path) if leads_session(process)), None)
