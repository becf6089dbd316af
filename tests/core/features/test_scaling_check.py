"""What features of check photos say about a scaling."""

import numpy as np
import pytest

from core.features.scaling_check import Compared, compare

CLASSES = ["cat", "cat", "dog", "dog"]
APART = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.8]])


def test_photos_of_a_class_with_near_features_agree():
    found = compare("imagenet", APART, CLASSES)
    assert (found.agreement, found.finite, found.usable) == (1.0, True, True)
    assert found.spread == pytest.approx(APART.std(0).mean() / APART.mean())
    assert compare("x", APART[[0, 2, 1, 3]], CLASSES).agreement == 0.0


def test_features_that_are_the_same_or_not_finite_are_useless():
    same = compare("x", np.ones((4, 3)), CLASSES)
    assert (same.spread, same.agreement, same.usable) == (0.0, None, False)
    broken = compare("x", np.full((4, 3), np.nan), CLASSES)
    assert (broken.finite, broken.agreement, broken.usable) == (False, None, False)


def test_the_outputs_of_the_first_photo_are_probabilities():
    logits = np.array([[0.0, 3.0, 1.0]] * 4)
    (first, share), (second, _), _ = compare("x", APART, CLASSES, logits).top
    assert (first, second) == (1, 2)
    assert share == pytest.approx(np.exp(3) / np.exp([0, 3, 1]).sum())
    assert compare("x", APART, CLASSES, np.array([[0.2, 0.8]] * 4)).top == ((1, 0.8), (0, 0.2))
    assert compare("x", APART, CLASSES).top == ()


def test_it_survives_json():
    found = compare("x", APART, CLASSES, np.array([[0.2, 0.8]] * 4))
    assert Compared.from_json(found.to_json()) == found
