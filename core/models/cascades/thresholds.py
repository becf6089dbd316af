"""The threshold of a confidence cascade: accuracy against cost for every threshold, on the validation photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_POINTS = 101
ALWAYS_PASSED_ON = 1.01
"""A threshold no probability reaches."""


@dataclass(frozen=True, kw_only=True)
class ThresholdPoint:
    """What one threshold gives on the validation photos; one entry of ``card["choice"]["curve"]``.

    Args:
        threshold: the cheap model decides where its largest probability reaches it.
        accuracy: fraction of correct photos. passed_on: fraction of photos passed on to the costly model.
        milliseconds: expected per photo, None where the members were not measured.
    """

    threshold: float
    accuracy: float
    passed_on: float
    milliseconds: float | None = None


def threshold_points(choice: Mapping[str, Any]) -> tuple[ThresholdPoint, ...]:
    """The curve of ``card["choice"]``, in order of the fraction that is passed on; () where there is none."""
    points = [ThresholdPoint(**point) for point in choice.get("curve", ())]
    return tuple(sorted(points, key=lambda point: point.passed_on))


def curve(cheap: np.ndarray, costly: np.ndarray, labels: np.ndarray) -> tuple[ThresholdPoint, ...]:
    """Points from "never passed on" to "always", each with more photos passed on than the one before.

    Args:
        cheap, costly: (n, classes) probabilities of the same photos. labels: (n,).
    """
    confidence = cheap.max(axis=1)
    cheap_right, costly_right = (one.argmax(axis=1) == labels for one in (cheap, costly))
    thresholds = _thresholds(confidence)
    order = np.argsort(confidence)
    below = np.searchsorted(confidence[order], np.array(thresholds, confidence.dtype))  # photos under each threshold
    passed_on_right = np.concatenate([[0], np.cumsum(costly_right[order])])[below]
    kept_right = cheap_right.sum() - np.concatenate([[0], np.cumsum(cheap_right[order])])[below]
    photos = len(labels)
    return tuple(
        ThresholdPoint(threshold=threshold, accuracy=float(right / photos), passed_on=float(under / photos))
        for threshold, right, under in zip(thresholds, passed_on_right + kept_right, below, strict=True)
    )


def _thresholds(confidence: np.ndarray) -> list[float]:
    """0, the midpoints between neighbouring confidences (at most about a hundred, evenly over the photos), and 1.01."""
    known = np.unique(confidence.astype(np.float64))
    middles = (known[:-1] + known[1:]) / 2
    if len(middles) > MOST_POINTS - 2:
        middles = middles[np.linspace(0, len(middles) - 1, MOST_POINTS - 2).round().astype(int)]
    return [0.0, *middles.tolist(), ALWAYS_PASSED_ON]


def best(points: Sequence[ThresholdPoint]) -> ThresholdPoint:
    """The most accurate point; of equally accurate ones the one that passes on the fewest photos."""
    return min(points, key=lambda point: (-point.accuracy, point.passed_on))


def combined(cheap: np.ndarray, costly: np.ndarray, threshold: float) -> tuple[np.ndarray, float]:
    """Probabilities (n, classes) of the cascade, and the fraction of photos that was passed on."""
    passed_on = cheap.max(axis=1) < threshold
    return np.where(passed_on[:, None], costly, cheap), float(passed_on.mean())
