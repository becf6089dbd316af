"""One SQLite file, many threads and processes: its connections, transactions and error messages."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Select, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool

from core.errors import GraftError, InvalidInput, NoSpace, Unavailable

try:  # SQLite 3.7 to 3.51.2 can corrupt a file when the WAL is reset; pysqlite3 includes a newer version
    from pysqlite3 import dbapi2 as sqlite
except ImportError:
    from sqlite3 import dbapi2 as sqlite

Value = TypeVar("Value")

BUSY_SECONDS = 30
_PRAGMAS = (f"busy_timeout={BUSY_SECONDS * 1000}", "synchronous=FULL", "foreign_keys=ON")


class Store:
    """The connections to one registry file; base class of the modules' classes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pid = os.getpid()
        self._watch_lock = threading.Lock()
        self._watcher: Any = None
        self._engine = new_engine(self.path)
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")

    def _refuse_forks(self) -> None:
        """After a fork SQLite assumes its parent's locks, and the parent deletes the log the child writes to.

        New connections do not help, because SQLite tracks these locks per process (sqlite.org/howtocorrupt.html, 2.6).
        """
        if self._pid != os.getpid():
            raise RuntimeError("A registry is of no use in a fork: what it writes may be lost. Start a new process.")

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy in another process opens its own connections."""
        return type(self), (self.path,)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state of the file and blocks no other process."""
        self._refuse_forks()
        with readable_errors(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction with the write lock from its start, so what it read has not changed when it writes."""
        self._refuse_forks()
        with readable_errors(self.path), self._writer.begin() as connection:
            yield connection

    def values(self, query: Select, kind: type[Value]) -> list[Value]:
        """The rows of a query for the columns of ``kind`` (see ``columns_of``)."""
        with self.reading() as connection:
            return [kind(**row._mapping) for row in connection.execute(query)]

    def change_counter(self) -> int:
        """A number that changes whenever any process has written; to be compared within this process only."""
        self._refuse_forks()
        with self._watch_lock, readable_errors(self.path):
            if self._watcher is None:
                self._watcher = connect(self.path)  # kept: the number counts what *other* connections wrote
            return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Closes all idle connections; a later call opens new ones."""
        self._refuse_forks()
        with self._watch_lock:
            if self._watcher is not None:
                self._watcher.close()
            self._watcher = None
        self._engine.dispose()


def connect(path: Path) -> Any:
    """A raw connection in autocommit mode with the settings every connection has.

    It creates no file: a registry that is deleted while it is in use is missed and not replaced by an empty one.
    ``isolation_level=None`` prevents the driver from opening transactions: its deferred ones lose updates.
    """
    connection = sqlite.connect(
        f"file:{quote(os.fsencode(path))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def new_engine(path: Path) -> Engine:
    """An engine whose transactions begin with plain ``BEGIN``, or with the execution option ``begin``."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=sqlite,
        creator=lambda: connect(path),
        poolclass=QueuePool,
        max_overflow=-1,  # a thread never waits for another one's connection
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False),
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Translates SQLite's errors about the file or the disk into one sentence; other errors are raised unchanged."""
    try:
        yield
    except (IntegrityError, sqlite.IntegrityError):
        raise
    except (DBAPIError, sqlite.Error) as error:
        told = explain(path, str(getattr(error, "orig", None) or error))
        if told is None:
            raise
        raise told from error
    except UnicodeEncodeError as error:
        raise InvalidInput(f"Text must be valid Unicode. Received: {error.object!r}") from error
    except OverflowError as error:
        raise InvalidInput("A number is too large; whole numbers may have up to 18 digits.") from error


def explain(path: Path, message: str) -> GraftError | None:
    """The error for the user for SQLite's ``message``; None when it is not about file or disk."""
    if "disk is full" in message:
        return NoSpace(f"The disk is full; nothing was changed. Free some space for {path} and try again.")
    for words, sentence in _SENTENCES:
        if any(word in message for word in words):
            return Unavailable(f"The registry {path} {sentence} (SQLite says: {message}).")
    return None


_SENTENCES = (
    (
        ("not a database", "malformed", "corrupt"),
        "is damaged; put a backup in its place, or move it away to start with an empty one",
    ),
    (("readonly", "read-only"), "cannot be written; give this user the right to write to the file and its folder"),
    (("unable to open",), "cannot be opened; check that its folder exists and that this user may write to it"),
    (
        ("locked", "busy"),
        f"was held by another program for over {BUSY_SECONDS} seconds; try again, or end that program",
    ),
    (("disk I/O error",), "could not be read or written; check the disk"),
)
