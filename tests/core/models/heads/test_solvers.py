"""Heads as plain arrays: what is written is what is read, and scikit-learn's solvers say the same before and after."""

import numpy as np
import pytest

from core.errors import InvalidInput
from core.models.heads.load import load_head
from core.models.heads.solvers import fit_solver
from core.recipes.hyperparameters import Solver

SOLVERS = list(Solver)


def photos(n, classes=3, features=12, seed=0):
    """Features (n, features) in which every class has a place of its own, and labels."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 1, (classes, features)) * 2 + 3
    labels = np.arange(n) % classes
    return (centres[labels] + generator.normal(0, 1.2, (n, features))).astype(np.float32), labels


def fitted(solver, classes=3, **options):
    train, labels = photos(120, classes, seed=1)
    validation, validation_labels = photos(60, classes, seed=2)
    return fit_solver(solver, train, labels, validation, validation_labels, **options)


# --- solvers ---


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("classes", [2, 3])
def test_every_solver_learns_and_says_probabilities(solver, classes):
    head = fitted(solver, classes)
    rows, labels = photos(90, classes, seed=3)
    probabilities = head.probabilities(rows)
    assert probabilities.shape == (90, classes)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.9


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_is_stored_says_what_was_fitted(solver, tmp_path):
    head = fitted(solver)
    rows, _ = photos(30, seed=4)
    stored = load_head(tmp_path / head.write(tmp_path))
    np.testing.assert_allclose(stored(rows), head.probabilities(rows), atol=1e-6)
    one_by_one = np.concatenate([stored(row[None]) for row in rows])
    np.testing.assert_allclose(one_by_one, head.probabilities(rows), atol=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_same_seed_gives_the_same_head(solver):
    one, two = fitted(solver, seed=7), fitted(solver, seed=7)
    rows, _ = photos(30, seed=4)
    np.testing.assert_array_equal(one.probabilities(rows), two.probabilities(rows))
    assert one.choice == two.choice


def rare(seed, rare_photos):
    """Two classes that overlap, the second of them with ``rare_photos`` of 200."""
    labels = np.repeat([0, 1], [200 - rare_photos, rare_photos])
    rows = labels[:, None] * 0.8 + np.random.default_rng(seed).normal(0, 1, (200, 6)) + 3
    return rows.astype(np.float32), labels


@pytest.mark.parametrize("solver", SOLVERS)
def test_weighted_classes_are_answered_more_often(solver):
    weights = np.float32([200 / 360, 200 / 40])
    data = (*rare(0, 20), *rare(1, 100))
    rows, _ = rare(2, 100)
    plain, weighted = (fit_solver(solver, *data, class_weights=each) for each in (None, weights))
    assert weighted.probabilities(rows)[:, 1].mean() > plain.probabilities(rows)[:, 1].mean() + 0.02


def test_a_class_without_a_training_photo_is_refused():
    train, labels = photos(30)
    with pytest.raises(InvalidInput, match="label 1"):
        fit_solver(Solver.LINEAR_SVM, train[labels != 1], labels[labels != 1], train, labels)
