"""Temperature scaling (Guo et al. 2017), fitted on validation photos."""

from math import log

import numpy as np

from core.errors import InvalidInput

LOWEST, HIGHEST = 0.05, 20.0
LEAST = 1e-7
"""Smaller probabilities count as this, as in ``runs.metrics.cross_entropy``, so that the logarithm is finite."""


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The T, 0.05..20, that minimises the mean cross-entropy of softmax(log p / T) (Guo et al. 2017, section 4.2).

    Above 1 the model was overconfident, below 1 underconfident. The mean of -log p is convex in 1/T, so its derivative
    has one root: Newton's method, inside a bracket that is halved where a step would leave it.

    Args:
        probabilities: (n, classes) on the validation photos; labels: (n,).

    Raises:
        InvalidInput: there are no photos.
    """
    if not len(labels):
        raise InvalidInput("A temperature needs at least one photo to be fitted on. Received: none")
    scores = _logs(probabilities)
    low, high, inverse = 1 / HIGHEST, 1 / LOWEST, 1.0
    for _ in range(100):
        slope, curvature = _derivatives(scores, labels, inverse)
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        step = inverse - slope / curvature if curvature > 0 else low
        new = step if low < step < high else (low + high) / 2
        if abs(log(new / inverse)) < 1e-10:
            break
        inverse = new
    return float(np.clip(1 / inverse, LOWEST, HIGHEST))


def scaled(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """(n, classes) float64 softmax(log p / T). The order of the classes does not change; T = 1 is the identity."""
    if not LOWEST <= temperature <= HIGHEST:
        raise InvalidInput(f"A temperature is between {LOWEST} and {HIGHEST:g}. Received: {temperature}")
    if temperature == 1.0:
        return np.asarray(probabilities, np.float64)
    return _softmax(_logs(probabilities) / temperature)


def _logs(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(probabilities, np.float64), LEAST))


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _derivatives(scores: np.ndarray, labels: np.ndarray, inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean cross-entropy with respect to 1/T."""
    chances = _softmax(scores * inverse)
    mean = (chances * scores).sum(axis=1)
    spread = (chances * scores**2).sum(axis=1) - mean**2
    return float((mean - scores[np.arange(len(labels)), labels]).mean()), float(spread.mean())
