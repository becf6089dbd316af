"""Recipes: bounds, defaults from the data, and the fingerprint that finds earlier answers."""

from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.recipes import Hyperparameters, Recipe, fingerprint, with_settings
from core.suggestions import suggest_hyperparameters

RECIPE = Recipe(backbone="efficientnet_lite0")


def print_of(recipe=RECIPE, dataset="d", weights="w"):
    return fingerprint(recipe, dataset_digest=dataset, weights_digest=weights)


def with_numbers(**changes):
    return replace(RECIPE, hyperparameters=replace(RECIPE.hyperparameters, **changes))


def test_the_number_of_epochs_does_not_change_the_fingerprint():
    assert print_of(with_numbers(epochs=7)) == print_of(with_numbers(epochs=100))


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"batch_size": 16},
        {"learning_rate": 0.1},
        {"dropout": 0.5},
        {"hidden_units": 8},
        {"views": 3},
        {"label_smoothing": 0.1},
    ],
    ids=str,
)
def test_every_other_hyperparameter_changes_it(changes):
    assert print_of(with_numbers(**changes)) != print_of()


def test_other_photos_other_weights_and_another_backbone_change_it():
    others = {print_of(dataset="e"), print_of(weights="v"), print_of(replace(RECIPE, backbone="efficientnet_lite1"))}
    assert len(others | {print_of()}) == 4


def test_a_recipe_survives_the_registry():
    recipe = with_numbers(epochs=3, learning_rate=0.01)
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize("changes", [{"epochs": 0}, {"dropout": 1.0}, {"batch_size": 1.5}, {"seed": True}], ids=str)
def test_what_cannot_be_trained_is_refused_with_what_was_received(changes):
    (name, value), *_ = changes.items()
    with pytest.raises(InvalidInput, match=f"{name}={value}"):
        Hyperparameters(**changes)


@pytest.mark.parametrize("photos", [6, 134, 1000, 3068, 100_000])
def test_defaults_suit_every_size(photos):
    numbers = suggest_hyperparameters(train_photos=photos, classes=5)
    assert numbers.epochs >= 10
    assert numbers.batch_size <= max(8, photos // 8)


def test_few_photos_get_more_views_than_many():
    few, many = (suggest_hyperparameters(train_photos=n, classes=5) for n in (100, 100_000))
    assert few.views > many.views == 1


def test_settings_from_a_command_line_keep_their_kind():
    numbers = with_settings(Hyperparameters(), {"seed": "7", "learning_rate": "1e-2"})
    assert (numbers.seed, numbers.learning_rate) == (7, 0.01)
