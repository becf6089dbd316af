"""The transactions of a registry; base class of the modules' classes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Select
from sqlalchemy.exc import StatementError

from core.errors import GraftError, InvalidInput
from core.people.acting import Role, require
from core.registry.database import Database

Value = TypeVar("Value")


class Store:
    """One database; base class of the modules' classes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._pid = os.getpid()

    def _refuse_forks(self) -> None:
        """After a fork SQLite assumes its parent's locks, and the parent deletes the log the child writes to.

        New connections do not help, because SQLite tracks these locks per process (sqlite.org/howtocorrupt.html, 2.6).
        Both processes would also write to the same sockets of a PostgreSQL server.
        """
        if self._pid != os.getpid():
            raise RuntimeError("A registry is of no use in a fork: what it writes may be lost. Start a new process.")

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy in another process opens its own connections."""
        return type(self), (self.database,)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state of the database and blocks no other process."""
        self._refuse_forks()
        with _readable_values(), self.database.reading() as connection:
            yield connection

    @contextmanager
    def writing(self, least: Role | None = Role.TRAINER, *, quiet: bool = False) -> Iterator[Connection]:
        """A transaction that is the only one that writes, so what it read has not changed when it writes.

        Args:
            least: the role that the acting person needs; None where Graft notes something for itself.
            quiet: it changes only what no page keeps in memory, such as leases, and need not change ``change_counter``.

        Raises:
            Forbidden: the acting person has a smaller role.
        """
        if least is not None:
            require(least)
        self._refuse_forks()
        with _readable_values(), self.database.writing(quiet=quiet) as connection:
            yield connection

    def values(self, query: Select, kind: type[Value]) -> list[Value]:
        """The rows of a query for the columns of ``kind`` (see ``columns_of``)."""
        with self.reading() as connection:
            return [kind(**row._mapping) for row in connection.execute(query)]

    def change_counter(self) -> int:
        """A number that changes whenever any process has written; to be compared within this process only."""
        self._refuse_forks()
        return self.database.change_counter()

    def close(self) -> None:
        """Closes all idle connections; a later call opens new ones."""
        self._refuse_forks()
        self.database.close()


@contextmanager
def _readable_values() -> Iterator[None]:
    """One sentence for values that no database takes."""
    try:
        yield
    except StatementError as error:
        if isinstance(error.orig, GraftError):  # raised by a type of ``column_types``
            raise error.orig from error
        raise
    except UnicodeEncodeError as error:
        raise InvalidInput(f"Text must be valid Unicode. Received: {error.object!r}") from error
    except OverflowError as error:
        raise InvalidInput("A number is too large; whole numbers may have up to 18 digits.") from error
