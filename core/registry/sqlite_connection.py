"""One SQLite file, many threads and processes: its connections, transactions and error messages."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool

from core.errors import GraftError, NoSpace, Unavailable
from core.files.atomic import replacing
from core.registry.column_types import json_text

try:  # SQLite 3.7 to 3.51.2 can corrupt a file when the WAL is reset; pysqlite3 includes a newer version
    from pysqlite3 import dbapi2 as sqlite
except ImportError:
    from sqlite3 import dbapi2 as sqlite

BUSY_SECONDS = 30.0
_RETRY_SECONDS = (0.0005, 0.006)
"""Chosen by ``bench_registry``: eight writers that try more often take the cores from the one that has the lock."""
_PRAGMAS = (f"busy_timeout={round(BUSY_SECONDS * 1000)}", "synchronous=FULL", "foreign_keys=ON")


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
        json_serializer=json_text,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin == "BEGIN":
        connection.exec_driver_sql(begin)
    else:
        _begin_in_turn(connection, begin)


def _begin_in_turn(connection: Connection, begin: str) -> None:
    """Begins a transaction that needs the write lock, for which it tries every few milliseconds.

    SQLite's own waiting sleeps for up to 100 ms between two tries: with eight writers at once, the lock is then often
    free while all of them sleep, and one of them may be passed over for seconds.

    Raises:
        OperationalError: another process has had the lock for ``BUSY_SECONDS``.
    """
    raw: Any = connection.connection.dbapi_connection
    end = time.monotonic() + BUSY_SECONDS
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while not _has_begun(raw, begin, end):
            time.sleep(random.uniform(*_RETRY_SECONDS))
    finally:
        raw.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")


def _has_begun(raw: Any, begin: str, end: float) -> bool:
    """False where another connection has the lock, until ``end``."""
    try:
        raw.execute(begin)
    except sqlite.OperationalError as error:
        if "locked" not in str(error) or time.monotonic() > end:
            raise
        return False
    return True


def copy_to(path: Path, target: Path) -> None:
    """A complete, compact copy of the file at ``target``, which appears at once or not at all."""
    with replacing(target) as draft, readable_errors(path), closing(connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(draft),))


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
        f"was held by another program for over {BUSY_SECONDS:.0f} seconds; try again, or end that program",
    ),
    (("disk I/O error",), "could not be read or written; check the disk"),
)
