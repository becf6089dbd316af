"""The identity of a process, whether it is running, and signals that reach no other process.

A process id is not enough: the kernel uses it again. An identity is the id, the start time and the boot.
"""

import os
import re
import signal
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One process of one boot.

    Args:
        pid: its id; also that of its group and session, which trainers and supervisors lead.
        started: clock ticks from boot to its start, field 22 of ``/proc/<pid>/stat``.
        boot: the kernel's ``boot_id``.
    """

    pid: int
    started: int
    boot: str

    def __str__(self) -> str:
        return f"process {self.pid}"

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict | None) -> "Identity | None":
        """None when ``data`` is no identity: a file may be torn."""
        try:
            return cls(pid=int(data["pid"]), started=int(data["started"]), boot=str(data["boot"])) if data else None
        except (KeyError, TypeError, ValueError):
            return None


@cache
def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def identity_of(pid: int) -> Identity | None:
    """The process that has this id now; None when there is none, or a zombie."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in ("Z", "X") else _identity(pid, fields)


def identity_of_child(pid: int) -> Identity | None:
    """A child of this process that was not reaped yet, even when it has ended."""
    fields = _stat(pid)
    return None if fields is None else _identity(pid, fields)


def _identity(pid: int, fields: list[str]) -> Identity:
    return Identity(pid=pid, started=int(fields[19]), boot=boot_id())


def is_alive(identity: Identity) -> bool:
    return identity_of(identity.pid) == identity


def signal_process(identity: Identity, number: signal.Signals) -> bool:
    """Signal this process; False when it is gone."""
    return is_alive(identity) and _send(os.kill, identity.pid, number)


def signal_group(identity: Identity, number: signal.Signals) -> bool:
    """Signal the group that this process leads; False when it is gone."""
    return is_alive(identity) and _send(os.killpg, identity.pid, number)


def kill_group_of_child(pid: int) -> None:
    """SIGKILL the group of a child that has ended and was not reaped yet; until then its id is its own."""
    _send(os.killpg, pid, signal.SIGKILL)


def processes_that_hold(path: Path) -> list[Identity]:
    """This user's other processes that have, or inherited, the exclusive lock of this very file.

    A process that only asks whether it is locked has it open for a moment too, and is not among them.
    """
    try:
        wanted = path.stat()
    except OSError:
        return []
    holders = (identity_of(pid) for pid in _pids() if pid != os.getpid() and _holds(pid, wanted))
    return [identity for identity in holders if identity]


def leads_session(identity: Identity) -> bool:
    fields = _stat(identity.pid)
    return fields is not None and int(fields[3]) == identity.pid


def members(leader: Identity) -> list[int]:
    """The process with its session and all of its descendants; empty when it is gone or not of this machine."""
    if not is_alive(leader):
        return []
    fields = {pid: stat for pid in _pids() if (stat := _stat(pid)) is not None}
    found = {leader.pid} | {pid for pid, stat in fields.items() if int(stat[3]) == leader.pid}
    while more := {pid for pid, stat in fields.items() if int(stat[1]) in found} - found:
        found |= more
    return sorted(found)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that these processes and their children that have ended have used; 0.0 of those that are gone."""
    ticks = sum(int(field) for pid in pids if (stat := _stat(pid)) is not None for field in stat[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_bytes(pids: Iterable[int]) -> int:
    """Main memory of these processes together; what several share counts once where the kernel says so."""
    return sum(_proportional_bytes(pid) for pid in pids)


def resident_bytes(pids: Iterable[int]) -> int:
    """As ``memory_bytes``, with what several share counted in each: never less, and much cheaper to read."""
    return sum(_resident_bytes(pid) for pid in pids)


def _proportional_bytes(pid: int) -> int:
    try:
        found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:  # of another user, gone, or a kernel that does not tell
        found = None
    return int(found[1]) * 1024 if found else _resident_bytes(pid)


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):  # gone
        return 0


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _holds(pid: int, wanted: os.stat_result) -> bool:
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            return any(_is_locked(pid, entry.name) for entry in entries if _is_file(entry, wanted))
    except OSError:  # gone, or of another user
        return False


def _is_locked(pid: int, descriptor: str) -> bool:
    """Whether the lock was taken through this descriptor or the one that it was inherited from (proc_pid_fdinfo(5))."""
    return bool(re.search(r"^lock:.* FLOCK .* WRITE ", Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text(), re.M))


def _is_file(entry: os.DirEntry, wanted: os.stat_result) -> bool:
    try:
        found = entry.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)


def _stat(pid: int) -> list[str] | None:
    """Fields of ``/proc/<pid>/stat`` after the name, which may contain blanks and brackets; the first is the state."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _send(send: Callable[[int, int], None], target: int, number: signal.Signals) -> bool:
    try:
        send(target, number)
    except (ProcessLookupError, PermissionError):  # gone, or of another user
        return False
    return True
