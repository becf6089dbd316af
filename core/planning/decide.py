"""Whether a recipe on a dataset is new, or an earlier run is reused, resumed or extended."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.planning.forecasting import Band
from core.planning.work import Work
from core.recipes.recipe import Recipe
from core.recipes.remedy import Remedy
from core.runs.values import Cancel, Run, Status


class Decision(StrEnum):
    """What launching a recipe does."""

    REUSED = "reused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    NEW = "new"
    REFUSED = "refused"


class Level(StrEnum):
    """Severity of a concern."""

    REFUSE = "refuse"  # it cannot be done
    ASK = "ask"  # possible, but must be confirmed
    NOTE = "note"  # good to know


@dataclass(frozen=True, kw_only=True)
class Concern:
    """A refusal, question or note about a plan, in one sentence.

    Args:
        remedies: changes after which it is no concern any more.
    """

    level: Level
    sentence: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One recipe on one dataset, before launching.

    Args:
        fingerprint: see ``recipes.fingerprint``; "" where it cannot be known (refused).
        name: of the run that is reused or resumed; else the one the new run will get.
        decision, because: what launching does and why, one sentence.
        run_id: the existing run that is reused, resumed or extended; None when new.
        first_epoch: the epoch training would start at (1-based); None when no epochs are run.
        estimate_seconds: estimated duration, launched alone or, in a ``GridPlan``, after the rows before it.
        estimate_source: what the estimate is based on.
        correction: in a ``GridPlan``, what of ``estimate_seconds`` is the factor by which past forecasts were off.
        saves_seconds: saved by reuse. saves_source: "measured", "estimated", or "" when nothing is saved.
        work: the parts of the estimate; None where nothing is done or it is not known.
        features_stored: whether all features of the frozen prefix are cached.
        disk_bytes: of the features it would add. memory_bytes: estimated peak of the trainer.
        energy_joules: expected; None where no counter was read on this machine.
        band, memory_band, energy_band: 80 % bands of the duration, memory and energy; None outside of a ``GridPlan``,
            and where nothing is done.
        concerns: to confirm or know before launching; a ``REFUSE`` is a decision instead.
        remedies: of a refused recipe, changes after which it is not refused any more.
        reproduces: id of the run that this one repeats with the same seed.
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
    correction: float = 1.0
    saves_seconds: float = 0.0
    saves_source: str = ""
    work: Work | None = None
    features_stored: bool = False
    disk_bytes: int = 0
    memory_bytes: int = 0
    energy_joules: float | None = None
    band: Band | None = None
    memory_band: Band | None = None
    energy_band: Band | None = None
    concerns: tuple[Concern, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    reproduces: str | None = None


INTERRUPTED = (Status.FAILED, Status.KILLED)
"""Runs that can be resumed."""


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """An earlier run with the same fingerprint, and what is left of it on disk.

    Args:
        may_resume: whether the acting person may change the run: else nothing of it but what it learned is used.
    """

    run: Run
    has_model: bool
    has_checkpoint: bool
    may_resume: bool = True

    @property
    def asked(self) -> int:
        """Epochs of its recipe."""
        return self.run.recipe.hyperparameters.epochs

    @property
    def stopped_by_user(self) -> bool:
        """Whether it is FINISHED only because the user stopped it after an epoch."""
        early = self.run.epochs_done < self.asked
        return self.run.status is Status.FINISHED and early and self.run.cancel is Cancel.AFTER_EPOCH

    @property
    def reaches(self) -> int:
        """Number of epochs whose result it provides: all of its recipe, also where early stopping ended it before."""
        return self.run.epochs_done if self.stopped_by_user else self.asked

    @property
    def has_lost_its_checkpoint(self) -> bool:
        """Whether more epochs would begin at the first one only because its checkpoint is no longer kept."""
        could = self.run.recipe.is_trained and self.run.epochs_done > 0 and not self.run.recipe.length_matters
        finished = self.run.status is Status.FINISHED and not self.stopped_early
        return could and finished and not self.has_checkpoint

    @property
    def stopped_early(self) -> bool:
        """Whether early stopping ended it, so that more epochs would change nothing."""
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
    """Decide about ``recipe``, given the earlier runs with its fingerprint, newest first.

    What saves most is tried first: a finished run, an active one, an interrupted one, a shorter one to extend.
    Where the learning rate schedule spans all epochs (``Recipe.length_matters``), only a run of the same length counts.
    """
    wanted = recipe.hyperparameters.epochs
    originals = [c for c in candidates if not c.run.reproduces] or list(candidates)
    usable = [c for c in originals if not recipe.length_matters or c.asked == wanted]
    for rule in (_finished, _active, _interrupted, _shorter):
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


def _active(recipe: Recipe, candidates: Sequence[EarlierRun]) -> ReuseDecision | None:
    for c in candidates:
        enough = not recipe.is_trained or c.asked >= recipe.hyperparameters.epochs
        if not c.run.status.ended and enough:
            how = "is running now" if c.run.status is Status.RUNNING else "is waiting in the queue"
            return ReuseDecision(decision=Decision.REUSED, because=f"The same run {how}.", run_id=c.run.id)
    return None


def _interrupted(recipe: Recipe, candidates: Sequence[EarlierRun]) -> ReuseDecision | None:
    """A run that was started; one that was cancelled before has nothing to resume. Somebody else's stays as it is."""
    wanted = recipe.hyperparameters.epochs
    ended = [c for c in candidates if c.run.status in INTERRUPTED and c.run.attempt and c.may_resume]
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
    foreign = [c.run for c in candidates if c.run.status in INTERRUPTED and c.run.attempt and not c.may_resume]
    if foreign:
        return f"Run {foreign[0].id}, which was interrupted, belongs to {foreign[0].owner}; this is a run of your own."
    if any(not c.has_model for c in finished):
        return "It was done before, but its model was deleted."
    lost = [c.run for c in finished if c.has_lost_its_checkpoint and c.run.epochs_done < wanted]
    if lost:
        longest = max(lost, key=lambda run: run.epochs_done)
        return (
            f"Run {longest.id} trained the same for {_epochs(longest.epochs_done)}, but its checkpoint is no longer "
            f"kept, so all {wanted} are trained."
        )
    return "No earlier run to reuse."


def _epochs(number: int) -> str:
    return f"{number} epoch{'' if number == 1 else 's'}"
