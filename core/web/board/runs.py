"""What TensorBoard shows of runs beside their curves: names, settings, metrics."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.charts.styles import run_colour
from core.errors import GraftError, NotFound
from core.recipes.labels import choice_title, method_title
from core.recipes.recipe import PARTS, Recipe
from core.registry import Registry
from core.runs.epochs import best_of
from core.runs.values import Cost, Epoch, Evaluation, Run

METRICS: dict[str, tuple[str, str]] = {
    "graft/accuracy": ("test accuracy", "Fraction of the test photos predicted correctly."),
    "graft/best_validation": (
        "best validation accuracy",
        "Fraction of the validation photos predicted correctly, in the best epoch.",
    ),
    "graft/log_loss": ("log-loss", "Mean cross-entropy on the test photos; smaller is better."),
    "graft/seconds_alone": ("training seconds", "Training time without cached features."),
    "graft/ms_per_photo": ("ms per photo", "Time to predict one photo on this machine, median."),
    "graft/balanced_accuracy": (
        "balanced accuracy",
        "Mean over the classes of the fraction of their test photos predicted correctly.",
    ),
    "graft/calibration_error": (
        "calibration error",
        "Expected difference between confidence and accuracy (15 bins); smaller is better.",
    ),
    "graft/seconds_paid": ("seconds spent", "Training time spent; cached features cost nothing."),
}
"""Tag, column title and description of every metric; TensorBoard shows the first five by default.

The tags appear in no event file, so they cannot collide.
"""


@dataclass(frozen=True, kw_only=True)
class BoardRun:
    """A run as TensorBoard shows it."""

    run: Run
    evaluation: Evaluation | None = None
    cost: Cost | None = None
    best_validation: float | None = None

    @property
    def metrics(self) -> dict[str, float]:
        """Tag -> value of every metric with a finite value."""
        measured, cost = self.evaluation, self.cost
        values: tuple[float | None, ...] = (
            measured.accuracy if measured else None,
            self.best_validation,
            measured.loss if measured else None,
            cost.alone_wall_seconds if cost else None,
            cost.ms_per_photo if cost else None,
            measured.balanced_accuracy if measured else None,
            measured.ece if measured else None,
            cost.wall_seconds if cost else None,
        )
        named = zip(METRICS, values, strict=True)
        return {tag: value for tag, value in named if value is not None and math.isfinite(value)}


EVERYWHERE: dict[str, float] = {"depth": 0, "epochs": 0, "views": 1}
"""Values for runs whose pattern does not use the setting.

TensorBoard draws only runs with a value on each of its first five axes: backbone, pattern and these three.
"""


def hyperparameters(recipe: Recipe) -> Mapping[str, str | float | bool]:
    """Backbone, pattern and the hyperparameters that this pattern uses, the most important ones first; choices in the
    words of the pages, among them the input size, which may be the backbone's own."""
    hp = {name: value for name, value in recipe.settings().items() if name not in PARTS}
    return {
        "backbone": " + ".join(recipe.backbones) or "-",
        "pattern": method_title(recipe),
        **EVERYWHERE,
        **{
            name: choice_title(name, str(value)) if isinstance(value, str) or name == "input_size" else value
            for name, value in hp.items()
        },
    }


NEWEST = 300
"""Runs that can be chosen, and that are shown if none is."""


class RegistryRuns:
    """Reads the registry at every call, so that renaming and deletion take effect at once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def names(self, run_ids: Collection[str]) -> dict[str, str]:
        """Display names by id, without unknown ids."""
        return {run.id: run.name for run in self._runs(run_ids)}

    def colours(self, run_ids: Collection[str]) -> dict[str, str]:
        """``#RRGGBB`` by id, without unknown ids."""
        return {run.id: run_colour(run) for run in self._runs(run_ids)}

    def details(self, run_ids: Collection[str] | None) -> dict[str, BoardRun]:
        """Recipes and metrics by id; None for the newest runs."""
        registry = self._registry
        runs = registry.runs(limit=NEWEST) if run_ids is None else self._runs(run_ids)
        ids = [run.id for run in runs]
        evaluations, costs, epochs = registry.evaluations(ids), registry.costs(ids), registry.epochs_of(ids)
        return {
            run.id: BoardRun(
                run=run,
                evaluation=evaluations.get(run.id),
                cost=costs.get(run.id),
                best_validation=self._validation(run, epochs[run.id]),
            )
            for run in runs
        }

    def _validation(self, run: Run, epochs: Sequence[Epoch]) -> float | None:
        """Validation accuracy of the best epoch; without epochs that of the card."""
        if epochs:
            return best_of(epochs, run.recipe.hyperparameters.best_by).val_accuracy
        try:
            accuracy: float | None = self._registry.model(run.id).card["validation"]["accuracy"]
            return accuracy
        except (NotFound, KeyError):  # not finished, its weights were deleted, an old card
            return None

    def _runs(self, run_ids: Collection[str]) -> list[Run]:
        found = []
        for run_id in run_ids:
            try:
                run = self._registry.run(run_id)
            except GraftError:
                continue
            if run.id == run_id:  # not the beginning of an id, or another way to name a run
                found.append(run)
        return found
