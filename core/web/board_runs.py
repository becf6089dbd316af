"""What TensorBoard is told about runs beside their curves: names, recipes, figures."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.errors import GraftError
from core.recipes import RELEVANT, Recipe
from core.runs import Cost, Evaluation, Run
from core.workbench import Workbench

METRICS: dict[str, tuple[str, str]] = {
    "graft/accuracy": ("test accuracy", "Share of the test photos it got right."),
    "graft/balanced_accuracy": ("balanced accuracy", "Mean over the classes of the share of their test photos right."),
    "graft/log_loss": ("log-loss", "Mean cross-entropy on the test photos; smaller is better."),
    "graft/calibration_error": (
        "calibration error",
        "How far its probabilities are from how often it is right (15 bins); smaller is better.",
    ),
    "graft/best_validation": ("best validation accuracy", "Of its best epoch; only of runs that train epochs."),
    "graft/seconds_alone": ("seconds alone", "Training time, had the run computed everything itself."),
    "graft/seconds_paid": ("seconds paid", "Training time it really took; stored features cost nothing."),
    "graft/ms_per_photo": ("ms per photo", "To answer for one photo on this machine, median."),
}
"""Tag, column title and description of what is measured. The tags are in no event file, so they cannot collide."""


@dataclass(frozen=True, kw_only=True)
class BoardRun:
    """A run as TensorBoard shows it."""

    run: Run
    evaluation: Evaluation | None = None
    cost: Cost | None = None
    best_validation: float | None = None

    @property
    def metrics(self) -> dict[str, float]:
        """Tag -> value of everything that was measured, of a finite value."""
        measured, cost = self.evaluation, self.cost
        values: tuple[float | None, ...] = (
            *((measured.accuracy, measured.balanced_accuracy, measured.loss, measured.ece) if measured else [None] * 4),
            self.best_validation,
            *((cost.alone_wall_seconds, cost.wall_seconds, cost.ms_per_photo) if cost else [None] * 3),
        )
        named = zip(METRICS, values, strict=True)
        return {tag: value for tag, value in named if value is not None and math.isfinite(value)}


def hyperparameters(recipe: Recipe) -> Mapping[str, str | float | bool]:
    """Backbone, pattern and the hyperparameters that this pattern looks at."""
    pattern = str(recipe.pattern) if recipe.cascade is None else f"{recipe.pattern} ({recipe.cascade})"
    parts = {"backbone": " + ".join(recipe.backbones), "pattern": pattern}
    numbers = {name: getattr(recipe.hyperparameters, name) for name in RELEVANT[recipe.pattern]}
    plain = {name: str(value) if isinstance(value, str) else value for name, value in numbers.items()}
    return {name: value for name, value in parts.items() if value} | plain


NEWEST = 300
"""So many runs are looked up where none were chosen."""


class RegistryRuns:
    """Reads the registry at every question, so that a new name or a deletion is seen at once."""

    def __init__(self, bench: Workbench):
        self._bench = bench

    def names(self, run_ids: Collection[str]) -> dict[str, str]:
        return {run.id: run.name for run in self._runs(run_ids)}

    def details(self, run_ids: Collection[str] | None) -> dict[str, BoardRun]:
        runs = self._bench.runs(limit=NEWEST) if run_ids is None else self._runs(run_ids)
        registry, ids = self._bench.registry, [run.id for run in runs]
        evaluations, costs, epochs = registry.evaluations(ids), registry.costs(ids), registry.epochs_of(ids)
        return {
            run.id: BoardRun(
                run=run,
                evaluation=evaluations.get(run.id),
                cost=costs.get(run.id),
                best_validation=next(
                    (one.val_accuracy for one in epochs[run.id] if one.number == run.best_epoch), None
                ),
            )
            for run in runs
        }

    def _runs(self, run_ids: Collection[str]) -> list[Run]:
        found = []
        for run_id in run_ids:
            try:
                run = self._bench.run(run_id)
            except GraftError:
                continue
            if run.id == run_id:  # not the beginning of an id, or another way to name a run
                found.append(run)
        return found
