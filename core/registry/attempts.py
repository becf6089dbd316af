"""Attempts: one start of a run's process each, the identity of the process, and its cost so far."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select, update

from core.errors import NotFound
from core.registry.connection import Store
from core.registry.results import check_running
from core.registry.schema import attempts, columns_of, ids_in, runs
from core.runs.stages import in_order
from core.runs.values import Attempt, Status

_COLUMNS = columns_of(attempts, Attempt)


class Attempts(Store):
    """The starts of every run."""

    def attempts(self, run_id: str) -> list[Attempt]:
        """All attempts of a run, the first one first."""
        query = select(*_COLUMNS).where(attempts.c.run_id == run_id).order_by(attempts.c.number)
        return self.values(query, Attempt)

    def running_attempts(self) -> list[Attempt]:
        """The current attempt of every running run, the longest running one first."""
        current = (attempts.c.run_id == runs.c.id) & (attempts.c.number == runs.c.attempt)
        query = select(*_COLUMNS).join(runs, current).where(runs.c.status == Status.RUNNING)
        return self.values(query.order_by(attempts.c.started_at, attempts.c.run_id), Attempt)

    def record_process(self, run_id: str, attempt: int, identity: dict[str, Any]) -> None:
        """Stores the identity (pid, start time, boot id) of the process that runs this attempt."""
        with self.writing() as connection:
            result = connection.execute(update(attempts).where(_is(run_id, attempt)).values(process=identity))
            if not result.rowcount:
                raise NotFound(f"Run {run_id} has no attempt {attempt}. Claim it first.")

    def process(self, run_id: str, attempt: int) -> dict[str, Any] | None:
        """The identity of the process of this attempt; None when it was never recorded."""
        with self.reading() as connection:
            return connection.scalar(select(attempts.c.process).where(_is(run_id, attempt)))

    def run_of_process(self, identity: dict[str, Any]) -> tuple[str, int] | None:
        """(run id, attempt) of the running run that this process trains; None when it trains none (any more)."""
        current = (attempts.c.run_id == runs.c.id) & (attempts.c.number == runs.c.attempt)
        query = select(runs.c.id, runs.c.attempt, attempts.c.process).join(attempts, current)
        query = query.where(runs.c.status == Status.RUNNING).order_by(attempts.c.started_at.desc())
        with self.reading() as connection:
            for row in connection.execute(query):
                if identity.items() <= (row.process or {}).items():
                    return row.id, row.attempt
        return None

    def record_spent(self, run_id: str, attempt: int, cost_so_far: dict[str, Any]) -> None:
        """Stores the cost of the running attempt so far, so that it is not lost when the attempt is killed.

        ``wall_seconds`` in it is what ``Run.wall_seconds`` is summed up from.

        Raises:
            Conflict: it is not the running attempt (any more).
        """
        with self.writing(quiet=True) as connection:
            check_running(connection, run_id, attempt)
            connection.execute(update(attempts).where(_is(run_id, attempt)).values(spent=cost_so_far))

    def spent(self, run_id: str) -> list[dict[str, Any]]:
        """Costs of the ended attempts of a run, in order; attempts without a recorded cost are omitted."""
        ended = (attempts.c.run_id == run_id) & attempts.c.ended_at.is_not(None) & attempts.c.spent.is_not(None)
        with self.reading() as connection:
            return list(connection.scalars(select(attempts.c.spent).where(ended).order_by(attempts.c.number)))

    def stages_of(self, run_ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """Seconds per stage over all attempts so far, the running one included, by run id; {} where none is known."""
        wanted = list(run_ids)
        found: dict[str, dict[str, float]] = {run_id: {} for run_id in wanted}
        query = select(attempts.c.run_id, attempts.c.spent).where(attempts.c.run_id.in_(ids_in(wanted)))
        query = query.where(attempts.c.spent.is_not(None)).order_by(attempts.c.run_id, attempts.c.number)
        with self.reading() as connection:
            for run_id, spent in connection.execute(query):
                for name, seconds in spent.get("stages", {}).items():
                    found[run_id][name] = found[run_id].get(name, 0.0) + seconds
        return {run_id: in_order(seconds) for run_id, seconds in found.items()}

    def spent_by_run(self, run_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """``spent`` of several runs; those without are omitted."""
        query = select(attempts.c.run_id, attempts.c.spent).where(attempts.c.run_id.in_(ids_in(run_ids)))
        query = query.where(attempts.c.ended_at.is_not(None), attempts.c.spent.is_not(None))
        found: dict[str, list[dict[str, Any]]] = {}
        with self.reading() as connection:
            for row in connection.execute(query.order_by(attempts.c.run_id, attempts.c.number)):
                found.setdefault(row.run_id, []).append(row.spent)
        return found


def _is(run_id: str, attempt: int) -> ColumnElement[bool]:
    return (attempts.c.run_id == run_id) & (attempts.c.number == attempt)
