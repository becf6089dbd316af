"""Results of runs: epochs, evaluation, cost. Only the running attempt can write them."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, delete, false, insert, select, update

from core.errors import Conflict
from core.registry.connection import Store
from core.registry.forecasts import check_forecast
from core.registry.models import insert_model
from core.registry.queue import end_run, is_running
from core.registry.runs import get_run, insert_run, run_row
from core.registry.schema import attempts, columns_of, costs, epochs, evaluations, ids_in, row_of, runs
from core.runs.costs import Spent
from core.runs.values import ClassScore, Cost, Epoch, Evaluation, Model, Run, Status

_EPOCH_COLUMNS = columns_of(epochs, Epoch)
_EPOCH_NAMES = [column.name for column in _EPOCH_COLUMNS]
_MEASURED = ("loss", "accuracy", "val_loss", "val_accuracy")
"""Of every epoch; NaN is stored as NULL."""
_COST_COLUMNS = columns_of(costs, Cost)
_EVALUATION_COLUMNS = columns_of(evaluations, Evaluation)


class ResultStore(Store):
    """Epochs, evaluations and costs."""

    def record_epoch(self, run_id: str, attempt: int, epoch: Epoch) -> None:
        """Stores the metrics of an epoch; deletes those of later epochs (training resumed from an older checkpoint).

        Raises:
            Conflict: ``attempt`` is not the running attempt (any more).
        """
        with self.writing() as connection:
            check_running(connection, run_id, attempt)
            connection.execute(delete(epochs).where(epochs.c.run_id == run_id, epochs.c.number >= epoch.number))
            connection.execute(insert(epochs).values(run_id=run_id, **asdict(epoch)))
            connection.execute(update(runs).where(runs.c.id == run_id).values(epochs_done=epoch.number))

    def finish(
        self,
        run_id: str,
        attempt: int,
        *,
        evaluation: Evaluation,
        cost: Cost,
        model: Model,
        best_epoch: int | None,
        reason: str = "",
    ) -> None:
        """Evaluation, cost, model and the status FINISHED, all or nothing.

        Args:
            reason: why it ended before its last epoch, if it did: "Stopped after epoch 3 of 10."

        Raises:
            Conflict: ``attempt`` is not the running attempt (any more).
        """
        with self.writing() as connection:
            check_running(connection, run_id, attempt)
            _insert_results(connection, run_id, evaluation, cost, model)
            check_forecast(connection, run_id, attempt, cost, time.time())
            end_run(connection, run_id, Status.FINISHED, reason)
            values = _figures(evaluation, cost) | {"best_epoch": best_epoch}
            connection.execute(update(runs).where(runs.c.id == run_id).values(values))

    def add_finished(self, run: Run, *, evaluation: Evaluation, cost: Cost, model: Model) -> Run:
        """Adds a finished run that was never in the queue (a combination of runs), all or nothing.

        Its only attempt starts at ``run.created_at`` (now when that is 0).

        Returns:
            The run as it was stored: FINISHED, with its metrics.

        Raises:
            NotFound: its dataset is not there. Conflict: its id is taken.
        """
        now = time.time()
        began = run.created_at or now
        figures = _figures(evaluation, cost)
        ended: dict[str, Any] = {"status": Status.FINISHED, "attempt": 1, "ended_at": now}
        ended |= {"created_at": began, "started_at": began}
        run = replace(run, **ended, **figures)
        row = run_row(run)
        with self.writing() as connection:
            run = insert_run(connection, run, row)
            connection.execute(insert(attempts).values(_only_attempt(run, cost)))
            _insert_results(connection, run.id, evaluation, cost, model)
        return run

    def epochs(self, run_id: str) -> list[Epoch]:
        """The recorded epochs of a run in order."""
        return self.epochs_of([run_id])[run_id]

    def epochs_of(self, run_ids: Iterable[str]) -> dict[str, list[Epoch]]:
        """The recorded epochs of several runs in order, by run id; [] where there are none."""
        found: dict[str, list[Epoch]] = {run_id: [] for run_id in run_ids}
        query = (
            select(epochs.c.run_id, *_EPOCH_COLUMNS)
            .where(epochs.c.run_id.in_(ids_in(found)))
            .order_by(epochs.c.run_id, epochs.c.number)
        )
        with self.reading() as connection:
            for run_id, *values in connection.execute(query):
                found[run_id].append(_epoch(values))
        return found

    def validation_accuracies(self, run_ids: Iterable[str]) -> dict[str, float]:
        """Validation accuracy of the epoch that the model was saved from, by run id, where there are epochs."""
        saved_from = (epochs.c.run_id == runs.c.id) & (epochs.c.number == runs.c.best_epoch)
        query = select(runs.c.id, epochs.c.val_accuracy).join(epochs, saved_from)
        query = query.where(runs.c.id.in_(ids_in(run_ids)), epochs.c.val_accuracy.is_not(None))
        with self.reading() as connection:
            return dict(connection.execute(query).all())

    def evaluation(self, run_id: str) -> Evaluation | None:
        """The evaluation on the test split; None before it was measured."""
        return self.evaluations([run_id]).get(run_id)

    def evaluations(self, run_ids: Iterable[str]) -> dict[str, Evaluation]:
        """The evaluations on the test split, by run id; runs without one are omitted."""
        query = select(evaluations.c.run_id, *_EVALUATION_COLUMNS).where(evaluations.c.run_id.in_(ids_in(run_ids)))
        with self.reading() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return {row.pop("run_id"): _evaluation(row) for row in rows}

    def cost(self, run_id: str) -> Cost | None:
        """The cost of a finished run; None before."""
        return self.costs([run_id]).get(run_id)

    def costs(self, run_ids: Iterable[str]) -> dict[str, Cost]:
        """The costs of the finished ones among these runs, by run id."""
        query = select(costs.c.run_id, *_COST_COLUMNS).where(costs.c.run_id.in_(ids_in(run_ids)))
        with self.reading() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return {row.pop("run_id"): Cost(**row) for row in rows}

    def unchecked_costs(self) -> list[str]:
        """Ids of the runs whose cost without reuse was computed by a version that left parts out, the oldest first."""
        query = select(costs.c.run_id).join(runs, runs.c.id == costs.c.run_id)
        query = query.where(costs.c.alone_checked == false()).order_by(runs.c.created_at, runs.c.number)
        with self.reading() as connection:
            return list(connection.scalars(query))

    def correct_costs(self, corrected: Mapping[str, Spent | None]) -> None:
        """Replaces the costs without reuse of these runs (None: not known); they are checked now."""
        with self.writing() as connection:
            for run_id, alone in corrected.items():
                values = {
                    "alone_wall_seconds": alone.wall_seconds if alone else None,
                    "alone_cpu_seconds": alone.cpu_seconds if alone else None,
                    "alone_checked": True,
                }
                connection.execute(update(costs).where(costs.c.run_id == run_id).values(values))


def _insert_results(connection: Connection, run_id: str, evaluation: Evaluation, cost: Cost, model: Model) -> None:
    connection.execute(insert(evaluations).values(run_id=run_id, **asdict(evaluation)))
    connection.execute(insert(costs).values(run_id=run_id, **row_of(costs, cost)))
    insert_model(connection, model)


def _figures(evaluation: Evaluation, cost: Cost) -> dict[str, Any]:
    """The columns of the table of runs that repeat a run's results."""
    low, high = evaluation.ci95
    accuracies = {"test_accuracy": evaluation.accuracy, "test_low": low, "test_high": high}
    return accuracies | {"wall_seconds": cost.wall_seconds}


