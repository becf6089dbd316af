"""Fills in columns that were added after a run was written: homes of older versions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Update, bindparam, literal_column, select, update

from core.errors import GraftError
from core.registry.connection import Store
from core.registry.runs import RUN_COLUMNS, derived_columns, get_run, read_runs
from core.registry.schema import evaluations, runs
from core.runs.values import Run
from core.settings import Settings

if TYPE_CHECKING:
    import numpy as np

    from core.runs.predictions import Predictions

_BATCH = 100
"""Rows of one transaction, so that a trainer does not wait long to write."""


_UNSEEN = runs.c.search == literal_column("''")
_UNMEASURED = select(evaluations.c.run_id, evaluations.c.confusion).where(evaluations.c.hardest.is_(None))


class Backfill(Store):
    """Called at every start; with nothing to do it takes two look-ups in partial indexes."""

    def backfill(self, settings: Settings) -> int:
        """Fills in the columns for searching, sorting, filtering and grouping; returns the number of changed rows.

        Family, pattern, backbone and search text are derived from the run; balanced accuracy and macro-F1 from the
        confusion matrix; the other metrics from ``runs/<id>/test.npz``. Where that file is missing or damaged they
        stay None, and the row is marked as done (``hardest`` is an empty list, no longer NULL).
        """
        return self._fill_in_runs() + self._fill_in_metrics(settings)

    def _fill_in_runs(self) -> int:
        with self.reading() as connection:
            older = read_runs(connection, select(*RUN_COLUMNS).where(_UNSEEN))
        changes = [{"run": run.id, **derived_columns(run)} for run in older]
        # Another process may have filled in the row, and changed the run since.
        return self._write(update(runs).where(runs.c.id == bindparam("run"), _UNSEEN), changes)

    def _fill_in_metrics(self, settings: Settings) -> int:
        with self.reading() as connection:
            older = connection.execute(_UNMEASURED).all()
            rows = [(get_run(connection, run_id), confusion) for run_id, confusion in older]
        statement = update(evaluations).where(evaluations.c.run_id == bindparam("run"))
        return sum(
            self._write(statement, [{"run": run.id, **_metrics(run, confusion, settings)} for run, confusion in part])
            for part in _batches(rows)
        )

    def _write(self, statement: Update, changes: list[dict[str, Any]]) -> int:
        for part in _batches(changes):
            with self.writing() as connection:
                connection.execute(statement, part)
        return len(changes)


def _batches(items: list) -> Iterator[list]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _metrics(run: Run, confusion: list[list[int]], settings: Settings) -> dict[str, Any]:
    import numpy as np  # not needed to open the registry

    from core.runs import metrics
    from core.runs.predictions import read_predictions

    counts = np.array(confusion)
    found: dict[str, Any] = {"ece": None, "right": None, "hardest": []}
    found |= {"balanced_accuracy": metrics.balanced_accuracy(counts), "macro_f1": metrics.macro_f1(counts)}
    try:
        known = read_predictions(run.id, "test", settings)
    except GraftError:
        return found
    if not _measured(known, counts):
        return found
    return found | {
        "ece": metrics.calibration_error(known.probabilities, known.labels),
        "right": metrics.right_bits(known.correct, known.digests),
        "hardest": list(metrics.hardest(known.probabilities, known.labels, known.digests)),
    }


def _measured(known: "Predictions", counts: "np.ndarray") -> bool:
    """Whether these are the predictions that were counted when the run was evaluated."""
    if known.probabilities.shape[1] != len(counts):
        return False
    from core.runs.metrics import confusion_matrix

    return bool((confusion_matrix(known.labels, known.predicted, len(counts)) == counts).all())
