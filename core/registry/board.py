"""All runs of one dataset as columns, for the leaderboard, which has thousands of rows."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from core.registry.connection import Store
from core.registry.schema import costs, epochs, evaluations, ids_in, models, runs
from core.runs.values import Cost, Status

SPARKLINE_POINTS = 30

COST_NUMBERS = tuple(field.name for field in fields(Cost) if field.name not in ("stages", "energy_source"))
_RUN = (
    "name", "notes", "status", "fingerprint", "family", "pattern", "backbone", "starred", "archived", "created_at",
    "epochs_done", "best_epoch", "colour",
)  # fmt: skip
_FIGURES = ("balanced_accuracy", "macro_f1", "ece", "n", "right")


class Boards(Store):
    """The data of the leaderboard."""

    def board(self, dataset_id: str) -> dict[str, list]:
        """Every run of a dataset, the last added first, as columns of equal length; read-only.

        Returns:
            ``run_id name notes status fingerprint family pattern backbone starred archived tags created_at epochs_done
            best_epoch colour`` of the run; ``accuracy low high balanced_accuracy macro_f1 log_loss ece n right
            hardest`` of its evaluation (see ``runs.Evaluation``); every number of its cost by the name of the field;
            ``has_weights``. What was not measured is None; ``tags`` and ``hardest`` are then empty.
        """
        there = runs.outerjoin(models, models.c.run_id == runs.c.id)
        with self.reading() as connection:
            columns = _read(connection, dataset_id, _RUNS, there)
            columns["tags"] = _lists(columns["tags"])
            return columns | self._measured(connection, dataset_id, columns)

    def _measured(self, connection: Connection, dataset_id: str, columns: dict[str, list]) -> dict[str, list]:
        """Evaluations and costs. Those of a finished run never change, and are read again when others have finished."""
        finished = [status == Status.FINISHED for status in columns["status"]]
        kept = _kept.setdefault(self, {})
        ids, known, found = kept.get(dataset_id, ([], [], {}))
        if not found or (ids, known) != (columns["run_id"], finished):
            found = _read(connection, dataset_id, _MEASURED, runs.outerjoin(evaluations).outerjoin(costs))
            found["hardest"] = list(map(tuple, _lists(found["hardest"])))
            kept[dataset_id] = (columns["run_id"], finished, found)
        return found

    def sparklines(self, run_ids: Iterable[str], points: int = SPARKLINE_POINTS) -> dict[str, tuple[float, ...]]:
        """Validation accuracy over the epochs in at most ``points`` even steps, the last epoch always among them.

        Epochs in which it was not a number are left out, and runs without any epoch.
        """
        step = func.max(1, (runs.c.epochs_done + points - 1) // points)
        query = (
            select(epochs.c.run_id, epochs.c.val_accuracy)
            .join(runs, runs.c.id == epochs.c.run_id)
            .where(epochs.c.run_id.in_(ids_in(run_ids)), epochs.c.val_accuracy.is_not(None))
            .where((runs.c.epochs_done - epochs.c.number) % step == 0)
            .order_by(epochs.c.run_id, epochs.c.number)
        )
        lines: defaultdict[str, list[float]] = defaultdict(list)
        with self.reading() as connection:
            for run_id, accuracy in connection.execute(query):
                lines[run_id].append(accuracy)
        return {run_id: tuple(filter(math.isfinite, line)) for run_id, line in lines.items()}


def _read(connection: Connection, dataset_id: str, wanted: Mapping[str, ColumnElement], there: Any) -> dict[str, list]:
    """Columns of all runs of a dataset; in the order of the index on datasets, so that nothing has to be sorted."""
    query = select(*(column.label(name) for name, column in wanted.items())).select_from(there)
    query = query.where(runs.c.dataset_id == dataset_id).order_by(runs.c.number.desc())
    rows = connection.execute(query).all()
    return dict(zip(wanted, map(list, zip(*rows, strict=True)), strict=True)) if rows else {name: [] for name in wanted}


def _as_text(column: ColumnElement) -> ColumnElement:
    """JSON that is parsed together: one call of the parser a cell is most of the time for 10,000 runs."""
    return type_coerce(column, Text)


_RUNS: dict[str, ColumnElement] = {
    "run_id": runs.c.id,
    **{name: runs.c[name] for name in _RUN},
    "tags": _as_text(runs.c.tags),
    "accuracy": runs.c.test_accuracy,
    "low": runs.c.test_low,
    "high": runs.c.test_high,
    "has_weights": models.c.run_id.is_not(None),
}
_MEASURED: dict[str, ColumnElement] = {
    "log_loss": evaluations.c.loss,
    **{name: evaluations.c[name] for name in _FIGURES},
    "hardest": _as_text(evaluations.c.hardest),
    **{name: costs.c[name] for name in COST_NUMBERS},
}

_kept: WeakKeyDictionary[Boards, dict[str, tuple[list[str], list[bool], dict[str, list]]]] = WeakKeyDictionary()
"""By dataset: ids of its runs and which had finished, with what was measured of them."""


def _lists(texts: Sequence[str | None]) -> list[list[str]]:
    """Lists of JSON, parsed in one go; nothing is an empty one."""
    return list(json.loads(f"[{','.join(text or '[]' for text in texts)}]"))
