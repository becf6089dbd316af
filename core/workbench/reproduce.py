"""Reproducing a run with the same seed, and comparing both metric by metric."""

from dataclasses import dataclass, replace

from core import jobs
from core.errors import Conflict, GraftError
from core.people.acting import Role, require
from core.planning.decide import Decision, EarlierRun, Plan
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.needs import RunNeeds
from core.runs.predictions import read_predictions
from core.runs.values import Epoch, Evaluation, Run, Status
from core.settings import Settings
from core.workbench.launch import Launching


@dataclass(frozen=True, kw_only=True)
class ReproductionDifference:
    """One metric of both; ``difference`` is the second less the first, None where one of them is missing."""

    name: str
    original: float | None
    again: float | None

    @property
    def difference(self) -> float | None:
        return None if self.original is None or self.again is None else self.again - self.original


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """The result of a reproduction.

    Args:
        differences: of every metric. photos_differing: test photos whose probabilities differ, None when they
            are not stored (any more). identical: whether everything agrees bit for bit; None while
            ``again`` is not finished.
    """

    original: Run
    again: Run
    differences: tuple[ReproductionDifference, ...]
    photos_differing: int | None
    identical: bool | None


class Reproducing(Launching):
    """Reproducing a finished run, and the comparison of both."""

    def reproduce(self, run_id: str, *, priority: int = 0) -> Run:
        """Repeat a finished run from its first epoch with the same seed, to check that the results agree.

        Raises:
            Conflict: it is not finished, or was ended by hand under a learning rate that falls over all its epochs.
        """
        require(Role.TRAINER, "Reproducing a run")
        original = self.registry.run(run_id)
        if original.status is not Status.FINISHED:
            raise Conflict(f"Only a finished run can be reproduced. Run {original.id} is {original.status}.")
        plan = Plan(
            dataset_id=original.dataset_id,
            recipe=_as_it_ran(original),
            fingerprint=original.fingerprint,
            decision=Decision.NEW,
            because=f"It is run {original.id} again.",
            name=f"{original.name} · reproduction",
            reproduces=original.id,
        )
        plan = self._planner(original.dataset_id).estimated(plan)
        waiting = self._waiting()
        run = self._launch(plan, priority, RunNeeds())
        self._store_forecasts([(plan, run)], waiting)
        self.registry.log("reproduce", {"dataset": run.dataset_id, "run": original.id, "again": run.id})
        if not run.status.ended:
            jobs.ensure_supervisor(self.settings)
        return run

    def reproduction(self, run_id: str) -> Reproduction | None:
        """A run and its reproduction, metric by metric; None when it was never reproduced."""
        run = self.registry.run(run_id)
        pair = self._pair(run)
        return None if pair is None else difference(*pair, self.registry, self.settings)

    def _pair(self, run: Run) -> tuple[Run, Run] | None:
        if run.reproduces is not None:
            return self.registry.run(run.reproduces), run
        again = self.registry.reproductions_of(run.id)
        return (run, again[-1]) if again else None


def _as_it_ran(run: Run) -> Recipe:
    """The recipe with the number of epochs that were run, where the user ended the run before its last one."""
    if not EarlierRun(run=run, has_model=True, has_checkpoint=False).stopped_by_user:
        return run.recipe
    if run.recipe.length_matters:
        raise Conflict(
            f"Run {run.id} was stopped after epoch {run.epochs_done} of {run.recipe.hyperparameters.epochs} while its "
            "learning rate was still falling, so doing it again would end elsewhere. Extend it to its end first."
        )
    return replace(run.recipe, hyperparameters=replace(run.recipe.hyperparameters, epochs=run.epochs_done))


def difference(original: Run, again: Run, registry: Registry, settings: Settings) -> Reproduction:
    """The metrics of ``original`` and ``again`` side by side."""
    differences = (*_figures(original, again, registry), *_epochs(original, again, registry))
    photos = _photos_differing(original, again, settings)
    agree = all(one.original == one.again for one in differences if one.name != "time spent (s)") and not photos
    finished = again.status is Status.FINISHED
    return Reproduction(
        original=original,
        again=again,
        differences=differences,
        photos_differing=photos,
        identical=agree if finished else None,
    )


def _figures(original: Run, again: Run, registry: Registry) -> list[ReproductionDifference]:
    first, second = registry.evaluation(original.id), registry.evaluation(again.id)
    return [
        ReproductionDifference(name="test accuracy", original=original.test_accuracy, again=again.test_accuracy),
        ReproductionDifference(name="test loss", original=_loss(first), again=_loss(second)),
        ReproductionDifference(name="best epoch", original=original.best_epoch, again=again.best_epoch),
        ReproductionDifference(name="time spent (s)", original=original.wall_seconds, again=again.wall_seconds),
    ]


def _loss(evaluation: Evaluation | None) -> float | None:
    return None if evaluation is None else evaluation.loss


_METRICS = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
}


def _epochs(original: Run, again: Run, registry: Registry) -> list[ReproductionDifference]:
    """For every metric the epoch with the largest difference; the last common epoch where there is none."""
    first = {epoch.number: epoch for epoch in registry.epochs(original.id)}
    second = {epoch.number: epoch for epoch in registry.epochs(again.id)}
    shared = sorted(first.keys() & second.keys())
    if not shared:
        return []
    return [_furthest(key, [(first[number], second[number]) for number in shared]) for key in _METRICS]


def _furthest(key: str, pairs: list[tuple[Epoch, Epoch]]) -> ReproductionDifference:
    one, other = max(pairs, key=lambda pair: (abs(getattr(pair[0], key) - getattr(pair[1], key)), pair[0].number))
    name = f"{_METRICS[key]}, epoch {one.number}"
    return ReproductionDifference(name=name, original=getattr(one, key), again=getattr(other, key))


def _photos_differing(original: Run, again: Run, settings: Settings) -> int | None:
    try:
        first, second = (read_predictions(run.id, "test", settings) for run in (original, again))
    except GraftError:  # gone or damaged
        return None
    if first.digests != second.digests or first.probabilities.shape != second.probabilities.shape:
        return None
    return int((first.probabilities != second.probabilities).any(axis=1).sum())
