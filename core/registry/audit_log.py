"""The log of actions, mainly deletions. A deletion counts as done once it is logged."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from core.people.acting import acting
from core.registry.connection import Store
from core.registry.schema import begins_with, columns_of, log


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One action, for example ``delete_run``, with its JSON detail.

    Args:
        at: seconds since 1970, UTC. who: ``Person.label``; "" of entries from before 0.8.
    """

    number: int
    at: float
    action: str
    detail: dict[str, Any]
    who: str


class AuditLog(Store):
    """The log of actions. It only grows: no method changes or deletes an entry, and a trigger refuses both."""

    def log(self, action: str, detail: dict[str, Any]) -> None:
        """Adds an entry, whoever acts: a viewer downloads a model."""
        with self.writing(least=None) as connection:
            add_entry(connection, action, detail)

    def was_done(self, deletion: str) -> bool:
        """Whether the rows of the deletion of this name are gone: it was logged in the same transaction."""
        named = log.c.detail["deletion"].as_string() == deletion
        with self.reading() as connection:
            return connection.scalar(select(log.c.number).where(named).limit(1)) is not None

    def deleted(self) -> set[str]:
        """Ids of deleted datasets and runs, and names of removed backbones, as far as they are logged."""
        query = select(log.c.action, log.c.detail).where(log.c.action.in_(_DELETIONS))
        with self.reading() as connection:
            entries = connection.execute(query).all()
        found: set[str] = set()
        for action, detail in entries:
            found |= {str(run_id) for run_id in detail.get("runs", ())}
            found |= {str(detail[key]) for key in (_DELETIONS[action],) if detail.get(key)}
        return found

    def log_entries(self, limit: int = 100, *, before: int | None = None, who: str = "") -> list[LogEntry]:
        """The newest ``limit`` entries, newest first.

        Args:
            before: the number of an entry; only older ones. who: only entries of this person, with or without a token.
        """
        query = select(*columns_of(log, LogEntry)).order_by(log.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(log.c.number < before)
        if who:
            query = query.where((log.c.who == who) | begins_with(log.c.who, f"{who} ("))
        return self.values(query, LogEntry)


_DELETIONS = {"delete dataset": "dataset", "delete runs": "", "remove_backbone": "name"}
"""Actions that delete, and the key of what was deleted; that of runs is always ``runs``."""


def add_entry(connection: Connection, action: str, detail: dict[str, Any] | None, who: str = "") -> None:
    """Logs an action within the caller's transaction; does nothing without ``detail``.

    Args:
        who: acted; the acting person by default.
    """
    if detail is not None:
        values = {"at": time.time(), "action": action, "detail": detail, "who": who or acting().label}
        connection.execute(insert(log).values(values))


ONLY_GROWS = "the log of actions only grows"
"""What the database says when an entry is to be changed or deleted."""
