"""Opening a registry: which schema it has, and the way to the current one.

A registry that is current is recognised by one read, without importing Alembic. Everything else happens under a
file lock, so that of several processes that start together one migrates and the others wait. All steps of a
migration are one transaction: killed in the middle, the file is as it was.
"""

import os
import time
from contextlib import closing
from pathlib import Path

from core.errors import Unavailable
from core.files.locks import acquire
from core.registry.migrating import MIGRATIONS, check_revision, migrate, what_home_has
from core.registry.schema import HEAD
from core.registry.sqlite_connection import connect, copy_to, new_engine, readable_errors


def bring_up_to_date(path: Path, *, migrations: Path = MIGRATIONS, head: str = HEAD, anew: bool = False) -> None:
    """Leaves a registry of revision ``head`` in WAL mode at ``path``.

    Args:
        anew: begin a new one also where there are folders of runs or datasets without one.

    Raises:
        Unavailable: it is damaged, read-only, of a newer Graft, no registry at all, or was lost.
    """
    _check_access(path)
    with readable_errors(path):
        if not anew and _is_empty(path):  # before SQLite opens it, and deletes a log that was left beside it
            _refuse_to_begin_anew(path)
        if _state(path) == (head, "wal"):
            return
        with acquire(_lock_file(path)):
            revision, _ = _state(path)
            if revision is None and not anew:
                _refuse_to_begin_anew(path)
            check_revision(str(path), revision, head)
            if revision != head:
                _upgrade(path, revision, migrations)
            with closing(connect(path)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")


def _check_access(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The folder {path.parent} cannot be made: {error.strerror}. Choose another home.") from error
    for place in (path.parent, path, _lock_file(path)):
        if place.exists() and not os.access(place, os.W_OK):
            raise Unavailable(
                f"The registry {path} cannot be written: {place} is read-only. Give this user the right to write to it."
            )


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _refuse_to_begin_anew(path: Path) -> None:
    """Runs that are not in the registry would be lost without a word."""
    there = what_home_has(path.parent)
    if not there:
        return
    state = "empty" if path.exists() else "missing"
    backups = sorted(path.parent.glob(f"{path.stem}-schema-*.db"), key=lambda backup: backup.stat().st_mtime)
    newest = f" (the newest one here is {backups[-1].name})" if backups else ""
    raise Unavailable(
        f"The registry {path} is {state}, but the home has {there}. Nothing was changed. Put a backup in "
        f"its place{newest}, or run: python -m core doctor --rebuild (it registers the datasets again and puts the "
        "folders of the runs aside)."
    )


def _state(path: Path) -> tuple[str | None, str]:
    """(revision, journal mode) of the file; the revision is None for a new or empty one."""
    if not path.exists():
        return None, ""
    with closing(connect(path)) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" in tables:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return (row[0] if row else None), mode
    if tables:
        raise Unavailable(f"{path} is a database of another program, not a registry. Choose another home.")
    return None, mode


def _lock_file(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _upgrade(path: Path, revision: str | None, migrations: Path) -> None:
    path.touch()  # connections create no file
    if revision is not None:
        copy_to(path, path.with_name(f"{path.stem}-schema-{revision}-{time.strftime('%Y%m%d-%H%M%S')}.db"))
    engine = new_engine(path).execution_options(begin="BEGIN IMMEDIATE")
    with engine.connect() as connection:
        # A migration may rebuild a table that others refer to; this can only be switched off outside of a transaction.
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        with connection.begin():
            migrate(connection, migrations)
    engine.dispose()
