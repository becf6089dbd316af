"""``SqliteFile``: the registry in one SQLite file, for many threads and processes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection

from core.registry.database import Database
from core.registry.opening import bring_up_to_date
from core.registry.sqlite_connection import connect, copy_to, new_engine, readable_errors, sqlite


class SqliteFile(Database):
    """The connections to one SQLite file (WAL). One object serves all threads; several processes may open one file."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        self._watch_lock = threading.Lock()
        self._watcher: Any = None
        self._engine = new_engine(path)
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)

    @property
    def product(self) -> str:
        return f"SQLite {sqlite.sqlite_version}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction on one state of the file."""
        with readable_errors(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, *, quiet: bool = False) -> Iterator[Connection]:
        """A transaction with the write lock from its start; every one changes the counter."""
        with readable_errors(self.path), self._writer.begin() as connection:
            yield connection

    def change_counter(self) -> int:
        with self._watch_lock, readable_errors(self.path):
            if self._watcher is None:
                self._watcher = connect(self.path)  # kept: the number counts what *other* connections wrote
            return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        with self._watch_lock:
            if self._watcher is not None:
                self._watcher.close()
            self._watcher = None
        self._engine.dispose()

    def size(self) -> int:
        """The write-ahead log included."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def damage(self) -> list[str]:
        """Damaged pages, or rows whose owner is missing."""
        with self.reading() as connection:
            problems = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if problems != ["ok"]:
            return problems
        return [f"{row[0]}: a row refers to a missing row of {row[2]}" for row in orphans]

    def copy_to(self, path: Path) -> None:
        """A complete copy, which appears at once or not at all, while others read and write."""
        copy_to(self.path, path)

    def bring_up_to_date(self, home: Path | None, *, anew: bool = False) -> None:
        """The file is in the home."""
        bring_up_to_date(self.path, anew=anew)

    @contextmanager
    def beginning_anew(self) -> Iterator[Connection]:
        """In a draft, of which this file becomes a copy."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".registry-copy-", dir=self.path.parent) as folder:
            draft = SqliteFile(Path(folder) / self.path.name)
            draft.bring_up_to_date(None, anew=True)
            with draft.writing() as connection:
                yield connection
            draft.copy_to(self.path)
            draft.close()

    def has_registry(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0
