"""From probabilities to scores: the figures are those of scikit-learn, and single photos keep their place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from core.runs import metrics

NAMES = ("cat", "dog", "eel", "fox")
UNHURRIED = settings(deadline=None, max_examples=50)


def answers(n: int, seed: int, classes: int = 4, missing: int = 0):
    """(probabilities, labels); the last ``missing`` classes have no photos."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes - missing, size=n)
    probabilities = rng.dirichlet(np.full(classes, 0.6), n).astype(np.float32)
    return probabilities, labels


@UNHURRIED
@given(st.integers(1, 60), st.integers(0, 10_000), st.integers(0, 2))
def test_the_figures_are_those_of_scikit_learn(n, seed, missing):
    probabilities, labels = answers(n, seed, missing=missing)
    given_ = probabilities.argmax(axis=1)
    found = metrics.evaluate(probabilities, labels, NAMES)
    assert found.accuracy == pytest.approx(sklearn_metrics.accuracy_score(labels, given_))
    recalls = sklearn_metrics.recall_score(labels, given_, labels=np.unique(labels), average=None, zero_division=0)
    assert found.balanced_accuracy == pytest.approx(recalls.mean())
    assert found.macro_f1 == pytest.approx(sklearn_metrics.f1_score(labels, given_, average="macro"))
    assert found.confusion == tuple(
        map(tuple, sklearn_metrics.confusion_matrix(labels, given_, labels=range(4)).tolist())
    )
    clipped = np.clip(probabilities[np.arange(n), labels].astype(float), 1e-7, 1)
    assert found.loss == pytest.approx(-np.log(clipped).mean())


def test_the_log_loss_is_that_of_scikit_learn():
    probabilities, labels = answers(200, 0)
    probabilities = probabilities.astype(float) + 1e-4
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    theirs = sklearn_metrics.log_loss(labels, probabilities, labels=range(4))
    assert metrics.cross_entropy(probabilities, labels) == pytest.approx(theirs)


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy_bin_by_bin():
    probabilities, labels = answers(300, 1)
    confidence, right = probabilities.max(axis=1).astype(float), probabilities.argmax(axis=1) == labels
    by_hand = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            by_hand += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert metrics.calibration_error(probabilities, labels) == pytest.approx(by_hand)


def test_a_run_that_is_as_often_right_as_it_says_has_no_calibration_error():
    probabilities = np.array([[0.75, 0.25]] * 4)
    assert metrics.calibration_error(probabilities, np.array([0, 0, 0, 1])) == 0
    assert metrics.calibration_error(probabilities, np.array([1, 1, 1, 1])) == 0.75


def test_the_ends_of_the_scale_lie_in_the_first_and_the_last_bin():
    assert metrics.confidence_bins(np.array([0.0, 1 / 15, 1 / 15 + 1e-9, 1.0])).tolist() == [0, 0, 1, 14]


def test_a_class_without_photos_has_no_recall_and_does_not_count_in_the_balanced_accuracy():
    probabilities = np.eye(3)[[0, 0, 1, 0]]
    found = metrics.evaluate(probabilities, np.array([0, 0, 1, 1]), ("a", "b", "c"))
    assert found.per_class[2].recall is None and found.per_class[2].photos == 0
    assert found.balanced_accuracy == 0.75


def test_right_answers_lie_in_the_order_of_the_digests_whatever_the_order_of_the_photos():
    digests, right = ["d", "b", "a", "c"], np.array([True, False, True, True])
    bits = np.unpackbits(np.frombuffer(metrics.right_bits(right, digests), np.uint8))[:4]
    assert bits.tolist() == [1, 0, 1, 1]  # a b c d
    order = [2, 0, 3, 1]
    again = metrics.right_bits(right[order], [digests[place] for place in order])
    assert again == metrics.right_bits(right, digests)


def test_the_hardest_photos_are_those_whose_class_got_the_least_probability():
    sure = np.linspace(0.05, 0.95, 10)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    found = metrics.hardest(probabilities, np.zeros(10, int), [f"p{number}" for number in range(10)])
    assert found == tuple(f"p{number}" for number in range(metrics.HARDEST))


def test_without_digests_nothing_is_said_about_single_photos():
    probabilities, labels = answers(10, 0)
    found = metrics.evaluate(probabilities, labels, NAMES)
    assert found.right is None and found.hardest == ()
    told = metrics.evaluate(probabilities, labels, NAMES, [f"p{number}" for number in range(10)])
    assert len(told.right) == 2 and len(told.hardest) == metrics.HARDEST


def test_no_photos_leave_the_share_open():
    assert metrics.wilson_interval(0, 0) == (0.0, 1.0)
