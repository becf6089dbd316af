"""The runs of one dataset for the leaderboard, which has thousands: what has changed since, and the cells of a page."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, cast, func, select

from core.registry.connection import Store
from core.registry.functions import in_one_array, larger
from core.registry.schema import boards, costs, epochs, evaluations, ids_in, models, runs
from core.runs.values import Cost

SPARKLINE_POINTS = 30
COST_NUMBERS = tuple(field.name for field in fields(Cost) if field.name not in ("stages", "energy_source"))
_PART = 2000
"""Runs that are read at once: 100,000 would take some 200 MB as Python's objects."""


@dataclass(frozen=True, kw_only=True)
class BoardRevision:
    """The state of all runs of a dataset; equal when nothing about them was written in between.

    Args:
        number: raised by every write. deletions: of runs so far.
    """

    number: int = 0
    deletions: int = 0


@dataclass(frozen=True, kw_only=True)
class BoardChanges:
    """What has changed since a board was read.

    Args:
        revision: of the state that was read.
        count: of the changed and added runs.
        parts: these runs, in no order, some at a time, as columns of equal length; to be read once.
        numbers: of all runs that are there; None when none was deleted.
    """

    revision: BoardRevision
    count: int
    parts: Iterator[dict[str, Sequence[Any]]]
    numbers: list[int] | None


class Boards(Store):
    """The data of the leaderboard."""

    @contextmanager
    def board_changes(self, dataset_id: str, since: BoardRevision | None = None) -> Iterator[BoardChanges]:
        """The runs of a dataset that changed after ``since``, all of them for None, in one reading transaction.

        The columns are ``number revision run_id name status fingerprint family pattern backbone starred archived
        created_at epochs_done best_epoch`` of the run; ``accuracy balanced_accuracy macro_f1 log_loss ece n right`` of
        its evaluation (see ``runs.Evaluation``); every number of its cost by the name of the field; ``has_weights``.
        What was not measured is None.
        """
        of_it = runs.c.dataset_id == dataset_id
        changed = of_it if since is None else of_it & (runs.c.revision > since.number)
        query = select(*(column.label(name) for name, column in BOARD_COLUMNS.items())).select_from(_WITH_RESULTS)
        query = query.where(changed)
        if since is None:
            query = query.order_by(runs.c.number.desc())  # as in the index on datasets, so nothing is sorted
        with self.reading() as connection:
            now = _revision(connection, dataset_id)
            count = connection.scalar(select(func.count()).select_from(runs).where(changed)) or 0
            numbers = None
            if since is not None and since.deletions != now.deletions:
                numbers = connection.scalar(select(in_one_array(runs.c.number)).where(of_it)) or []
            yield BoardChanges(revision=now, count=count, parts=_parts(connection, query), numbers=numbers)

    def board_cells(self, run_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """By run id what the leaderboard writes about a run and never sorts by; runs that are gone are left out.

        The keys are ``name notes status pattern backbone starred archived tags colour`` of the run and ``n low high
        hardest`` of its evaluation: None where there is none, ``hardest`` is then ().
        """
        query = select(runs.c.id, *_CELLS).outerjoin(evaluations).where(runs.c.id.in_(ids_in(run_ids)))
        with self.reading() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return {row.pop("id"): row | {"hardest": tuple(row["hardest"] or ())} for row in rows}

    def sparklines(self, run_ids: Iterable[str], points: int = SPARKLINE_POINTS) -> dict[str, tuple[float, ...]]:
        """Validation accuracy over the epochs in at most ``points`` even steps, the last epoch always among them.

        Epochs in which it was not a number are left out, and runs without any epoch.
        """
        step = larger(1, (runs.c.epochs_done + points - 1) // points)
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


def _revision(connection: Connection, dataset_id: str) -> BoardRevision:
    query = select(boards.c.number, boards.c.deletions).where(boards.c.dataset_id == dataset_id)
    row = connection.execute(query).first()
    return BoardRevision() if row is None else BoardRevision(**row._mapping)


def _parts(connection: Connection, query: Select) -> Iterator[dict[str, Sequence[Any]]]:
    found = connection.execute(query, execution_options={"yield_per": _PART})
    for rows in found.partitions():
        yield dict(zip(BOARD_COLUMNS, zip(*rows, strict=True), strict=True))


_WITH_RESULTS = (
    runs.outerjoin(evaluations, evaluations.c.run_id == runs.c.id)
    .outerjoin(costs, costs.c.run_id == runs.c.id)
    .outerjoin(models, models.c.run_id == runs.c.id)
)
BOARD_COLUMNS: dict[str, ColumnElement] = {
    "run_id": runs.c.id,
    **{
        name: runs.c[name]
        for name in ("number", "revision", "name", "status", "fingerprint", "family", "pattern", "backbone")
    },
    **{name: cast(runs.c[name], Integer) for name in ("starred", "archived")},
    **{name: runs.c[name] for name in ("created_at", "epochs_done", "best_epoch")},
    "accuracy": runs.c.test_accuracy,
    "has_weights": cast(models.c.run_id.is_not(None), Integer),
    "log_loss": evaluations.c.loss,
    **{name: evaluations.c[name] for name in ("balanced_accuracy", "macro_f1", "ece", "n", "right")},
    **{name: costs.c[name] for name in COST_NUMBERS},
}
_CELLS = (
    *(runs.c[name] for name in ("name", "notes", "status", "pattern", "backbone", "starred", "archived", "tags")),
    runs.c.colour,
    runs.c.test_low.label("low"),
    runs.c.test_high.label("high"),
    evaluations.c.n,
    evaluations.c.hardest,
)
