"""When is a cheap model sure enough? Accuracy against cost for every threshold, on the validation photos. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_POINTS = 101
ALWAYS_PASSED_ON = 1.01
"""A threshold no probability reaches."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """What a threshold gives.

    Args:
        threshold: the cheap model answers where its best class reaches it.
        accuracy: share right of the validation photos. passed_on: share that goes on to the costly model.
    """

    threshold: float
    accuracy: float
    passed_on: float


def curve(cheap: np.ndarray, costly: np.ndarray, labels: np.ndarray) -> tuple[Point, ...]:
    """Points from "never passed on" to "always", each with more photos passed on than the one before.

    Args:
        cheap, costly: (n, classes) probabilities of the same photos. labels: (n,).
    """
    confidence = cheap.max(axis=1)
    cheap_right, costly_right = (one.argmax(axis=1) == labels for one in (cheap, costly))
    points = []
    for threshold in _thresholds(confidence):
        passed_on = confidence < threshold
        right = np.where(passed_on, costly_right, cheap_right)
        points.append(Point(threshold=threshold, accuracy=float(right.mean()), passed_on=float(passed_on.mean())))
    return tuple(points)


def _thresholds(confidence: np.ndarray) -> list[float]:
    """0, the middles between neighbouring confidences (at most about a hundred, evenly over the photos), and 1.01."""
    known = np.unique(confidence.astype(np.float64))
    middles = (known[:-1] + known[1:]) / 2
    if len(middles) > MOST_POINTS - 2:
        middles = middles[np.linspace(0, len(middles) - 1, MOST_POINTS - 2).round().astype(int)]
    return [0.0, *middles.tolist(), ALWAYS_PASSED_ON]


def best(points: Sequence[Point]) -> Point:
    """The most accurate point; of equally accurate ones that which passes the fewest photos on."""
    return min(points, key=lambda point: (-point.accuracy, point.passed_on))


def combined(cheap: np.ndarray, costly: np.ndarray, threshold: float) -> tuple[np.ndarray, float]:
    """Probabilities (n, classes) of the cascade, and the share of photos that was passed on."""
    passed_on = cheap.max(axis=1) < threshold
    return np.where(passed_on[:, None], costly, cheap), float(passed_on.mean())
