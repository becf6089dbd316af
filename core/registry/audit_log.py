"""The log of actions, mainly deletions. A deletion counts as done once it is logged."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from core.registry.connection import Store
from core.registry.schema import columns_of, log


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One action, for example ``delete_run``, with its JSON detail; ``at`` in seconds since 1970, UTC."""

    at: float
    action: str
    detail: dict[str, Any]


class AuditLog(Store):
    """The log of actions."""

    def log(self, action: str, detail: dict[str, Any]) -> None:
        with self.writing() as connection:
            add_entry(connection, action, detail)

    def was_done(self, deletion: str) -> bool:
        """Whether the rows of the deletion of this name are gone: it was logged in the same transaction."""
        named = func.json_extract(log.c.detail, "$.deletion") == deletion
        with self.reading() as connection:
            return connection.scalar(select(log.c.number).where(named).limit(1)) is not None

    def log_entries(self, limit: int = 100) -> list[LogEntry]:
        """The newest ``limit`` entries, newest first."""
        return self.values(select(*columns_of(log, LogEntry)).order_by(log.c.number.desc()).limit(limit), LogEntry)


def add_entry(connection: Connection, action: str, detail: dict[str, Any] | None) -> None:
    """Logs an action within the caller's transaction; does nothing without ``detail``."""
    if detail is not None:
        connection.execute(insert(log).values(at=time.time(), action=action, detail=detail))
