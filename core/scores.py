"""From probabilities to scores: accuracy with its interval, per-class figures, confusion. Pure functions."""

from math import sqrt
from statistics import NormalDist

import numpy as np

from core.runs import ClassScore, Evaluation


def wilson_interval(right: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a share, Wilson 1927 (score interval): sensible also near 0 and 1 and for small n."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def evaluate(probabilities: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...]) -> Evaluation:
    """Evaluation of ``probabilities`` (n, classes) against ``labels`` (n,)."""
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
    )


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes): row = true label, column = predicted label."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log p(true class); p is clipped at 1e-7 as Keras does."""
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(chosen, 1e-7, 1.0)).mean())


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
