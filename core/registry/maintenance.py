"""Maintenance of the database: version, size, check, and what is settled after it was restored from a backup."""

import time

from sqlalchemy import select, text, update

from core.errors import Unavailable
from core.people.acting import Role
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.queue import end_run
from core.registry.schema import leases, links, runs, sessions
from core.runs.values import Status

RESTORED = "It was interrupted: this home was restored from a backup. Resume it to train it."
"""Reason of the runs that waited or were running when the backup was made."""


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

    def schema_revision(self) -> str:
        """Of the stored tables; ``core.registry.schema.HEAD`` unless another version of Graft has migrated them.

        Raises:
            Unavailable: the registry cannot be read now.
        """
        with self.reading() as connection:
            return str(connection.scalar(text("SELECT version_num FROM alembic_version")))

    def integrity_check(self) -> str:
        """ "ok", or what is wrong with what is stored: damaged pages, or rows whose owner is missing."""
        try:
            return "; ".join(self.database.damage()) or "ok"
        except Unavailable as error:
            return str(error)

    def settle_restored(self, snapshot: str) -> list[str]:
        """Ends what belonged to the processes of the registry that a backup was made of: leases, sessions and one-time
        links, and the runs that waited or were running. For a copy that nobody uses yet.

        Returns:
            The ids of those runs.
        """
        with self.writing(least=Role.ADMIN) as connection:
            now, unended = time.time(), runs.c.status.in_((Status.SCHEDULED, Status.RUNNING))
            interrupted = list(connection.scalars(select(runs.c.id).where(unended).order_by(runs.c.number)))
            for run_id in interrupted:
                end_run(connection, run_id, Status.KILLED, RESTORED)
            connection.execute(update(sessions).where(sessions.c.ended_at.is_(None)).values(ended_at=now))
            connection.execute(update(links).where(links.c.used_at.is_(None)).values(used_at=now))
            connection.execute(update(leases).values(expires_at=0.0))  # their tokens stay, which never fall
            add_entry(connection, "restore", {"snapshot": snapshot, "interrupted": interrupted})
            return interrupted
