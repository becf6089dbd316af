"""What ``tests.factories.fill`` has made in an empty home, copied into the next one: half the time of most tests.

The times in a copy are later by the age of what is copied, so that it looks as if it had been filled just now.
"""

import re
import time
from collections.abc import Callable, Hashable
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from core.registry import Registry
from core.registry.sqlite_connection import connect, sqlite
from core.registry.sqlite_file import SqliteFile
from core.settings import Settings

Rows = dict[str, list[tuple[Any, ...]]]
Files = dict[str, bytes | None]
"""By their paths below the home; folders are None, and come before what is in them."""
TIMES_OF_FILES = {"progress.json": "updated_at", "manifest.json": "created_at"}
"""The key of the time that a file has."""


@dataclass(frozen=True)
class _Kept:
    """The registry, without triggers, and the files of a home; ``before``: all rows and files before it was filled."""

    filled_at: float
    before: tuple[Rows, frozenset[str]]
    registry: sqlite.Connection
    triggers: tuple[str, ...]
    later: tuple[str, ...]
    """Statements that add the parameter to every time."""
    files: Files
    made: Any


_kept: dict[Hashable, _Kept] = {}


def once(key: Hashable, registry: Registry, settings: Settings | None, make: Callable[[], Any]) -> Any:
    """What ``make`` returns, which fills the home; a copy where an equal home without rows was filled before."""
    database = registry.database
    if not isinstance(database, SqliteFile):
        return make()
    before = _rows(database.path), frozenset(_files(settings))
    if key not in _kept or _kept[key].before != before:
        made = make()
        if not any(before[0].values()):
            _kept[key] = _keep(before, database.path, settings, made)
        return made
    kept = _kept[key]
    seconds = time.time() - kept.filled_at
    _restore(kept, database.path, seconds)
    for name, content in kept.files.items():
        path = settings.home / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_bytes(_file_later(path.name, content, seconds))
    return _later(kept.made, seconds)


def _keep(before: tuple[Rows, frozenset[str]], path: Path, settings: Settings | None, made: Any) -> _Kept:
    """Triggers are left out, because the board would take a later time for a change."""
    copy = sqlite.connect(":memory:", check_same_thread=False, isolation_level=None)
    with closing(connect(path)) as source:
        source.backup(copy)
    triggers = dict(copy.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    for name in triggers:
        copy.execute(f'DROP TRIGGER "{name}"')
    files = {name: None if one.is_dir() else one.read_bytes() for name, one in _files(settings).items()}
    added = {name: content for name, content in files.items() if name not in before[1]}
    return _Kept(time.time(), before, copy, tuple(triggers.values()), tuple(_all_later(copy)), added, made)


def _restore(kept: _Kept, path: Path, seconds: float) -> None:
    with closing(connect(path)) as target:
        kept.registry.backup(target)
        target.execute("BEGIN IMMEDIATE")
        for statement in kept.later:
            target.execute(statement, (seconds,))
        for trigger in kept.triggers:
            target.execute(trigger)
        target.execute("COMMIT")


def _all_later(copy: sqlite.Connection) -> list[str]:
    return [
        f'UPDATE "{table}" SET "{column}" = "{column}" + ?'
        for table, rows in _all_rows(copy).items()
        for _, column, *_ in copy.execute(f'PRAGMA table_info("{table}")')
        if rows and _is_time(column)
    ]


def _is_time(name: str) -> bool:
    return name == "at" or name.endswith("_at")


def _later(value: Any, seconds: float) -> Any:
    """A value of the registry, or one that consists of them."""
    if isinstance(value, tuple):
        return tuple(_later(one, seconds) for one in value)
    changed = {}
    for field in fields(value):
        content = getattr(value, field.name)
        if _is_time(field.name) and content is not None:
            changed[field.name] = content + seconds
        elif field.name in ("dataset", "runs"):
            changed[field.name] = _later(content, seconds)
    return replace(value, **changed)


def _file_later(name: str, content: bytes, seconds: float) -> bytes:
    key = TIMES_OF_FILES.get(name)
    if key is None:
        return content
    before, mark, rest = content.partition(f'"{key}": '.encode())
    number = re.match(rb"[\d.]+", rest)
    assert mark and number, f"{name} has no {key}"
    return before + mark + repr(float(number[0]) + seconds).encode() + rest[number.end() :]


def _rows(path: Path) -> Rows:
    with closing(connect(path)) as file:
        return _all_rows(file)


def _all_rows(file: sqlite.Connection) -> Rows:
    names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: file.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
    return {name: rows for name, rows in found.items() if name != "alembic_version"}


def _files(settings: Settings | None) -> dict[str, Path]:
    """Without the registry."""
    if settings is None:
        return {}
    found = sorted(settings.home.rglob("*"))
    return {str(one.relative_to(settings.home)): one for one in found if not one.name.startswith("registry.db")}
