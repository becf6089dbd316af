"""The attempt and process that hold the ``alive.lock`` of a run.

The supervisor locks it and the trainer and its children inherit it, so it stays locked as long as one of them runs.
The file names the attempt and its main process.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from core.files.locks import Lock, is_open_as
from core.jobs.processes import Identity, leads_session, processes_that_hold


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The attempt that holds the lock, and its leading process; None for what is not known."""

    attempt: int | None
    process: Identity | None


def note_holder(lock: Lock, attempt: int, process: Identity | None = None) -> None:
    """Write into the locked file who holds it."""
    data = {"attempt": attempt, "process": process.to_dict() if process else None}
    os.ftruncate(lock.descriptor, 0)
    os.pwrite(lock.descriptor, json.dumps(data).encode(), 0)


def read_holder(path: Path) -> Holder:
    """Who holds the lock, from the note, or from the locks of all processes when the note was never finished."""
    try:
        data = json.loads(path.read_bytes())
        attempt, process = int(data["attempt"]), Identity.from_dict(data["process"])
    except (OSError, ValueError, KeyError, TypeError):
        attempt, process = None, None
    return Holder(attempt=attempt, process=process or leader(path))


def leader(path: Path) -> Identity | None:
    """The process that leads the session of those that hold this lock."""
    return next((process for process in processes_that_hold(path) if leads_session(process)), None)


def own_descriptors(path: Path) -> list[int]:
    """The descriptors by which this process itself has the file open, inherited ones included."""
    return [number for number in map(int, os.listdir("/proc/self/fd")) if is_open_as(path, number)]
