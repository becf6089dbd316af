"""Which machine or container a supervisor belongs to: a home that several of them share has one supervisor.

The lock of the home works between containers of one machine (and over NFS), process ids do not: the id in
``supervisor.json`` is one of the other container, where this one sees no process. So the lock's file says where its
holder is, and a process of another place is never taken for dead.
"""

import json
import os
import platform
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime

from core.errors import Conflict
from core.files.home import supervisor_lock
from core.files.locks import Lock, is_held
from core.jobs.processes import boot_id
from core.settings import Settings

_DOUBT = 0.3
"""Seconds after which a note is read again: the file of a lock that was just taken still has the note before."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The process that holds the lock of a home.

    Args:
        host: name of its machine or container.
        pid: its id, which only has a meaning there.
        place: boot of the machine and namespace of process ids; differs between containers.
        since: seconds since 1970, UTC.
    """

    host: str
    pid: int
    place: str
    since: float

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since).strftime("%Y-%m-%d %H:%M")
        return f"process {self.pid} of {self.host!r}, since {since}"


def note_owner(lock: Lock) -> None:
    """Write into the locked file of a home that this process holds it."""
    owner = Owner(host=platform.node(), pid=os.getpid(), place=_place(), since=time.time())
    os.ftruncate(lock.descriptor, 0)
    with suppress(OSError):  # a full disk: then the file names nobody
        os.pwrite(lock.descriptor, json.dumps(asdict(owner)).encode(), 0)


def foreign_owner(settings: Settings) -> Owner | None:
    """The supervisor of another machine or container that has this home, if there is one."""
    owner = _held_elsewhere(settings)
    if owner is not None:
        time.sleep(_DOUBT)
    return owner if owner is not None and _held_elsewhere(settings) == owner else None


def refuse_foreign_home(settings: Settings) -> None:
    """Nothing when the home is free or has a supervisor of this place.

    Raises:
        Conflict: another machine or container has it.
    """
    owner = foreign_owner(settings)
    if owner is not None:
        raise Conflict(
            f"Another Graft uses the home {settings.home} already: {owner}. Two of them on one home are refused. Stop "
            "that one (there: python -m core stop), or set GRAFT_HOME to another folder."
        )


def _held_elsewhere(settings: Settings) -> Owner | None:
    """Nothing is asked of the lock as long as its note is of this place: that would disturb those who take it."""
    path = supervisor_lock(settings)
    try:
        owner = Owner(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):  # none, torn, or of a version that wrote none
        return None
    return owner if owner.place != _place() and is_held(path) else None


def _place() -> str:
    return f"{boot_id()} {os.readlink('/proc/self/ns/pid')}"
