"""What trainers write and others read: epochs, evaluation, cost. Every write is fenced by the attempt."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from core.errors import Conflict
from core.registry.connection import Store
from core.registry.models import insert_model
from core.registry.queue import end_run, is_running
from core.registry.runs import get_run
from core.registry.schema import columns_of, costs, epochs, evaluations, row_of, runs
from core.runs import ClassScore, Cost, Epoch, Evaluation, Model, Status

_EPOCH_COLUMNS = columns_of(epochs, Epoch)
_COST_COLUMNS = columns_of(costs, Cost)
_EVALUATION_COLUMNS = columns_of(evaluations, Evaluation)


class Results(Store):
    """Epochs, evaluations and costs."""

    def record_epoch(self, run_id: str, attempt: int, epoch: Epoch) -> None:
        """Keeps the metrics of a finished epoch. Later ones from before a step back (an older checkpoint) go.

        Raises:
            Conflict: ``attempt`` is not the running attempt (any more).
        """
        with self.writing() as connection:
            check_running(connection, run_id, attempt)
            connection.execute(delete(epochs).where(epochs.c.run_id == run_id, epochs.c.number >= epoch.number))
            connection.execute(insert(epochs).values(run_id=run_id, **asdict(epoch)))
            connection.execute(update(runs).where(runs.c.id == run_id).values(epochs_done=epoch.number))

    def finish(
        self, run_id: str, attempt: int, *, evaluation: Evaluation, cost: Cost, model: Model, best_epoch: int | None
    ) -> None:
        """Evaluation, cost, model and the status FINISHED, all or nothing.

        Raises:
            Conflict: ``attempt`` is not the running attempt (any more).
        """
        low, high = evaluation.ci95
        values = {"best_epoch": best_epoch, "wall_seconds": cost.wall_seconds}
        values |= {"test_accuracy": evaluation.accuracy, "test_low": low, "test_high": high}
        with self.writing() as connection:
            check_running(connection, run_id, attempt)
            connection.execute(insert(evaluations).values(run_id=run_id, **asdict(evaluation)))
            connection.execute(insert(costs).values(run_id=run_id, **row_of(costs, cost)))
            insert_model(connection, model)
            end_run(connection, run_id, Status.FINISHED, "")
            connection.execute(update(runs).where(runs.c.id == run_id).values(values))

    def epochs(self, run_id: str) -> list[Epoch]:
        """The recorded epochs of a run in order."""
        query = select(*_EPOCH_COLUMNS).where(epochs.c.run_id == run_id).order_by(epochs.c.number)
        with self.reading() as connection:
            return [_epoch(row) for row in connection.execute(query)]

    def evaluation(self, run_id: str) -> Evaluation | None:
        """What was measured on the test split; None before that."""
        with self.reading() as connection:
            row = connection.execute(select(*_EVALUATION_COLUMNS).where(evaluations.c.run_id == run_id)).first()
        return None if row is None else _evaluation(row)

    def cost(self, run_id: str) -> Cost | None:
        """What a finished run cost; None before."""
        return self.costs([run_id]).get(run_id)

    def costs(self, run_ids: Iterable[str]) -> dict[str, Cost]:
        """The costs of those of the runs that have finished, by run id."""
        ids = func.json_each(json.dumps(list(run_ids))).table_valued("value")  # any number of ids is one parameter
        query = select(costs.c.run_id, *_COST_COLUMNS).where(costs.c.run_id.in_(select(ids.c.value)))
        with self.reading() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return {row.pop("run_id"): Cost(**row) for row in rows}


def check_running(connection: Connection, run_id: str, attempt: int) -> None:
    if not is_running(connection, run_id, attempt):
        run = get_run(connection, run_id)
        raise Conflict(
            f"Attempt {attempt} of run {run_id} is over: the run is {run.status} (attempt {run.attempt}). Stop it."
        )


def _epoch(row) -> Epoch:
    data: dict[str, Any] = {name: math.nan if value is None else value for name, value in row._mapping.items()}
    return Epoch(**data)


def _evaluation(row) -> Evaluation:
    data = row._asdict()
    data["loss"] = math.nan if data["loss"] is None else data["loss"]
    data["ci95"] = tuple(data["ci95"])
    data["per_class"] = tuple(ClassScore(**score) for score in data["per_class"])
    data["confusion"] = tuple(tuple(counts) for counts in data["confusion"])
    return Evaluation(**data)
