"""Forecasts of runs: stored at the launch, compared once when the attempt finishes."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from core.registry.connection import Store
from core.registry.schema import attempts, columns_of, forecasts, ids_in, runs
from core.runs.forecast import RunForecast
from core.runs.values import Cancel, Cost

_COLUMNS = columns_of(forecasts, RunForecast)
STOPPED_BY_HAND = "It was stopped after an epoch by hand."


class Forecasts(Store):
    """The table of forecasts. A row goes with its run."""

    def add_forecasts(self, made: Sequence[RunForecast]) -> None:
        """Stores what was expected; a forecast of an attempt that never started is replaced.

        Runs that are not there (any more) and attempts that have finished are left out.
        """
        with self.writing() as connection:
            known = set(connection.scalars(select(runs.c.id).where(runs.c.id.in_(ids_in(one.run_id for one in made)))))
            for one in made:
                this = (forecasts.c.run_id == one.run_id) & (forecasts.c.attempt == one.attempt)
                connection.execute(delete(forecasts).where(this, forecasts.c.measured_at.is_(None)))
                there = connection.scalar(select(forecasts.c.attempt).where(this))
                if one.run_id in known and there is None:
                    connection.execute(insert(forecasts).values(asdict(one)))

    def forecasts_of(self, run_ids: Iterable[str]) -> dict[str, list[RunForecast]]:
        """Of the attempts of these runs, the first attempt first, by run id; runs without one are omitted."""
        query = select(*_COLUMNS).where(forecasts.c.run_id.in_(ids_in(run_ids)))
        found: dict[str, list[RunForecast]] = {}
        for one in self.values(query.order_by(forecasts.c.run_id, forecasts.c.attempt), RunForecast):
            found.setdefault(one.run_id, []).append(one)
        return found

    def checked_forecasts(self, machine: str | None = None, limit: int = 200) -> list[RunForecast]:
        """Forecasts of finished attempts that can be compared with what they took, the newest first.

        Args:
            machine: only those made on it.
        """
        query = select(*_COLUMNS).where(forecasts.c.measured_at.is_not(None), forecasts.c.left_out == "")
        if machine is not None:
            query = query.where(forecasts.c.machine == machine)
        newest = (forecasts.c.measured_at.desc(), forecasts.c.run_id, forecasts.c.attempt)
        return self.values(query.order_by(*newest).limit(limit), RunForecast)


def check_forecast(connection: Connection, run_id: str, attempt: int, cost: Cost, now: float) -> None:
    """Notes beside the forecast of a finished attempt what it took; without one nothing happens.

    The duration is that of the attempt, not of the run, so that what an earlier attempt did is not counted again.
    """
    this = (attempts.c.run_id == run_id) & (attempts.c.number == attempt)
    row = connection.execute(select(attempts.c.started_at, attempts.c.spent).where(this)).first()
    if row is None:
        return
    spent: dict[str, Any] = row.spent or {}
    cancel = connection.scalar(select(runs.c.cancel).where(runs.c.id == run_id))
    values = {
        "measured_at": now,
        "measured_seconds": now - row.started_at,
        "measured_memory_bytes": spent.get("peak_rss_bytes", cost.peak_rss_bytes),
        "measured_energy_joules": spent.get("energy_joules", cost.energy_joules if attempt == 1 else None),
        "left_out": STOPPED_BY_HAND if cancel == Cancel.AFTER_EPOCH else "",
    }
    own = (forecasts.c.run_id == run_id) & (forecasts.c.attempt == attempt) & forecasts.c.measured_at.is_(None)
    connection.execute(update(forecasts).where(own).values(values))
