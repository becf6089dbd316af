"""What a trainer reports whose files nobody else can read: progress, the end of its log, its exit record."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from core.registry.clock import now
from core.registry.connection import Store
from core.registry.schema import columns_of, ids_in, reports, runs


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """The last report of an attempt.

    Args:
        at: seconds since 1970, UTC, by the clock of the database.
        progress: of ``Progress``, and ``log_end``: the bytes of the whole log; None before the first.
        exit: of ``ExitRecord``; None while it runs.
        log: the end of its log.
    """

    run_id: str
    attempt: int
    at: float
    progress: dict[str, Any] | None = None
    exit: dict[str, Any] | None = None
    log: str = ""


_COLUMNS = columns_of(reports, RunReport)


class Reports(Store):
    """The last report of every attempt that has written one."""

    def report(
        self,
        run_id: str,
        attempt: int,
        *,
        progress: dict[str, Any] | None = None,
        exit: dict[str, Any] | None = None,
        log: str = "",
    ) -> None:
        """Replaces the report of an attempt; nothing when the run was deleted. Reports of other attempts stay."""
        values: dict[str, Any] = {"progress": progress, "exit": exit, "log": log}
        this = (reports.c.run_id == run_id) & (reports.c.attempt == attempt)
        with self.writing() as connection:
            if connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is None:
                return
            values |= {"at": _time(connection)}
            if not connection.execute(update(reports).where(this).values(values)).rowcount:
                connection.execute(insert(reports).values(run_id=run_id, attempt=attempt, **values))

    def report_of(self, run_id: str, attempt: int) -> RunReport | None:
        """The report of one attempt."""
        query = select(*_COLUMNS).where(reports.c.run_id == run_id, reports.c.attempt == attempt)
        return next(iter(self.values(query, RunReport)), None)

    def last_reports(self, run_ids: Iterable[str]) -> dict[str, RunReport]:
        """The report of the newest attempt that has one, by run id; runs without are omitted."""
        query = select(*_COLUMNS).where(reports.c.run_id.in_(ids_in(run_ids)))
        return {one.run_id: one for one in self.values(query.order_by(reports.c.attempt), RunReport)}


def _time(connection: Connection) -> float:
    return connection.scalar(select(now())) or 0.0
