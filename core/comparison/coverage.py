"""Answer only when sure: how accurate is a run on the share of photos it is surest of?"""

from dataclasses import dataclass

import numpy as np

from core.runs.predictions import Predictions

MOST_POINTS = 400


@dataclass(frozen=True, kw_only=True)
class CoveragePoint:
    """Only answers with a confidence of at least ``threshold`` count.

    Args:
        coverage: share of the test photos that get an answer; photos: how many these are.
        accuracy: share of them that is right.
    """

    threshold: float
    coverage: float
    accuracy: float
    photos: int


def coverage(predictions: Predictions, most: int = MOST_POINTS) -> tuple[CoveragePoint, ...]:
    """The risk-coverage curve (El-Yaniv & Wiener 2010) as accuracy, the surest answers first.

    Photos of one confidence come together: no threshold parts them. At most ``most`` points, evenly spread over the
    coverage, the first and the last (every photo is answered) among them.
    """
    order = np.argsort(-predictions.confidence, kind="stable")
    sure, right = predictions.confidence[order], np.cumsum(predictions.correct[order])
    ends = np.flatnonzero(np.append(sure[1:] < sure[:-1], True))
    if len(ends) > most:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, most).round().astype(int))]
    return tuple(
        CoveragePoint(
            threshold=float(sure[end]),
            coverage=(end + 1) / len(sure),
            accuracy=float(right[end]) / (end + 1),
            photos=end + 1,
        )
        for end in ends.tolist()
    )


def when_sure(predictions: Predictions, at_least: float) -> tuple[float | None, float]:
    """What a threshold gives: (share right of the photos answered, None when none is; share of photos answered)."""
    sure = predictions.confidence >= at_least
    return (float(predictions.correct[sure].mean()) if sure.any() else None), float(sure.mean())
