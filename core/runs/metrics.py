"""Metrics of probabilities: accuracy with its interval, metrics per class, confusion matrix. Pure functions."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np

from core.runs.values import ClassScore, Evaluation


def wilson_interval(right: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Confidence interval of a proportion (score interval, Wilson 1927), valid also near 0 and 1 and for small n.

    ``right`` may be a fraction: that of an expected proportion.
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def evaluate(
    probabilities: np.ndarray,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    digests: Sequence[str] | np.ndarray = (),
) -> Evaluation:
    """Evaluation of ``probabilities`` (n, classes) against ``labels`` (n,).

    Args:
        digests: of the n photos; without them ``right`` and ``hardest`` are empty.
    """
    predicted = probabilities.argmax(axis=1)
    right = int((predicted == labels).sum())
    confusion = confusion_matrix(labels, predicted, len(class_names))
    return Evaluation(
        accuracy=right / len(labels),
        n=len(labels),
        ci95=wilson_interval(right, len(labels)),
        loss=cross_entropy(probabilities, labels),
        per_class=tuple(class_score(name, confusion, label) for label, name in enumerate(class_names)),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        balanced_accuracy=balanced_accuracy(confusion),
        macro_f1=macro_f1(confusion),
        ece=calibration_error(probabilities, labels),
        right=right_bits(predicted == labels, digests) if len(digests) else None,
        hardest=hardest(probabilities, labels, digests) if len(digests) else (),
    )


def balanced_accuracy(confusion: np.ndarray) -> float:
    """Mean recall of the classes that have photos (Brodersen et al. 2010; as in scikit-learn). (classes, classes)."""
    photos = confusion.sum(axis=1)
    there = photos > 0
    return float((np.diag(confusion)[there] / photos[there]).mean())


def macro_f1(confusion: np.ndarray) -> float:
    """Mean of the F1 of every class that has photos or was predicted, as in scikit-learn. (classes, classes)."""
    hits, both = np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1)
    there = both > 0
    return float((2 * hits[there] / both[there]).mean())


CALIBRATION_BINS = 15


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error of the predicted class, ``bins`` of equal width (Guo et al. 2017, eq. 3), 0..1.

    Bin i has the confidences in (i/bins, (i+1)/bins].
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = confidence_bins(confidence, bins)
    gaps = np.abs(np.bincount(place, weights=right - confidence, minlength=bins))
    return float(gaps.sum() / len(labels))


def confidence_bins(confidence: np.ndarray, bins: int = CALIBRATION_BINS) -> np.ndarray:
    """(n,) number of the bin (from 0) of each confidence."""
    return np.asarray(np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1))


def right_bits(right: np.ndarray, digests: Sequence[str] | np.ndarray) -> bytes:
    """One bit per photo in the order of their digests, so that runs with the same photos can be compared directly."""
    return np.packbits(right[np.argsort(np.asarray(digests))]).tobytes()


HARDEST = 6
"""Number of photos in ``Evaluation.hardest``."""


def hardest(probabilities: np.ndarray, labels: np.ndarray, digests: Sequence[str] | np.ndarray) -> tuple[str, ...]:
    """The photos with the lowest probability of the true class, the hardest first."""
    given = probabilities[np.arange(len(labels)), labels]
    return tuple(str(digests[place]) for place in np.argsort(given, kind="stable")[:HARDEST])


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes): row = true label, column = predicted label."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p(true class); p is clipped at 1e-7 as Keras does."""
    return float(nll_per_photo(probabilities, labels).mean())


def nll_per_photo(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) the summand of each photo in ``cross_entropy``."""
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return np.asarray(-np.log(np.clip(chosen, 1e-7, 1.0)))


def class_score(name: str, confusion: np.ndarray, label: int) -> ClassScore:
    hits = int(confusion[label, label])
    photos, called = int(confusion[label].sum()), int(confusion[:, label].sum())
    return ClassScore(
        class_name=name,
        photos=photos,
        precision=hits / called if called else None,
        recall=hits / photos if photos else None,
        f1=2 * hits / (photos + called) if photos + called else None,
    )
