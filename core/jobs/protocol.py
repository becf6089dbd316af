"""What the supervisor and those who start, ask or stop it have in common: signals, replies, its state file, the code.

This module is light: no SQL, no TensorFlow.
"""

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.files import atomic
from core.files.home import supervisor_state
from core.files.room import low_space
from core.jobs.ownership import owner_elsewhere
from core.jobs.processes import Identity, identity_of, is_alive
from core.settings import REPOSITORY, Settings

STOP = signal.SIGTERM
"""Ends the supervisor; trainers continue."""
INTERRUPT = signal.SIGUSR1
"""Ends the supervisor and its trainers, whose runs go back into the queue."""
WAKE = signal.SIGUSR2
"""Makes the supervisor look at the queue at once."""

READY, ALREADY_RUNNING = "ready", "already running"
"""The reply of a new supervisor through its pipe; the latter when another one has this home."""

_CODE = (".py", ".json", ".csv")
"""Endings of files in ``core`` that decide what a trainer does: sources and the tables they read."""

Signature = tuple[tuple[str, int, int], ...]
"""Path, modification time (ns) and size of every file."""


@dataclass(frozen=True, kw_only=True)
class SupervisorStatus:
    """The supervisor of a home.

    Args:
        running: whether there is one. The other fields are only set when there is.
        process: its process.
        started_at: seconds since 1970, UTC.
        version: ``code_version()`` when it was started.
        is_current: whether that is the version of the code on the disk.
        slots: titles of the GPUs it uses, or of the CPU.
        elsewhere: who acts, when that is a supervisor of another machine or container; then ``process`` is one of
            this place that waits until that one has ended, or None.
    """

    running: bool
    process: Identity | None = None
    started_at: float | None = None
    version: str = ""
    is_current: bool = False
    slots: tuple[str, ...] = ()
    elsewhere: str = ""


def supervisor_status(settings: Settings) -> SupervisorStatus:
    """The supervisor of this home, as its state file describes it."""
    try:
        data = json.loads(supervisor_state(settings).read_bytes())
        process = Identity.from_dict(data["process"])
        started_at, version, slots = float(data["started_at"]), str(data["version"]), tuple(data["slots"])
        elsewhere = str(data.get("elsewhere", ""))
    except (OSError, ValueError, KeyError, TypeError):
        return SupervisorStatus(running=False)
    if process is not None and not is_alive(process):
        owner = owner_elsewhere(settings, process.pid)
        process, elsewhere = None, str(owner) if owner else ""
    if process is None and not elsewhere:
        return SupervisorStatus(running=False)
    return SupervisorStatus(
        running=True,
        elsewhere=elsewhere,
        process=process,
        started_at=started_at,
        version=version,
        is_current=version == code_version(),
        slots=slots,
    )


def why_paused(settings: Settings) -> str:
    """Why no waiting run starts although a slot may be free, as a sentence; "" while they start.

    The disk has so little space that a run would only fail. Machines of a cluster have disks of their own, and are not
    asked while theirs are full.
    """
    return "" if settings.launcher else low_space(settings)


def write_state(
    settings: Settings, version: str, slots: Sequence[str], started_at: float | None = None, elsewhere: str = ""
) -> None:
    """Write the state file of this process, by which others find it.

    Args:
        elsewhere: who acts while this process waits.
    """
    process = identity_of(os.getpid())
    data = {
        "process": process.to_dict() if process else None,
        "started_at": time.time() if started_at is None else started_at,
        "version": version,
        "slots": list(slots),
        "elsewhere": elsewhere,
    }
    atomic.write_json(supervisor_state(settings), data, durable=False)  # no process survives a power cut


def code_version() -> str:
    """A digest of the code on the disk: all sources of ``core`` and the tables they read.

    It decides whether a supervisor is replaced, and whether a trainer may train another run: a run that was planned by
    new code must not be trained by old code. Files are only read again when the time or size of one has changed.
    """
    return _digest(tuple(sorted(_files(str(REPOSITORY / "core")))))


@lru_cache(maxsize=1)
def _digest(files: Signature) -> str:
    digest = hashlib.sha256()
    for path, _, _ in files:
        with open(path, "rb") as file:
            digest.update(f"{os.path.relpath(path, REPOSITORY)}\0".encode() + hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:12]


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:  # a quarter of the time that pathlib takes
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            elif entry.name.endswith(_CODE):
                found = entry.stat()
                yield entry.path, found.st_mtime_ns, found.st_size
