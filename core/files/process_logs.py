"""Logs of processes in the background, which write into them by their standard output and error.

A process has the file open and writes on whatever anybody does to its name, so a log is not moved: beyond the limit its
end is copied to the first generation (``log.1.txt`` of ``log.txt``) and the file is emptied in place. That needs a
descriptor that appends. A process watches its own log, once a second: so it needs no supervisor, and its children and
libraries written in C, which have the same file, are counted. Lines that are written between copying and emptying are
lost. Logs of runs are cut by the supervisor instead (``core.jobs.logs``), because a run has one log over all attempts.
"""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from core.settings import Settings, load_settings

VARIABLE = "GRAFT_OWN_LOG"
"""Path of the log that a process writes into, in the environment it is started with."""
LOOK_SECONDS = 1.0
_PART_BYTES = 2**18
_DAY = 24 * 3600.0


def begin_log(path: Path, settings: Settings) -> int:
    """Puts the log of the process before away as a generation, and opens an empty one.

    Returns: a descriptor that always writes at the end; the caller closes it.
    """
    with suppress(OSError):
        if path.stat().st_size:
            _make_room(path, settings)
            if settings.log_keep:
                path.replace(_generation(path, 1))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o644)


def limit_log(path: Path, settings: Settings) -> bool:
    """Empties a log that is longer than the limit; its end, as long as the limit, becomes a generation.

    On a full disk the end is lost rather than the disk kept full.
    """
    limit = settings.log_limit_bytes
    try:
        size = path.stat().st_size
    except OSError:
        return False
    if not limit or size <= limit:
        return False
    _make_room(path, settings)
    if settings.log_keep:
        _copy_end(path, _generation(path, 1), limit)
    with suppress(OSError):
        os.truncate(path, 0)
    return True


def watch_own_log() -> None:
    """Limits the log of this process from now on, in a thread; nothing where it was started without one."""
    path = os.environ.get(VARIABLE, "")
    if path:
        settings = load_settings()
        threading.Thread(target=_watch, args=(Path(path), settings), name="own log", daemon=True).start()


def _watch(path: Path, settings: Settings) -> None:
    while True:
        limit_log(path, settings)
        time.sleep(LOOK_SECONDS)


def expire_logs(path: Path, settings: Settings) -> None:
    """Deletes the generations of a log that are older than ``log_days``, and those beyond ``log_keep``."""
    oldest = time.time() - settings.log_days * _DAY if settings.log_days else 0.0
    for found in generations(path):
        with suppress(OSError):
            if _number(path, found) > settings.log_keep or found.stat().st_mtime < oldest:
                found.unlink()


def generations(path: Path) -> list[Path]:
    """The earlier parts of a log that are there, the newest first."""
    found = [one for one in path.parent.glob(f"{path.stem}.*{path.suffix}") if _number(path, one)]
    return sorted(found, key=lambda one: _number(path, one))


def _make_room(path: Path, settings: Settings) -> None:
    """Renames every generation to the next one; then there is no first."""
    expire_logs(path, settings)
    for found in reversed(generations(path)):
        number = _number(path, found) + 1
        with suppress(OSError):
            if number > settings.log_keep:
                found.unlink()
            else:
                found.replace(_generation(path, number))


def _copy_end(path: Path, target: Path, most: int) -> None:
    try:
        with path.open("rb") as source, target.open("wb") as copy:
            source.seek(max(0, source.seek(0, os.SEEK_END) - most))
            left = most  # not to its end, which a writer may move on faster than it is copied
            while left and (part := source.read(min(left, _PART_BYTES))):
                copy.write(part)
                left -= len(part)
    except OSError:
        with suppress(OSError):
            target.unlink(missing_ok=True)


def _generation(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}.{number}{path.suffix}")


def _number(path: Path, found: Path) -> int:
    """0 where it is no generation of this log."""
    middle = found.name.removeprefix(f"{path.stem}.").removesuffix(path.suffix)
    return int(middle) if middle.isascii() and middle.isdigit() else 0
