"""All runs of one dataset as columns, for the leaderboard: thousands of rows are no objects."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Text, func, select, type_coerce

from core.registry.connection import Store
from core.registry.schema import costs, epochs, evaluations, models, runs
from core.runs import Cost

SPARKLINE_POINTS = 30

COST_NUMBERS = tuple(field.name for field in fields(Cost) if field.name not in ("stages", "energy_source"))
_RUN = ("id", "name", "notes", "status", "fingerprint", "family", "pattern", "backbone", "starred", "archived", "tags")
_RUN_NUMBERS = ("created_at", "epochs_done", "best_epoch")
_FIGURES = ("balanced_accuracy", "macro_f1", "ece", "n", "right", "hardest")


class Boards(Store):
    """What the leaderboard is made of."""

    def board(self, dataset_id: str) -> dict[str, list]:
        """Every run of a dataset, the last added first, as columns of equal length.

        Returns:
            ``run_id name notes status fingerprint family pattern backbone starred archived tags created_at epochs_done
            best_epoch`` of the run; ``accuracy low high balanced_accuracy macro_f1 log_loss ece n right hardest`` of
            its evaluation (see ``runs.Evaluation``); every number of its cost by the name of the field;
            ``has_weights``. What was not measured is None; ``tags`` and ``hardest`` are then empty.
        """
        query = (
            select(*(column.label(name) for name, column in _COLUMNS.items()))
            .select_from(runs.outerjoin(evaluations).outerjoin(costs).outerjoin(models, models.c.run_id == runs.c.id))
            .where(runs.c.dataset_id == dataset_id)
            .order_by(runs.c.number.desc())  # the order of the index on datasets: nothing has to be sorted
        )
        with self.reading() as connection:
            rows = connection.execute(query).all()
        columns: dict[str, list] = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=False))
        columns = columns or {name: [] for name in _COLUMNS}
        columns["tags"] = _lists(columns["tags"])
        columns["hardest"] = list(map(tuple, _lists(columns["hardest"])))
        return columns

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


def ids_in(run_ids: Iterable[str]) -> Any:
    """What ``IN`` takes: any number of ids is one parameter."""
    ids = func.json_each(json.dumps(list(run_ids))).table_valued("value")
    return select(ids.c.value)


def _columns() -> dict[str, ColumnElement]:
    found: dict[str, ColumnElement] = {name: runs.c[name] for name in (*_RUN, *_RUN_NUMBERS)}
    found = {"run_id": found.pop("id"), **found}
    found |= {"accuracy": runs.c.test_accuracy, "low": runs.c.test_low, "high": runs.c.test_high}
    found |= {"log_loss": evaluations.c.loss} | {name: evaluations.c[name] for name in _FIGURES}
    found |= {name: costs.c[name] for name in COST_NUMBERS}
    found["has_weights"] = models.c.run_id.is_not(None)
    # Read as text and parsed together: one call of the parser a cell is most of the time for 10,000 runs.
    return found | {name: type_coerce(found[name], Text) for name in ("tags", "hardest")}


_COLUMNS = _columns()


def _lists(texts: Sequence[str | None]) -> list[list[str]]:
    """Lists of JSON, parsed in one go; nothing is an empty one."""
    return json.loads(f"[{','.join(text or '[]' for text in texts)}]")