def _only_attempt(run: Run, cost: Cost) -> dict[str, Any]:
    """The row of the attempt of a run that was not trained."""
    times = {"started_at": run.started_at, "ended_at": run.ended_at}
    spent = {"wall_seconds": cost.wall_seconds, "cpu_seconds": cost.cpu_seconds}
    names = {"slot": run.slot or "", "token": "", "outcome": Status.FINISHED}
    return {"run_id": run.id, "number": 1, "spent": spent} | times | names


def check_running(connection: Connection, run_id: str, attempt: int) -> None:
    if not is_running(connection, run_id, attempt):
        run = get_run(connection, run_id)
        raise Conflict(
            f"Attempt {attempt} of run {run_id} is over: the run is {run.status} (attempt {run.attempt}). Stop it."
        )


def _epoch(values: Sequence[Any]) -> Epoch:
    data: dict[str, Any] = dict(zip(_EPOCH_NAMES, values, strict=True))
    measured = {name: math.nan if data[name] is None else data[name] for name in _MEASURED}
    return Epoch(**data | measured)


def _evaluation(data: dict[str, Any]) -> Evaluation:
    data["loss"] = math.nan if data["loss"] is None else data["loss"]
    data["ci95"] = tuple(data["ci95"])
    data["per_class"] = tuple(ClassScore(**score) for score in data["per_class"])
    data["confusion"] = tuple(tuple(counts) for counts in data["confusion"])
    data["hardest"] = tuple(data["hardest"] or ())
    return Evaluation(**data)
