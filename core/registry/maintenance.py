"""Maintenance of the file: version, size, backup, check."""

from pathlib import Path

from core.errors import Conflict, Unavailable
from core.registry.connection import Store, sqlite
from core.registry.opening import copy_to


class Maintenance(Store):
    """Used by the health page and ``doctor``."""

    @property
    def sqlite_version(self) -> str:
        return str(sqlite.sqlite_version)

    @property
    def size(self) -> int:
        """Bytes on disk, the write-ahead log included."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def backup(self, path: Path) -> None:
        """Writes a complete copy to ``path`` while other processes may read and write.

        Raises:
            Conflict: there is already something at ``path``.
        """
        if path.exists():
            raise Conflict(f"{path} is already there. Choose another name for the backup.")
        path.parent.mkdir(parents=True, exist_ok=True)
        copy_to(self.path, path)

    def integrity_check(self) -> str:
        """ "ok", or what is wrong with the file: damaged pages, or rows whose owner is missing."""
        try:
            with self.reading() as connection:
                problems = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
                orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        except Unavailable as error:
            return str(error)
        if problems == ["ok"]:
            problems = [f"{row[0]}: a row refers to a missing row of {row[2]}" for row in orphans]
        return "; ".join(problems) or "ok"
