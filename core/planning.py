"""Look before you train: does the answer to a recipe on a dataset exist already?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.recipes import Recipe
from core.runs import Run, Status


class Decision(StrEnum):
    """What will happen with a recipe when it is launched."""

    REUSED = "reused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    NEW = "new"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One recipe on one dataset, before launching.

    Args:
        fingerprint: see ``recipes.fingerprint``.
        decision, because: what will happen and why, one sentence.
        run_id: the existing run that is reused, resumed or extended; None when new.
        first_epoch: the epoch training would start at (1-based); None when nothing is trained.
        estimate_seconds: what it will take, an estimate; estimate_source: what it is based on.
        features_stored: whether the frozen prefix was computed before.
    """

    dataset_id: str
    recipe: Recipe
    fingerprint: str
    decision: Decision
    because: str
    run_id: str | None = None
    first_epoch: int | None = 1
    estimate_seconds: float = 0.0
    estimate_source: str = ""
    features_stored: bool = False


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An earlier run with the same fingerprint, and what is left of it on disk."""

    run: Run
    has_model: bool
    has_checkpoint: bool


def decide(epochs: int, candidates: Sequence[Candidate]) -> tuple[Decision, str, str | None, int | None]:
    """(decision, because, run id, first epoch) for a recipe that wants ``epochs`` epochs.

    The order is the order of saving: an answer that exists, one that is on its way, one half made, one to go on from.
    """
    for rule in (_finished, _on_its_way, _interrupted, _shorter):
        found = rule(epochs, candidates)
        if found:
            return found
    lost = any(c.run.status is Status.FINISHED and not c.has_model for c in candidates)
    because = "It was trained before, but its model was deleted." if lost else "Nothing like it was trained before."
    return Decision.NEW, because, None, 1


def _finished(epochs: int, candidates: Sequence[Candidate]):
    for c in candidates:
        if c.run.status is Status.FINISHED and c.has_model and c.run.recipe.hyperparameters.epochs >= epochs:
            trained = c.run.recipe.hyperparameters.epochs
            more = f" for {trained} epochs (you ask for {epochs})" if trained > epochs else ""
            return (
                Decision.REUSED,
                f"It was trained already{more}; its best epoch was {c.run.best_epoch}.",
                c.run.id,
                None,
            )
    return None


def _on_its_way(epochs: int, candidates: Sequence[Candidate]):
    for c in candidates:
        if not c.run.status.ended and c.run.recipe.hyperparameters.epochs >= epochs:
            how = "is running now" if c.run.status is Status.RUNNING else "is waiting in the queue"
            return Decision.REUSED, f"The same run {how}.", c.run.id, None
    return None


def _interrupted(epochs: int, candidates: Sequence[Candidate]):
    stopped = [
        c
        for c in candidates
        if c.run.status in (Status.FAILED, Status.KILLED) and c.run.recipe.hyperparameters.epochs == epochs
    ]
    for c in sorted(stopped, key=lambda c: -c.run.epochs_done):
        if c.has_checkpoint and c.run.epochs_done:
            done = c.run.epochs_done
            return Decision.RESUMED, f"It stopped after epoch {done} of {epochs}.", c.run.id, done + 1
        return Decision.RESUMED, "It stopped before its first epoch was kept; the same run starts again.", c.run.id, 1
    return None


def _shorter(epochs: int, candidates: Sequence[Candidate]):
    shorter = [c for c in candidates if c.run.status.ended and c.has_checkpoint and 0 < c.run.epochs_done < epochs]
    if not shorter:
        return None
    longest = max(shorter, key=lambda c: c.run.epochs_done).run
    because = f"The same was trained for {longest.epochs_done} epochs; it goes on to {epochs}."
    return Decision.EXTENDED, because, longest.id, longest.epochs_done + 1
