"""Look before you train: does the answer to a recipe on a dataset exist already?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.recipes.recipe import Recipe
from core.runs.values import Cancel, Run, Status


class Decision(StrEnum):
    """What will happen with a recipe when it is launched."""

    REUSED = "reused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    NEW = "new"
    REFUSED = "refused"


class Level(StrEnum):
    """How much a concern weighs."""

    REFUSE = "refuse"  # it cannot be done
    ASK = "ask"  # it can be done, but a person should say so
    NOTE = "note"  # good to know


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Something to be said before anything is spent; one sentence for a person."""

    level: Level
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One recipe on one dataset, before launching.

    Args:
        fingerprint: see ``recipes.fingerprint``; "" where it cannot be known (refused).
        name: the run's, for people.
        decision, because: what will happen and why, one sentence.
        run_id: the existing run that is reused, resumed or extended; None when new.
        first_epoch: the epoch training would start at (1-based); None when no epochs are run.
        estimate_seconds: what it will take, an estimate; estimate_source: what it is based on.
        saves_seconds: what need not be done again, saves_source: "measured" or "estimated", "" when nothing is saved.
        features_stored: whether everything the frozen prefix says was computed before.
        disk_bytes: of the features it would add. memory_bytes: the trainer is expected to hold.
        concerns: what should be said before launching; never one to ``REFUSE``, that is a decision.
        reproduces: id of the run that this one does again with the same seed.
    """

    dataset_id: str
    recipe: Recipe
    fingerprint: str
    decision: Decision
    because: str
    name: str = ""
    run_id: str | None = None
    first_epoch: int | None = 1
    estimate_seconds: float = 0.0
    estimate_source: str = ""
    saves_seconds: float = 0.0
    saves_source: str = ""
    features_stored: bool = False
    disk_bytes: int = 0
    memory_bytes: int = 0
    concerns: tuple[Concern, ...] = ()
    reproduces: str | None = None


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """An earlier run with the same fingerprint, and what is left of it on disk."""

    run: Run
    has_model: bool
    has_checkpoint: bool

    @property
    def asked(self) -> int:
        """Epochs it was asked for."""
        return self.run.recipe.hyperparameters.epochs

    @property
    def stopped_by_user(self) -> bool:
        """Whether it is FINISHED only because somebody said "stop after this epoch"."""
        early = self.run.epochs_done < self.asked
        return self.run.status is Status.FINISHED and early and self.run.cancel is Cancel.AFTER_EPOCH

    @property
    def reaches(self) -> int:
        """Epochs whose answer it gives: what it was asked for, also where early stopping found that fewer will do."""
        return self.run.epochs_done if self.stopped_by_user else self.asked

    @property
    def stopped_early(self) -> bool:
        """Whether it is FINISHED because the validation loss no longer fell: more epochs would change nothing."""
        early = self.run.recipe.is_trained and self.run.epochs_done < self.asked
        return self.run.status is Status.FINISHED and early and not self.stopped_by_user


@dataclass(frozen=True, kw_only=True)
class ReuseDecision:
    """What ``decide`` found; the fields are those of ``Plan``."""

    decision: Decision
    because: str
    run_id: str | None = None
    first_epoch: int | None = None


def decide(recipe: Recipe, candidates: Sequence[EarlierRun]) -> ReuseDecision:
    """What to do about ``recipe``, given the earlier runs with its fingerprint, newest first.

    The order is the order of saving: an answer that exists, one that is on its way, one half made, one to go on from.
    Where the learning rate falls over all epochs (``Recipe.length_matters``), only a run of the same length will do.
    """
    wanted = recipe.hyperparameters.epochs
    originals = [c for c in candidates if not c.run.reproduces] or list(candidates)
    usable = [c for c in originals if not recipe.length_matters or c.asked == wanted]
    for rule in (_finished, _on_its_way, _interrupted, _shorter):
        found = rule(recipe, usable)
        if found:
            return found
    return ReuseDecision(
        decision=Decision.NEW, because=_why_new(recipe, originals), first_epoch=1 if recipe.is_trained else None
    )


def _finished(recipe: Recipe, candidates: Sequence[EarlierRun]) -> ReuseDecision | None:
    wanted = recipe.hyperparameters.epochs
    for c in candidates:
        enough = not recipe.is_trained or c.reaches >= wanted or c.stopped_early
        if c.run.status is Status.FINISHED and c.has_model and enough:
            return ReuseDecision(decision=Decision.REUSED, because=_what_is_there(recipe, c), run_id=c.run.id)
    return None


def _what_is_there(recipe: Recipe, c: EarlierRun) -> str:
    done, wanted = c.run.epochs_done, recipe.hyperparameters.epochs
    if not recipe.is_trained:
        return "It was done already."
    if c.stopped_early:
        more = "" if wanted <= c.asked else f", so {wanted} epochs would change nothing"
        return (
            f"It was trained already and stopped early after {_epochs(done)}{more}; "
            f"its best epoch was {c.run.best_epoch}."
        )
    more = f" for {_epochs(done)} (you ask for {wanted})" if done > wanted else ""
    return f"It was trained already{more}; its best epoch was {c.run.best_epoch}."


def _on_its_way(recipe: Recipe, candidates: Sequence[EarlierRun]) -> ReuseDecision | None:
    for c in candidates:
        enough = not recipe.is_trained or c.asked >= recipe.hyperparameters.epochs
        if not c.run.status.ended and enough:
            how = "is running now" if c.run.status is Status.RUNNING else "is waiting in the queue"
            return ReuseDecision(decision=Decision.REUSED, because=f"The same run {how}.", run_id=c.run.id)
    return None


def _interrupted(recipe: Recipe, candidates: Sequence[EarlierRun]) -> ReuseDecision | None:
    wanted = recipe.hyperparameters.epochs
    ended = [c for c in candidates if c.run.status in (Status.FAILED, Status.KILLED)]
    stopped = [c for c in ended if not recipe.is_trained or c.asked == wanted]
    if not stopped:
        return None
    best = max(stopped, key=lambda c: c.run.epochs_done if c.has_checkpoint else 0)
    return ReuseDecision(
        decision=Decision.RESUMED,
        because=_where_it_stopped(recipe, best),
        run_id=best.run.id,
        first_epoch=_next_epoch(best) if recipe.is_trained else None,
    )


def _next_epoch(c: EarlierRun) -> int:
    return c.run.epochs_done + 1 if c.has_checkpoint else 1


def _where_it_stopped(recipe: Recipe, c: EarlierRun) -> str:
    why = f" ({c.run.reason.rstrip('.')})" if c.run.status is Status.FAILED and c.run.reason else ""
    verb = "failed" if c.run.status is Status.FAILED else "stopped"
    if not recipe.is_trained:
        return f"It {verb} before it was done{why}; the same run starts again."
    if _next_epoch(c) > 1:
        done, wanted = c.run.epochs_done, recipe.hyperparameters.epochs
        return f"It {verb} after epoch {done} of {wanted}{why}; it goes on with epoch {min(done + 1, wanted)}."
    return f"It {verb} before its first epoch was kept{why}; the same run starts again."


def _shorter(recipe: Recipe, candidates: Sequence[EarlierRun]) -> ReuseDecision | None:
    wanted = recipe.hyperparameters.epochs
    shorter = [c for c in candidates if c.run.status.ended and c.has_checkpoint and 0 < c.run.epochs_done < wanted]
    if not recipe.is_trained or not shorter:
        return None
    longest = max(shorter, key=lambda c: c.run.epochs_done).run
    return ReuseDecision(
        decision=Decision.EXTENDED,
        because=f"The same was trained for {_epochs(longest.epochs_done)}; it goes on to {wanted}.",
        run_id=longest.id,
        first_epoch=longest.epochs_done + 1,
    )


def _why_new(recipe: Recipe, candidates: Sequence[EarlierRun]) -> str:
    finished = [c for c in candidates if c.run.status is Status.FINISHED]
    wanted = recipe.hyperparameters.epochs
    other = [c.asked for c in finished if recipe.length_matters and c.asked != wanted]
    if other:
        return (
            f"It was trained for {_epochs(max(other))}, but its learning rate falls over all of them, so {wanted} are "
            "another path from the first step on."
        )
    if any(not c.has_model for c in finished):
        return "It was done before, but its model was deleted."
    return "No earlier run to reuse."


def _epochs(number: int) -> str:
    return f"{number} epoch{'' if number == 1 else 's'}"
