"""Figures for whoever watches Graft from outside (``/metrics``): a few sums over whole tables."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from core.registry.clock import now
from core.registry.connection import Store
from core.registry.leases import Lease
from core.registry.schema import attempts, columns_of, datasets, leases, log, models, runs
from core.runs.values import Status


@dataclass(frozen=True, kw_only=True)
class RegistryFigures:
    """What the registry knows about all runs and stores.

    Args:
        runs: how many runs have each status.
        oldest_wait: seconds that the run has waited that waits longest; 0 where none waits.
        finished: number and total seconds of the finished runs of each pattern; of runs whose cost is recorded.
        attempts: how many attempts have ended in each way: the statuses of an ended run, and ``INTERRUPTED`` for those
            whose run went back into the queue.
        datasets, dataset_bytes, models, model_bytes: number and size; of models, of their main files.
        leases: number and the fewest remaining seconds of the held leases of each kind: the name up to the first slash.
        sign_ins: how many the audit log has: ``succeeded`` and ``failed``.
    """

    runs: dict[str, int]
    oldest_wait: float
    finished: dict[str, tuple[int, float]]
    attempts: dict[str, int]
    datasets: int
    dataset_bytes: int
    models: int
    model_bytes: int
    leases: dict[str, tuple[int, float]]
    sign_ins: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class LapsedRun:
    """A running run whose trainer no longer renews its lease.

    Args:
        holder: who had it. seconds: since it lapsed; None where the holder gave it back.
    """

    run_id: str
    holder: str
    seconds: float | None


class Monitoring(Store):
    """Sums over whole tables: about 30 ms for 10,000 runs."""

    def lapsed_runs(self) -> list[LapsedRun]:
        """Running runs whose current attempt had a lease that nobody has now, by id."""
        of_run = (leases.c.name == "run/" + runs.c.id) & (leases.c.token == runs.c.attempt)
        query = select(runs.c.id, leases.c.holder, leases.c.expires_at).join(leases, of_run)
        query = query.where(runs.c.status == Status.RUNNING).order_by(runs.c.id)
        with self.reading() as connection:
            at = connection.scalar(select(now())) or 0.0
            return [
                LapsedRun(run_id=run_id, holder=holder, seconds=at - expires_at if expires_at else None)
                for run_id, holder, expires_at in connection.execute(query)
                if expires_at <= at
            ]

    def registry_figures(self) -> RegistryFigures:
        """The figures of one state of the registry."""
        with self.reading() as connection:
            counted, finished = _runs(connection)
            number, size = connection.execute(select(func.count(), func.sum(datasets.c.size_bytes))).one()
            models_number, models_size = connection.execute(select(func.count(), func.sum(models.c.size_bytes))).one()
            return RegistryFigures(
                runs=counted,
                oldest_wait=_oldest_wait(connection),
                finished=finished,
                attempts=_attempts(connection),
                datasets=number,
                dataset_bytes=int(size or 0),
                models=models_number,
                model_bytes=int(models_size or 0),
                leases=_leases(connection),
                sign_ins=_sign_ins(connection),
            )


def _runs(connection: Connection) -> tuple[dict[str, int], dict[str, tuple[int, float]]]:
    """One pass over the table for both."""
    seconds = runs.c.wall_seconds
    query = select(runs.c.status, runs.c.pattern, func.count(), func.count(seconds), func.sum(seconds))
    counted: dict[str, int] = dict.fromkeys(Status, 0)
    finished: dict[str, tuple[int, float]] = {}
    for status, pattern, number, timed, total in connection.execute(query.group_by(runs.c.status, runs.c.pattern)):
        counted[status] += number
        if status == Status.FINISHED and pattern:
            finished[pattern] = timed, float(total or 0.0)
    return counted, finished


def _oldest_wait(connection: Connection) -> float:
    """A run that went back into the queue waits since its last attempt ended."""
    back = select(func.max(attempts.c.ended_at)).where(attempts.c.run_id == runs.c.id).scalar_subquery()
    since = select(func.min(func.coalesce(back, runs.c.created_at))).where(runs.c.status == Status.SCHEDULED)
    oldest = connection.scalar(since)
    return 0.0 if oldest is None else max(0.0, time.time() - oldest)


def _attempts(connection: Connection) -> dict[str, int]:
    query = select(attempts.c.outcome, func.count()).where(attempts.c.outcome != "").group_by(attempts.c.outcome)
    return {str(outcome): number for outcome, number in connection.execute(query)}


def _sign_ins(connection: Connection) -> dict[str, int]:
    outcomes = {"sign_in": "succeeded", "sign_in_failed": "failed"}
    query = select(log.c.action, func.count()).where(log.c.action.in_(outcomes)).group_by(log.c.action)
    found = {str(action): number for action, number in connection.execute(query)}
    return {outcome: found.get(action, 0) for action, outcome in outcomes.items()}


def _leases(connection: Connection) -> dict[str, tuple[int, float]]:
    at = connection.scalar(select(now())) or 0.0
    held: dict[str, tuple[int, float]] = {}
    for row in connection.execute(select(*columns_of(leases, Lease)).where(leases.c.expires_at > at)):
        kind, left = row.name.partition("/")[0], row.expires_at - at
        number, least = held.get(kind, (0, left))
        held[kind] = number + 1, min(least, left)
    return held
