"""Temperature scaling: a model that was too sure learns modesty, and no answer changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from core.errors import InvalidInput
from core.models.temperature import HIGHEST, LOWEST, fit_temperature, scaled
from core.runs.metrics import calibration_error, cross_entropy

UNHURRIED = settings(deadline=None, max_examples=40)


def drawn(temperature: float, n: int = 4000, classes: int = 5, seed: int = 0):
    """Labels drawn from the truth, and probabilities whose logits are ``temperature`` times too large."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, classes))
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (truth.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    said = np.exp(temperature * logits)
    return said / said.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_spoiled_the_probabilities_is_found(temperature):
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.05)


@UNHURRIED
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_no_other_temperature_is_less_surprised(seed, n):
    rng = np.random.default_rng(seed)
    probabilities, labels = rng.dirichlet(np.full(4, 0.5), n) * 0.99 + 0.0025, rng.integers(4, size=n)
    found = fit_temperature(probabilities, labels)
    best = minimize_scalar(
        lambda power: cross_entropy(scaled(probabilities, np.exp(power)), labels),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert cross_entropy(scaled(probabilities, found), labels) <= best.fun + 1e-9


def test_one_step_of_scaling_calibrates_an_overconfident_model():
    probabilities, labels = drawn(3.0)
    before, after = probabilities, scaled(probabilities, fit_temperature(probabilities, labels))
    assert calibration_error(before, labels) > 0.15 > 0.03 > calibration_error(after, labels)


@UNHURRIED
@given(st.integers(0, 10_000), st.floats(LOWEST, HIGHEST))
def test_scaled_probabilities_sum_to_one_and_every_answer_stays(seed, temperature):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(4, 0.7), 30)
    found = scaled(probabilities, temperature)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert (found.max(axis=1) == found[np.arange(30), probabilities.argmax(axis=1)]).all()


def test_a_temperature_of_one_changes_nothing():
    probabilities = np.array([[0.7, 0.3, 0.0]], np.float32)
    assert (scaled(probabilities, 1.0) == probabilities.astype(np.float64)).all()


def test_one_probability_vector_can_be_scaled_alone():
    assert scaled(np.array([0.8, 0.2]), 2.0) == pytest.approx([2 / 3, 1 / 3])


def test_a_model_that_is_always_right_or_always_wrong_ends_at_the_bounds():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert fit_temperature(probabilities, np.array([0, 1])) == pytest.approx(LOWEST, rel=1e-3)
    assert fit_temperature(probabilities, np.array([1, 0])) == pytest.approx(HIGHEST, rel=1e-3)


def test_probabilities_of_zero_and_one_are_no_trouble():
    probabilities, labels = np.eye(3)[[0, 1, 2, 0]].astype(np.float32), np.array([0, 1, 2, 1])
    found = fit_temperature(probabilities, labels)
    assert 1 < found <= HIGHEST and np.isfinite(scaled(probabilities, found)).all()


def test_answers_that_are_all_alike_leave_every_temperature_as_good():
    assert LOWEST <= fit_temperature(np.full((5, 4), 0.25), np.array([0, 1, 2, 3, 0])) <= HIGHEST


def test_without_photos_there_is_nothing_to_fit_on():
    with pytest.raises(InvalidInput, match="at least one photo"):
        fit_temperature(np.zeros((0, 3)), np.zeros(0, int))


@pytest.mark.parametrize("temperature", [0.0, -1.0, 100.0, float("nan")])
def test_a_temperature_beyond_the_bounds_is_refused(temperature):
    with pytest.raises(InvalidInput, match="between 0.05 and 20"):
        scaled(np.array([[0.5, 0.5]]), temperature)
