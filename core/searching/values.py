"""A search over recipes and its trials, as values. No Optuna here: pages and commands read them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from math import isfinite
from typing import Any

from core.errors import InvalidInput

MOST_MINUTES, MOST_TRIALS = 7 * 24 * 60, 1000


class TrialState(StrEnum):
    """What became of a trial."""

    WAITING = "waiting"  # its run is in the queue
    RUNNING = "running"
    FINISHED = "finished"  # with a validation accuracy
    PRUNED = "pruned"  # cancelled by the search, because its curve fell behind or the budget was spent
    FAILED = "failed"  # its run failed, was cancelled by a person, or was deleted

    @property
    def ended(self) -> bool:
        return self not in (TrialState.WAITING, TrialState.RUNNING)


@dataclass(frozen=True, kw_only=True)
class SearchQuestion:
    """What a search may spend.

    Args:
        minutes: of training time, over all runs that it launches; waiting in the queue and runs that were finished
            before are free. trials: recipes at most; None for no limit.
    """

    minutes: float
    trials: int | None = None


@dataclass(frozen=True, kw_only=True)
class SearchTrial:
    """One recipe that was tried.

    Args:
        number: from 1. run_id, name: of its run. proposed: by ``shortlist``, ``preset`` or ``Optuna``.
        accuracy: on the validation photos, 0..1, of the epoch that the model was saved from; None before.
        seconds: of training time that the trial has cost; 0.0 where an earlier run was reused.
        forecast: seconds that it was expected to cost. reused: whether an earlier run was the answer.
        reason: why it was pruned or has failed, one sentence.
    """

    number: int
    run_id: str
    name: str
    proposed: str
    state: TrialState
    accuracy: float | None = None
    seconds: float = 0.0
    forecast: float = 0.0
    reused: bool = False
    reason: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SearchTrial":
        return replace(cls(**data), state=TrialState(data["state"]))


@dataclass(frozen=True, kw_only=True)
class SearchStatus:
    """How far the search of a dataset is.

    Args:
        state: ``none``, ``running``, ``ready``, ``failed`` or ``stopped`` (by a person, or killed: it can go on).
        stage: what is done now. message: why it ended, one sentence.
        spent, minutes: training time so far in seconds, and the budget in minutes. most_trials: None for no limit.
        left_out: proposals that were not launched: they do not fit by their forecast, are refused, or were tried.
        trials: in their order.
    """

    state: str
    stage: str = ""
    message: str = ""
    spent: float = 0.0
    minutes: float = 0.0
    most_trials: int | None = None
    left_out: int = 0
    trials: tuple[SearchTrial, ...] = ()

    @property
    def is_active(self) -> bool:
        return self.state == "running"

    @property
    def best(self) -> SearchTrial | None:
        """The finished trial with the highest validation accuracy, of equal ones the cheapest, then the first."""
        known = [one for one in self.trials if one.state is TrialState.FINISHED and one.accuracy is not None]
        return min(known, key=lambda one: (-(one.accuracy or 0.0), one.forecast, one.number), default=None)

    @property
    def judged(self) -> int:
        """Trials with a validation accuracy, among which the best one was chosen."""
        return sum(one.state is TrialState.FINISHED and one.accuracy is not None for one in self.trials)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SearchStatus":
        trials = tuple(SearchTrial.from_json(one) for one in data.get("trials", ()))
        return cls(**{**data, "trials": trials})


def checked_search(
    minutes: float, trials: int | None = None, names: tuple[str, str] = ("minutes", "trials")
) -> SearchQuestion:
    """The question.

    Raises:
        InvalidInput: a number is none that a search can spend; ``names`` are how they were given.
    """
    if not (isfinite(minutes) and 0 < minutes <= MOST_MINUTES):
        raise InvalidInput(
            f"A search needs a positive number of minutes, at most {MOST_MINUTES:,}. Received: {names[0]}={minutes:g}"
        )
    if trials is not None and not 1 <= trials <= MOST_TRIALS:
        raise InvalidInput(f"A search may have 1 to {MOST_TRIALS:,} trials. Received: {names[1]}={trials}")
    return SearchQuestion(minutes=float(minutes), trials=trials)
