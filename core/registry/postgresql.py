"""``PostgresqlServer``: the registry in a database of a PostgreSQL server, for many machines."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from core.errors import Unavailable
from core.registry.database import ConnectionLost, Database
from core.registry.postgresql_connection import FROZEN_SECONDS, new_engine, readable_errors
from core.registry.postgresql_opening import bring_up_to_date, create, state_of
from core.registry.postgresql_tables import COUNT_CHANGE, COUNTER, LOCK, damage_of, restart_numbers, size_of
from core.settings import without_secret

PATIENCE_SECONDS = 10.0
"""A server that does not answer is asked again for so long: about the time of a restart."""
_AGAIN_SECONDS = 0.2

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE = f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'; {LOCK}; SELECT txid_current()"
_WRITE_AND_COUNT = _WRITE.replace("; SELECT", f"; {COUNT_CHANGE}; SELECT")


class PostgresqlServer(Database):
    """The connections to one database of a server, or to one schema of it (``?options=-csearch_path=…``).

    One writes at a time: each writing transaction begins with an advisory lock of this registry. What a lost
    connection leaves open is asked for by the number of the transaction, so that nothing is saved twice.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(without_secret(dsn))
        self.dsn = dsn
        self._engine = new_engine(dsn)
        self._lost_at: float | None = None
        self._state_lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.dsn,)

    @property
    def product(self) -> str:
        with self.reading() as connection:
            version = str(connection.scalar(text("SHOW server_version")))
        return f"PostgreSQL {version.split()[0]}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction on one snapshot of the database."""
        with readable_errors(self.address), self._transaction(_READ) as connection:
            yield connection

    @contextmanager
    def writing(self, *, quiet: bool = False) -> Iterator[Connection]:
        """A transaction that has the lock of this registry; after it, what another one has saved is seen."""
        begin = _WRITE if quiet else _WRITE_AND_COUNT
        with readable_errors(self.address), self._transaction(begin) as connection:
            number = connection.info["begun"][0]
            yield connection
            try:
                connection.commit()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._require_saved(number)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        connection = self._begun(begin)
        try:
            yield connection
        finally:
            connection.close()  # rolls back what was not committed

    def _begun(self, begin: str) -> Connection:
        """A connection in a transaction. Nothing has been done yet, so that a lost connection is replaced by another.

        Raises:
            Unavailable: the server has not answered for ``PATIENCE_SECONDS``, now or in the calls before.
        """
        while True:
            try:
                with readable_errors(self.address), ExitStack() as opened:
                    connection = opened.enter_context(self._engine.connect()).execution_options(begin=begin)
                    connection.begin()
                    opened.pop_all()
                self._lost_at = None
                return connection
            except ConnectionLost as error:
                self._engine.dispose()  # other idle connections are as old as this one
                with self._state_lock:
                    now = time.monotonic()
                    self._lost_at = lost_at = self._lost_at or now
                if now - lost_at > PATIENCE_SECONDS:
                    raise Unavailable(str(error)) from error
                time.sleep(_AGAIN_SECONDS)

    def _require_saved(self, number: int) -> None:
        """Whether a transaction was saved whose answer did not arrive.

        Raises:
            ConnectionLost: it was not. Unavailable: the server does not know any more.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with self.reading() as connection:
                state = connection.scalar(text("SELECT txid_status(:number)"), {"number": number})
            if state == "committed":
                return
            if state == "aborted":
                raise ConnectionLost(f"The connection to the registry {self.address} was lost; nothing was changed.")
            if state is None or time.monotonic() > deadline:
                raise Unavailable(
                    f"The connection to the registry {self.address} was lost while it saved, and it does not tell "
                    "whether it did. Look before you try again."
                )
            time.sleep(_AGAIN_SECONDS)

    def change_counter(self) -> int:
        """Raised by every writing transaction that is not quiet, in the row that it keeps."""
        with self.reading() as connection:
            return int(connection.scalar(text(COUNTER)) or 0)

    def close(self) -> None:
        self._engine.dispose()

    def size(self) -> int:
        """With the indexes."""
        with self.reading() as connection:
            return size_of(connection)

    def damage(self) -> list[str]:
        """What cannot be read, or rows whose owner is missing."""
        with self.reading() as connection:
            return damage_of(connection)

    def bring_up_to_date(self, home: Path | None, *, anew: bool = False) -> None:
        """All steps are one transaction, under the lock of this registry."""
        bring_up_to_date(self.address, self.reading, self.changing_tables, home, anew=anew)

    def has_registry(self) -> bool:
        with self.reading() as connection:
            return state_of(connection).tables != frozenset()

    @contextmanager
    def beginning_anew(self) -> Iterator[Connection]:
        """The same, on the empty tables of a new registry; at its end new rows follow those that were inserted."""
        with self.changing_tables() as connection:
            create(connection)
            yield connection
            restart_numbers(connection)

    @contextmanager
    def changing_tables(self) -> Iterator[Connection]:
        """A transaction that has the lock of this registry and may run long."""
        with readable_errors(self.address), self._transaction(f"BEGIN; {LOCK}") as connection:
            yield connection
            connection.commit()
