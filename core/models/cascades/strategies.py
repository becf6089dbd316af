"""Strategies of combination: the mean of all, or a cheap run that passes on photos it is not confident about."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.models.cascades.members import SPLITS, CascadeMember
from core.models.cascades.thresholds import best, combined, curve
from core.models.inference.nodes import Confidence, Mean, Node
from core.recipes.patterns import Cascade


@dataclass(frozen=True, kw_only=True)
class Combination:
    """Members combined by a strategy.

    Args:
        probabilities: of every split. node: the members' inference graphs -> the graph of all.
        choice: what was chosen on validation.
        always: for each member, whether it runs on every photo. passed_on: fraction of test photos for the others.
    """

    probabilities: dict[str, np.ndarray]
    node: Callable[[Sequence[Node]], Node]
    choice: dict
    always: tuple[bool, ...]
    passed_on: float = 0.0


def _ensemble(members: Sequence[CascadeMember]) -> Combination:
    return Combination(
        probabilities={
            split: _mean([member.predictions[split].probabilities for member in members]) for split in SPLITS
        },
        node=lambda nodes: Mean(inputs=tuple(nodes)),
        choice={"members": _validation_of(members)},
        always=(True,) * len(members),
    )


def _mean(probabilities: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.mean(probabilities, axis=0, dtype=np.float64), np.float32)


def _confidence(members: Sequence[CascadeMember]) -> Combination:
    """The threshold is chosen on validation photos alone; test photos only measure the result."""
    cheap, costly = (member.predictions for member in members)
    points = curve(cheap["validation"].probabilities, costly["validation"].probabilities, cheap["validation"].labels)
    chosen = best(points)
    both = {
        split: combined(cheap[split].probabilities, costly[split].probabilities, chosen.threshold) for split in SPLITS
    }
    return Combination(
        probabilities={split: rows for split, (rows, _) in both.items()},
        node=lambda nodes: Confidence(cheap=nodes[0], costly=nodes[1], threshold=chosen.threshold),
        choice={
            "threshold": chosen.threshold,
            "by": "highest validation accuracy, then fewest photos passed on",
            "passed_on": {split: fraction for split, (_, fraction) in both.items()},
            "curve": [asdict(point) for point in points],
            "members": _validation_of(members),
        },
        always=(True, False),
        passed_on=both["test"][1],
    )


def _validation_of(members: Sequence[CascadeMember]) -> list[dict]:
    return [
        {
            "run": member.run.id,
            "name": member.run.name,
            "validation_accuracy": member.predictions["validation"].accuracy,
        }
        for member in members
    ]


STRATEGIES: dict[Cascade, Callable[[Sequence[CascadeMember]], Combination]] = {
    Cascade.ENSEMBLE: _ensemble,
    Cascade.CONFIDENCE: _confidence,
}
