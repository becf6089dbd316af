"""Does the confidence of a run match its accuracy? Reliability in bins of confidence."""

from dataclasses import dataclass

import numpy as np

from core.runs.metrics import CALIBRATION_BINS, calibration_error, confidence_bins
from core.runs.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """The photos whose top answer had a confidence in (low, high]; mean confidence and share right, 0..1."""

    low: float
    high: float
    photos: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """A reliability diagram (DeGroot & Fienberg 1983; of the top answer: Guo et al. 2017).

    Args:
        bins: those that have photos, the least sure first.
        ece: expected calibration error, 0..1.
    """

    run_id: str
    bins: tuple[ReliabilityBin, ...]
    ece: float


def reliability(predictions: Predictions, bins: int = CALIBRATION_BINS) -> Reliability:
    """Of the test photos, with ``bins`` of equal width."""
    place = confidence_bins(predictions.confidence, bins)
    photos = np.bincount(place, minlength=bins)
    sure = np.bincount(place, weights=predictions.confidence, minlength=bins)
    right = np.bincount(place, weights=predictions.correct, minlength=bins)
    found = tuple(
        ReliabilityBin(
            low=number / bins,
            high=(number + 1) / bins,
            photos=int(photos[number]),
            confidence=float(sure[number] / photos[number]),
            accuracy=float(right[number] / photos[number]),
        )
        for number in np.flatnonzero(photos).tolist()
    )
    ece = calibration_error(predictions.probabilities, predictions.labels, bins)
    return Reliability(run_id=predictions.run_id, bins=found, ece=ece)
