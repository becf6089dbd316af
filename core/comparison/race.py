"""Runs that were launched together, side by side while they train: validation accuracy over time, and their order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from math import inf, isfinite

from core.comparison.curves import before_training
from core.comparison.table import require_one_dataset
from core.errors import GraftError
from core.runs.epochs import best_of
from core.runs.predictions import read_predictions
from core.runs.values import Epoch, Run, Status
from core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Racer:
    """One run of a race.

    Args:
        seconds, accuracies: validation accuracy (0..1) over the time since the run's own start, without its time in the
            queue: a point an epoch; of a run without epochs one point when it has finished, before that none.
        kept: index of the epoch whose model would be kept now; None without a point.
        rank: from 1; None without an accuracy.
    """

    run: Run
    seconds: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()
    kept: int | None = None
    rank: int | None = None

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def accuracy(self) -> float | None:
        """Validation accuracy of the epoch that would be kept."""
        return None if self.kept is None else self.accuracies[self.kept]


def race(
    runs: Sequence[Run],
    epochs: Mapping[str, Sequence[Epoch]],
    stages: Mapping[str, Mapping[str, float]],
    validation: Mapping[str, float],
    training_seconds: Mapping[str, float | None] | None = None,
) -> tuple[Racer, ...]:
    """The runs in their order: by validation accuracy while one of them has not ended, then by test accuracy.

    One measure for all, so that a run does not change its place because another measure was used for it. Of runs with
    equal test accuracy the one with the shorter training time comes first, as in the leaderboard; equal runs keep the
    order of ``runs``, and those without an accuracy are last.

    Args:
        runs: of one dataset. epochs: by run id, in order. stages: seconds per stage so far, by run id.
        validation: validation accuracy of finished runs without epochs, by run id. training_seconds: training time of
            finished runs, by run id.

    Raises:
        SeveralDatasets: they belong to several datasets.
    """
    require_one_dataset(runs)
    racers = [_racer(run, epochs.get(run.id, ()), stages.get(run.id, {}), validation) for run in runs]
    is_over = all(run.status.ended for run in runs)
    measured = {racer.run.id: racer.run.test_accuracy if is_over else racer.accuracy for racer in racers}
    paid = training_seconds if is_over and training_seconds else {}
    ordered = sorted(racers, key=lambda racer: (-_or(measured[racer.run.id], -inf), _or(paid.get(racer.run.id), inf)))
    return tuple(
        racer if measured[racer.run.id] is None else replace(racer, rank=rank)
        for rank, racer in enumerate(ordered, start=1)
    )


def validation_accuracies(runs: Iterable[Run], settings: Settings) -> dict[str, float]:
    """Validation accuracy of the finished runs that have no epochs, from their stored predictions, by run id."""
    found = {
        run.id: _validation_accuracy(run.id, settings)
        for run in runs
        if run.status is Status.FINISHED and not run.recipe.is_trained
    }
    return {run_id: accuracy for run_id, accuracy in found.items() if accuracy is not None}


@lru_cache(maxsize=2048)
def _validation_accuracy(run_id: str, settings: Settings) -> float | None:
    """Kept, because a page that follows a launch asks every second and a finished run does not change."""
    try:
        return read_predictions(run_id, "validation", settings).accuracy
    except GraftError:  # deleted or damaged: the run is listed without it
        return None


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _racer(run: Run, epochs: Sequence[Epoch], stages: Mapping[str, float], validation: Mapping[str, float]) -> Racer:
    reached = [epoch for epoch in epochs if isfinite(epoch.val_accuracy)]
    if not reached:
        return _without_epochs(run, validation)
    before = before_training(stages)
    start = sum(stages.values()) if before is None else before
    ends = dict(zip((epoch.number for epoch in epochs), accumulate(epoch.seconds for epoch in epochs), strict=True))
    return Racer(
        run=run,
        seconds=tuple(start + ends[epoch.number] for epoch in reached),
        accuracies=tuple(epoch.val_accuracy for epoch in reached),
        kept=reached.index(best_of(reached, run.recipe.hyperparameters.best_by)),
    )


def _without_epochs(run: Run, validation: Mapping[str, float]) -> Racer:
    accuracy = validation.get(run.id)
    if run.status is not Status.FINISHED or accuracy is None:
        return Racer(run=run)
    return Racer(run=run, seconds=(run.wall_seconds or 0.0,), accuracies=(accuracy,), kept=0)
