"""Which labels are probably wrong."""

import numpy as np

from core.curation.labels import LEAST_GIVEN, suspects_in


def probabilities(labels, classes, wrong=()):
    """Every photo is of its class with 0.9, those in ``wrong`` with 0.01 and of the next class with 0.95."""
    found = np.full((len(labels), classes), 0.1 / (classes - 1))
    found[np.arange(len(labels)), labels] = 0.9
    for index in wrong:
        found[index] = 0.04 / max(classes - 2, 1)
        found[index, labels[index]] = 0.01
        found[index, (labels[index] + 1) % classes] = 0.95
    return found / found.sum(axis=1, keepdims=True)


def test_flipped_labels_are_found_with_the_class_they_have():
    labels = np.arange(90) % 3
    found = suspects_in(probabilities(labels, 3, wrong=(4, 50)), labels)
    assert {one.index for one in found} == {4, 50}
    assert {one.index: one.suggested for one in found} == {4: 2, 50: 0}
    assert all(one.given < LEAST_GIVEN < one.confidence for one in found)


def test_nothing_is_found_in_clean_labels():
    labels = np.arange(90) % 3
    assert suspects_in(probabilities(labels, 3), labels) == []


def test_the_least_probable_label_comes_first():
    labels = np.arange(90) % 3
    rows = probabilities(labels, 3, wrong=(4, 50))
    rows[50] = [0.949, 0.05, 0.001]
    assert [one.index for one in suspects_in(rows, labels)] == [50, 4]


def test_a_thousand_classes_and_one_without_a_score():
    labels = np.repeat(np.arange(1000), 3)
    rows = probabilities(labels, 1000, wrong=(7,))
    rows[labels == 999, 999] = 0
    found = suspects_in(rows, labels)
    assert [one.index for one in found] == [7]


def test_photos_of_which_nothing_is_known_are_left_out():
    assert suspects_in(np.zeros((4, 2)), np.array([0, 0, 1, 1])) == []
    assert suspects_in(np.eye(2), np.array([0, 0])) == []
