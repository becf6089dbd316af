"""Maintenance of the database: version, size, backup, check."""

from pathlib import Path

from core.errors import Conflict, Unavailable
from core.registry.connection import Store


class Maintenance(Store):
    """Used by the health page and ``doctor``."""

    @property
    def product(self) -> str:
        """Name and version of the database: ``SQLite 3.53.0``."""
        return self.database.product

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.database.size()

    def backup(self, path: Path) -> None:
        """Writes a complete copy to ``path`` while other processes may read and write.

        It is an SQLite file, or what ``pg_restore`` reads.

        Raises:
            Conflict: there is already something at ``path``.
        """
        if path.exists():
            raise Conflict(f"{path} is already there. Choose another name for the backup.")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.database.copy_to(path)

    def integrity_check(self) -> str:
        """ "ok", or what is wrong with what is stored: damaged pages, or rows whose owner is missing."""
        try:
            return "; ".join(self.database.damage()) or "ok"
        except Unavailable as error:
            return str(error)
