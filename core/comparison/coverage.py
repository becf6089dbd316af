"""Accuracy against coverage: how accurate are the most confident predictions of a run?"""

from dataclasses import dataclass

import numpy as np

from core.runs.predictions import Predictions

MOST_POINTS = 400


@dataclass(frozen=True, kw_only=True)
class CoveragePoint:
    """Only predictions with a confidence of at least ``threshold`` are kept.

    Args:
        coverage: fraction of the test photos that are kept; photos: their number.
        accuracy: fraction of them predicted correctly.
    """

    threshold: float
    coverage: float
    accuracy: float
    photos: int


def coverage(predictions: Predictions, most: int = MOST_POINTS) -> tuple[CoveragePoint, ...]:
    """The risk-coverage curve (El-Yaniv & Wiener 2010) as accuracy, the most confident predictions first.

    Photos of equal confidence form one point, because no threshold separates them. At most ``most`` points, evenly
    spread over the coverage, including the first and the last (coverage 1).
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
    """Of a threshold: (accuracy of the predictions kept, None when there are none; fraction of the photos kept)."""
    sure = predictions.confidence >= at_least
    return (float(predictions.correct[sure].mean()) if sure.any() else None), float(sure.mean())
