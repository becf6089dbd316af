"""Temperature scaling: how sure a model may sound, from how sure it was on photos it did not learn from."""

from math import log

import numpy as np

from core.errors import InvalidInput

LOWEST, HIGHEST = 0.05, 20.0
_LEAST = 1e-7
"""A probability below counts as this much, as in ``scores.cross_entropy``; its logarithm must be a number."""


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The T that makes softmax(log p / T) least surprised by the labels (Guo et al. 2017, section 4.2), 0.05..20.

    Above 1 the model was too sure, below 1 not sure enough. The mean of -log p is convex in 1/T, so its derivative
    has one root: Newton's method, held inside a bracket that is halved where a step would leave it.

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
    """(n, classes) float64 softmax(log p / T). No class overtakes another; T = 1 leaves everything as it is."""
    if not LOWEST <= temperature <= HIGHEST:
        raise InvalidInput(f"A temperature is between {LOWEST} and {HIGHEST:g}. Received: {temperature}")
    if temperature == 1.0:
        return np.asarray(probabilities, np.float64)
    return _softmax(_logs(probabilities) / temperature)


def _logs(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(probabilities, np.float64), _LEAST))


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _derivatives(scores: np.ndarray, labels: np.ndarray, inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean cross-entropy with respect to 1/T."""
    chances = _softmax(scores * inverse)
    mean = (chances * scores).sum(axis=1)
    spread = (chances * scores**2).sum(axis=1) - mean**2
    return float((mean - scores[np.arange(len(labels)), labels]).mean()), float(spread.mean())
