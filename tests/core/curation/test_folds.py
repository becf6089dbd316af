"""Folds, and probabilities by a head that was not fitted on a photo."""

import numpy as np
import pytest

from core.curation.folds import FOLDS, folds_of, linear_head, out_of_fold, unit_rows


def clusters(per_class=30, classes=3, size=20, seed=0, noise=0.4):
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(classes, size))
    labels = np.repeat(np.arange(classes), per_class)
    return unit_rows(centres[labels] + noise * generator.normal(size=(len(labels), size))), labels


def test_near_copies_are_in_one_fold_and_a_class_of_two_in_two():
    labels = np.array([0] * 20 + [1, 1])
    folds = folds_of(labels, [0, 0, 0, *range(3, 22)])
    assert len(set(folds[:3])) == 1
    assert len(set(folds[20:])) == 2
    assert set(folds) <= set(range(FOLDS))


def test_the_folds_of_a_class_have_the_same_size():
    labels = np.repeat([0, 1], 50)
    folds = folds_of(labels, list(range(100)))
    for label in (0, 1):
        assert np.bincount(folds[labels == label]).tolist() == [10] * FOLDS


def test_probabilities_name_the_class_and_add_up():
    rows, labels = clusters()
    found = out_of_fold(rows, labels, folds_of(labels, list(range(len(labels)))), 3)
    assert (found.argmax(axis=1) == labels).mean() > 0.95
    assert found.sum(axis=1) == pytest.approx(1)


def test_it_is_linear_discriminant_analysis():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rows, labels = clusters(noise=2.0)
    folds = np.arange(len(labels)) % 2
    found = out_of_fold(rows, labels, folds, 3)
    own = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5).fit(rows[folds == 1], labels[folds == 1])
    scores = own.decision_function(rows[folds == 0])
    # one temperature and a number a photo apart
    ours = np.log(found[folds == 0])
    ours, scores = (part - part.mean(axis=1, keepdims=True) for part in (ours, scores))
    ratio = (ours * scores).sum() / (scores * scores).sum()
    assert ours == pytest.approx(ratio * scores, abs=0.05)


@pytest.mark.parametrize("size", [59, 60, 61, 400])
def test_the_head_is_the_same_whether_there_are_more_photos_or_more_features(size):
    rows, labels = clusters(per_class=20, size=size)
    labels = np.where(labels == 1, 3, labels)  # nobody has class 1
    present, weights, offsets = linear_head(rows, labels, 4)
    means = np.array([rows[labels == one].mean(axis=0, dtype=np.float64) for one in present])
    within = sum(np.cov(rows[labels == one].T.astype(np.float64), bias=True) for one in present) / 3
    shrunk = 0.5 * within + 0.5 * np.trace(within) / size * np.eye(size)
    expected = np.linalg.solve(shrunk, means.T)
    assert present.tolist() == [0, 2, 3]
    assert weights == pytest.approx(expected, rel=1e-4, abs=1e-4 * np.abs(expected).max())
    own = np.log(1 / 3) - 0.5 * np.einsum("kd,dk->k", means, expected)
    assert offsets == pytest.approx(own, rel=1e-4)


def test_a_photo_is_not_predicted_by_itself():
    """Labels without any relation to the features cannot be named by those of other photos."""
    rows = unit_rows(np.random.default_rng(0).normal(size=(200, 150)))
    labels = np.random.default_rng(1).integers(0, 2, 200)
    found = out_of_fold(rows, labels, folds_of(labels, list(range(200))), 2)
    assert (found.argmax(axis=1) == labels).mean() < 0.65


def test_a_class_that_is_in_no_other_fold_gets_nothing():
    rows, labels = clusters()
    labels[0] = 3
    found = out_of_fold(rows, labels, folds_of(labels, list(range(len(labels)))), 4)
    assert found[0, 3] == 0 and found[0].sum() == pytest.approx(1)


def test_one_fold_says_nothing():
    rows, labels = clusters(per_class=2)
    assert not out_of_fold(rows, labels, np.zeros(len(labels), np.int64), 3).any()


def test_rows_of_zeros_stay():
    assert unit_rows(np.array([[3.0, 4.0], [0, 0]])) == pytest.approx(np.array([[0.6, 0.8], [0, 0]]))
