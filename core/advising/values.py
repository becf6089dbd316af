"""A shortlist, as values and as JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from core.errors import InvalidInput

METHOD = 1
"""Of the stored form: raised whenever earlier shortlists cannot be read any more."""

LISTED = 3
"""Recipes that a shortlist names at most."""


@dataclass(frozen=True, kw_only=True)
class ShortlistQuestion:
    """What is asked.

    Args:
        minutes: that training what is named may take, by Graft's estimate; None for any time.
    """

    minutes: float | None = None


def checked_question(minutes: float | None, name: str = "minutes") -> ShortlistQuestion:
    """Raises:
    InvalidInput: the minutes are no positive number.
    """
    if minutes is not None and not 0 < minutes < 1e6:
        raise InvalidInput(f"{name} must be a positive number of minutes. Received: {name}={minutes:g}")
    return ShortlistQuestion(minutes=minutes)


@dataclass(frozen=True, kw_only=True)
class NeighbourScore:
    """What the nearest training photos say, with nothing trained.

    Args:
        title: of the backbone whose features are compared. size: of its input in pixels.
        accuracy, low, high: share of the validation photos, 0..1, with a 95 % interval.
        photos: training photos. validation: validation photos. seconds: after which it was known.
    """

    title: str
    size: int
    accuracy: float
    low: float
    high: float
    photos: int
    validation: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ShortlistCandidate:
    """One recipe of the grid that was probed.

    Args:
        name: as a run's. size: input in pixels, 0 for the backbone's own. depth: blocks left out.
        top1: published ImageNet accuracy, 0..1. parameters: of the backbone.
        accuracy, low, high: of its probe on validation photos, 0..1, with a 95 % interval.
        log_loss: of the same, by which candidates are ordered; None before 0.11.0, when they were by accuracy.
        photos, validation: training and validation photos of the last round that it was in. round: that round, from 1.
        same: whether it is not distinguishable from the candidate that leads (McNemar's exact test on the
            same validation photos, Holm's correction).
        minutes: training it alone would take, by Graft's estimate. fits: whether that is within the budget.
        place: in the order in which to train, from 1; None where it is not named.
        favourite: whether it is the control that is always named: the highest published accuracy that fits.
    """

    name: str
    backbone: str
    title: str
    pattern: str
    size: int
    depth: int
    top1: float | None
    parameters: int
    accuracy: float
    low: float
    high: float
    photos: int
    validation: int
    round: int
    same: bool
    minutes: float
    fits: bool = True
    place: int | None = None
    favourite: bool = False
    log_loss: float | None = None

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What a run of it has in common with it, whatever its other hyperparameters."""
        return self.backbone, self.pattern, self.size, self.depth


@dataclass(frozen=True, kw_only=True)
class Shortlist:
    """What is worth training.

    Args:
        candidates: those that are named first, in their order; then the others by round and score.
        too_few: whether no candidate is distinguishable from another one, so that the order says nothing.
        by_published, by_parameters: the controls: keys of what would have been named by the highest published accuracy,
            and by the most parameters.
        minutes: that training all that is named would take. photos: whose features were computed for it.
        notes: what it could not take into account, as sentences. seconds: it took, features included.
    """

    dataset_id: str
    question: ShortlistQuestion
    candidates: tuple[ShortlistCandidate, ...]
    neighbours: NeighbourScore | None
    too_few: bool
    by_published: tuple[tuple[str, str, int, int], ...]
    by_parameters: tuple[tuple[str, str, int, int], ...]
    minutes: float
    photos: int
    seconds: float
    notes: tuple[str, ...] = ()
    method: int = field(default=METHOD)

    @property
    def named(self) -> tuple[ShortlistCandidate, ...]:
        """What to train, in this order."""
        return tuple(one for one in self.candidates if one.place is not None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Reverse of ``to_json``."""
        near = content["neighbours"]
        controls = {name: tuple(map(_key, content[name])) for name in ("by_published", "by_parameters")}
        return cls(
            **content
            | controls
            | {
                "question": ShortlistQuestion(**content["question"]),
                "candidates": tuple(ShortlistCandidate(**one) for one in content["candidates"]),
                "neighbours": None if near is None else NeighbourScore(**near),
                "notes": tuple(content["notes"]),
            }
        )


def _key(parts: list) -> tuple[str, str, int, int]:
    backbone, pattern, size, depth = parts
    return str(backbone), str(pattern), int(size), int(depth)
