"""The calibrated validation loss, as a metric of Keras."""

import numpy as np
import pytest

from core.models.temperature import fit_temperature, scaled
from core.runs.metrics import cross_entropy
from core.training.fitting import CalibratedLoss


def predictions(sharpness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (200, 4) with some wrong ones, and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, 200)
    scores = rng.normal(size=(200, 4)) + 2.0 * np.eye(4)[labels]
    powers = np.exp(sharpness * scores)
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), labels


def measured(probabilities: np.ndarray, labels: np.ndarray) -> float:
    metric = CalibratedLoss()
    for start in range(0, len(labels), 64):
        rows = slice(start, start + 64)
        metric.update_state(np.eye(4, dtype=np.float32)[labels[rows]], probabilities[rows])
    return float(metric.result())


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 3.0])
def test_it_is_the_loss_at_the_fitted_temperature(sharpness):
    probabilities, labels = predictions(sharpness)
    exact = cross_entropy(scaled(probabilities, fit_temperature(probabilities, labels)), labels)
    assert measured(probabilities, labels) == pytest.approx(exact, rel=2e-3)


def test_confidence_alone_does_not_change_it():
    (modest, labels), (sure, _) = predictions(1.0), predictions(6.0)
    assert cross_entropy(sure, labels) > 1.2 * cross_entropy(modest, labels)
    assert measured(sure, labels) == pytest.approx(measured(modest, labels), rel=5e-3)


def test_it_starts_again_with_every_pass():
    probabilities, labels = predictions(1.0)
    metric = CalibratedLoss()
    metric.update_state(np.eye(4)[labels], probabilities)
    metric.reset_state()
    assert float(metric.result()) == 0.0
