"""Intervals of differences in any metric, by resampling; scikit-learn's metrics are the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from core.comparison.resampling import TEST_METRICS, MetricDifference, metric_differences
from core.comparison.statistics import paired_interval
from core.runs.predictions import Predictions


def two_runs(n=60, classes=4, seed=0):
    """Probabilities of two runs for the same photos; the last class has no photos."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes - 1, size=n)
    scores = rng.normal(0, 1, (2, n, classes))
    scores[0, np.arange(n), labels] += 2.0
    scores[1, np.arange(n), labels] += 1.2
    a, b = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    return a, b, labels


def predictions_of(run_id: str, probabilities: np.ndarray, labels: np.ndarray) -> Predictions:
    digests = tuple(f"p{number:03}" for number in range(len(labels)))
    return Predictions(run_id=run_id, digests=digests, labels=labels, probabilities=probabilities)


def differences(a: np.ndarray, b: np.ndarray, labels: np.ndarray, **options) -> dict[str, MetricDifference]:
    found = metric_differences(predictions_of("a", a, labels), predictions_of("b", b, labels), **options)
    return {one.metric: one for one in found}


BY_SCIKIT_LEARN = {
    "accuracy": lambda p, y: metrics.accuracy_score(y, p.argmax(axis=1)),
    "balanced_accuracy": lambda p, y: metrics.recall_score(
        y, p.argmax(axis=1), average="macro", labels=np.unique(y), zero_division=0
    ),
    "macro_f1": lambda p, y: metrics.f1_score(y, p.argmax(axis=1), average="macro"),
    "log_loss": lambda p, y: metrics.log_loss(y, p, labels=range(p.shape[1])),
}


@pytest.mark.parametrize("metric", BY_SCIKIT_LEARN)
def test_every_metric_and_its_resamples_are_those_of_scikit_learn(metric):
    a, b, labels = two_runs()
    figure = BY_SCIKIT_LEARN[metric]
    found = differences(a, b, labels, draws=40)[metric]
    assert (found.a, found.b) == pytest.approx((figure(a, labels), figure(b, labels)))
    drawn = np.random.default_rng(0).integers(60, size=(40, 60), dtype=np.int32)
    again = [figure(a[rows], labels[rows]) - figure(b[rows], labels[rows]) for rows in drawn]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(again, [0.025, 0.975])))
    assert found.difference == pytest.approx(found.a - found.b)


def test_resamples_of_the_accuracy_come_close_to_the_exact_interval():
    a, b, labels = two_runs(n=300)
    drawn = differences(a, b, labels)["accuracy"]
    right_a, right_b = a.argmax(axis=1) == labels, b.argmax(axis=1) == labels
    exact = paired_interval(300, int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum()))
    assert (drawn.low, drawn.high) == pytest.approx(exact, abs=3 / 300)


def test_photos_are_told_by_their_digest():
    a, b, labels = two_runs()
    one, other = predictions_of("a", a, labels), predictions_of("b", b, labels)
    found = metric_differences(one, other, draws=500)
    assert [each.metric for each in found] == list(TEST_METRICS)
    turned = Predictions(
        run_id="b", digests=other.digests[::-1], labels=labels[::-1], probabilities=other.probabilities[::-1]
    )
    assert metric_differences(one, turned, draws=500) == found


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 1000))
def test_a_run_does_not_differ_from_itself(seed):
    a, _, labels = two_runs(n=20, seed=seed)
    for same in differences(a, a, labels, draws=50).values():
        assert (same.difference, same.low, same.high) == (0, 0, 0)
