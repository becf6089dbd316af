"""Backups on a schedule (``GRAFT_BACKUP``): when the next one is due, how the last one went, and the process of one.

The supervisor that acts starts ``python -m core.backups.schedule`` (``core.jobs.scheduled_backups``). How it went is a
preference in the registry, so that every machine's pages and ``doctor`` can say it.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core.artifacts import bringing
from core.backups.making import make_backup
from core.backups.snapshots import BackupPart
from core.errors import Conflict, GraftError
from core.files.process_logs import watch_own_log
from core.people.acting import SERVER, acting_as
from core.registry import Registry
from core.settings import Settings, load_settings
from core.text.units import duration

_PREFERENCE = "scheduled_backup"
AGAIN_SECONDS = 3600.0
"""After a failure the next one is tried so much later."""
LATE = 2.0
"""A backup that is older than this many times its interval is too old."""
_NICENESS = 10
"""Training goes first."""


@dataclass(frozen=True, kw_only=True)
class BackupState:
    """How the scheduled backups into one folder went.

    Args:
        made_at: of the newest backup; None without one. tried_at: of the newest attempt. Seconds since 1970, UTC.
        snapshot, size_bytes, missing: of the newest backup; ``missing`` counts what the home did not have.
        error: why the newest attempt failed; "" where it did not. warning: why it deleted nothing older, if so.
    """

    folder: str
    made_at: float | None = None
    tried_at: float | None = None
    snapshot: str = ""
    size_bytes: int = 0
    missing: int = 0
    error: str = ""
    warning: str = ""

    def age(self, now: float | None = None) -> float | None:
        """Seconds since the newest backup; None without one."""
        return None if self.made_at is None else max(0.0, (time.time() if now is None else now) - self.made_at)


def state_of(settings: Settings, registry: Registry) -> BackupState | None:
    """None where nothing is scheduled."""
    if settings.backup is None:
        return None
    found = registry.preference(_PREFERENCE) or {}
    folder = str(settings.backup)
    return BackupState(**found) if found.get("folder") == folder else BackupState(folder=folder)


def problem_of(settings: Settings, state: BackupState) -> str:
    """One sentence on what is wrong; "" where the newest backup is young enough and nothing failed after it."""
    age = state.age()
    if state.error:
        last = "there is none yet" if age is None else f"the newest one is {duration(age)} old"
        return f"The last backup into {state.folder} failed, and {last}. {state.error}"
    if age is None:
        return ""  # the first one is being made, or is made as soon as a supervisor runs
    if age > LATE * 3600 * settings.backup_hours:
        return f"The newest backup in {state.folder} is {duration(age)} old: no supervisor has made one since."
    if state.warning:
        return f"Older backups in {state.folder} are not deleted any more. {state.warning}"
    return ""


def is_due(settings: Settings, state: BackupState, now: float) -> bool:
    """Whether the next one is to be started. A time in the future is of a clock that was wrong."""
    interval = 3600 * settings.backup_hours
    return _is_past(state.made_at, interval, now) and _is_past(state.tried_at, min(interval, AGAIN_SECONDS), now)


def _is_past(at: float | None, seconds: float, now: float) -> bool:
    return at is None or not 0 <= now - at < seconds


def note_failure(settings: Settings, registry: Registry, error: str) -> None:
    """Records why a backup was not made, also in the log of actions."""
    state = state_of(settings, registry)
    if state is not None:
        _note(registry, replace(state, tried_at=time.time(), error=error))
        with acting_as(SERVER):
            registry.log("backup_failed", {"folder": state.folder, "error": error})


def _note(registry: Registry, state: BackupState) -> None:
    with acting_as(SERVER):
        registry.set_preference(_PREFERENCE, asdict(state))


def run_scheduled(settings: Settings, registry: Registry, now: Callable[[], float] = time.time) -> bool:
    """One scheduled backup; whether it was made. How it went is recorded.

    Raises:
        GraftError, OSError: it could not even be recorded: the registry is away.
    """
    state = state_of(settings, registry)
    if state is None:
        return False
    _note(registry, replace(state, tried_at=now()))
    parts = tuple(map(BackupPart, settings.backup_parts))
    try:
        with acting_as(SERVER):
            made = make_backup(settings, registry, Path(state.folder), parts, settings.backup_keep)
    except Conflict:  # a person makes one
        return False
    except (GraftError, OSError) as error:
        note_failure(settings, registry, str(error))
        print(error, flush=True)
        return False
    snapshot = made.snapshot
    done = BackupState(
        folder=state.folder,
        made_at=snapshot.created_at,
        tried_at=now(),
        snapshot=snapshot.id,
        size_bytes=snapshot.size_bytes,
        missing=len(snapshot.missing),
        warning=made.problem,
    )
    _note(registry, done)
    return True


def main() -> None:
    """The process of one backup."""
    with suppress(OSError):
        os.nice(_NICENESS)
    bringing.install()
    watch_own_log()
    settings = load_settings()
    registry = Registry.of(settings)
    if run_scheduled(settings, registry):
        print("The backup was made.", flush=True)


if __name__ == "__main__":
    main()
