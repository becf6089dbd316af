"""What a registry needs of its database. SQLite and PostgreSQL each have one class for it."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection

from core.errors import Unavailable


class ConnectionLost(Unavailable):
    """The connection broke before anything was saved, so that the whole method may be called again."""


class Database(ABC):
    """The connections to one database, for all threads of a process.

    Args:
        address: how messages name it.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    @abstractmethod
    def product(self) -> str:
        """Name and version: ``SQLite 3.53.0``."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that reads one state of the database and blocks no other process."""

    @abstractmethod
    def writing(self, *, quiet: bool = False) -> AbstractContextManager[Connection]:
        """A transaction that is the only one that writes, so what it read has not changed when it writes.

        Args:
            quiet: it need not change ``change_counter``.
        """

    @abstractmethod
    def change_counter(self) -> int:
        """A number that changes whenever any process has written; to be compared within this process only."""

    @abstractmethod
    def close(self) -> None:
        """Closes all idle connections; a later call opens new ones."""

    @abstractmethod
    def size(self) -> int:
        """Bytes on disk."""

    @abstractmethod
    def damage(self) -> list[str]:
        """What is wrong with what is stored; [] where nothing is."""

    @abstractmethod
    def bring_up_to_date(self, home: Path | None, *, anew: bool = False) -> None:
        """Leaves a registry of the current schema.

        Args:
            home: the folder whose runs and datasets it has.
            anew: begin a new one also where there are folders of runs or datasets without one.

        Raises:
            Unavailable: it is damaged, read-only, of a newer Graft, no registry at all, or was lost.
        """

    @abstractmethod
    def beginning_anew(self) -> AbstractContextManager[Connection]:
        """A transaction on the empty tables of a new registry, which is there when it has ended, or not at all."""

    @abstractmethod
    def has_registry(self) -> bool:
        """Whether anything is there: a registry, or something that is none."""
