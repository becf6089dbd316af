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

from core.files.home import supervisor_lock
from core.files.locks import Lock, is_held
from core.jobs.processes import boot_id
from core.settings import Settings


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


def this_process() -> Owner:
    """This process as an owner."""
    return Owner(host=platform.node(), pid=os.getpid(), place=this_place(), since=time.time())


def note_owner(lock: Lock) -> None:
    """Write into the locked file of a home that this process holds it."""
    os.ftruncate(lock.descriptor, 0)
    with suppress(OSError):  # a full disk: then the file names nobody
        os.pwrite(lock.descriptor, json.dumps(asdict(this_process())).encode(), 0)


def noted_owner(path: os.PathLike) -> Owner | None:
    """Who has written into a lock's file; None when nobody has, or it is torn."""
    try:
        with open(path, "rb") as file:
            return Owner(**json.loads(file.read()))
    except (OSError, ValueError, TypeError):  # none, torn, or of a version that wrote none
        return None


def owner_elsewhere(settings: Settings, pid: int) -> Owner | None:
    """The supervisor of another machine or container that has the lock of this home; None when there is none.

    Args:
        pid: the process that the state file of the home names. The note in the lock may be older than its holder; with
            the same process in both files it is not.
    """
    path = supervisor_lock(settings)
    owner = noted_owner(path)
    # Nothing is asked of the lock when its note is of this place: that would disturb those who take it.
    return owner if owner and owner.pid == pid and owner.place != this_place() and is_held(path) else None


def this_place() -> str:
    """Boot of the machine and namespace of process ids, within which a process id means one process."""
    return f"{boot_id()} {os.readlink('/proc/self/ns/pid')}"
