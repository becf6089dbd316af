"""The curve of a confidence cascade as it stands on its card: what every threshold would give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ThresholdPoint:
    """What one threshold gives on the validation photos.

    Args:
        accuracy: share that is right; passed_on: share that goes on to the costly run.
        milliseconds: expected per photo, None where the members were not measured.
    """

    threshold: float
    accuracy: float
    passed_on: float
    milliseconds: float | None


def threshold_points(choice: Mapping[str, Any]) -> tuple[ThresholdPoint, ...]:
    """The points of ``card["choice"]``, in order of the share that is passed on; () where there is no curve."""
    points = [
        ThresholdPoint(
            threshold=float(point["threshold"]),
            accuracy=float(point["accuracy"]),
            passed_on=float(point["passed_on"]),
            milliseconds=point.get("milliseconds"),
        )
        for point in choice.get("curve", ())
    ]
    return tuple(sorted(points, key=lambda point: point.passed_on))
