"""Hyperparameters: bounds, choices, which pattern uses which, and words of a command line."""

from dataclasses import fields

import pytest

from core.errors import InvalidInput
from core.recipes.hyperparameters import (
    BOUNDS,
    CHOICES,
    ITSELF,
    RELEVANT,
    Augmentation,
    Hyperparameters,
    Schedule,
    Solver,
    ViewSettings,
    parsed_settings,
)
from core.recipes.patterns import Pattern


@pytest.mark.parametrize("changes", [{"epochs": 0}, {"dropout": 1.0}, {"batch_size": 1.5}, {"seed": True}], ids=str)
def test_what_cannot_be_trained_is_refused_with_what_was_received(changes):
    (name, value), *_ = changes.items()
    with pytest.raises(InvalidInput, match=f"{name}={value}"):
        Hyperparameters(**changes)


def test_settings_from_a_command_line_keep_their_kind():
    numbers = parsed_settings({"seed": "7", "learning_rate": "1e-2"})
    assert numbers == {"seed": 7, "learning_rate": 0.01} and isinstance(numbers["seed"], int)


def test_choices_on_a_command_line_are_words():
    numbers = parsed_settings({"schedule": "cosine", "class_weights": "true", "solver": "linear_svm"})
    assert numbers == {"schedule": Schedule.COSINE, "class_weights": True, "solver": Solver.LINEAR_SVM}
    with pytest.raises(InvalidInput, match="constant, cosine.*schedule=sine"):
        parsed_settings({"schedule": "sine"})


def test_a_pattern_uses_hyperparameters_that_there_are_and_each_is_used_by_some():
    known = {field.name for field in fields(Hyperparameters)}
    assert known == set(BOUNDS) | set(CHOICES) == {name for names in RELEVANT.values() for name in names}
    assert set(RELEVANT) == set(Pattern)


def test_the_photo_itself_is_one_view_whatever_seed_and_augmentation_the_others_have():
    assert ViewSettings(0, 7, Augmentation.FLIPS) == ITSELF != ViewSettings(1, 7, Augmentation.FLIPS)
