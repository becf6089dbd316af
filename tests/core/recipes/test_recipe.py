"""Recipes: bounds, defaults from the data, and the fingerprint that finds earlier answers."""

import json
from dataclasses import fields, replace

import pytest

from core.errors import InvalidInput
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.recipe import (
    BOUNDS,
    CHOICES,
    RELEVANT,
    Cascade,
    Hyperparameters,
    Pattern,
    Recipe,
    Schedule,
    Solver,
    family,
    fingerprint,
    with_settings,
)

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


# --- patterns and cascades ---


def test_only_what_a_pattern_looks_at_changes_its_fingerprint():
    for pattern in (pattern for pattern in Pattern if pattern is not Pattern.CASCADE):
        recipe = replace(RECIPE, pattern=pattern)
        for name, value in OTHER.items():
            changed = replace(recipe, hyperparameters=replace(recipe.hyperparameters, **{name: value}))
            expected = name in RELEVANT[pattern] and name != "epochs"
            assert (print_of(changed) != print_of(recipe)) == expected, (pattern, name)


OTHER = {
    "epochs": 9, "batch_size": 16, "learning_rate": 0.1, "dropout": 0.5, "hidden_units": 8, "label_smoothing": 0.1,
    "views": 3, "seed": 1, "depth": 2, "head_epochs": 3, "fine_tuning_rate": 0.01, "schedule": Schedule.COSINE,
    "warmup": 0.2, "rate_decay": 0.5, "unfreeze_every": 2, "clip_norm": 2.0, "patience": 4, "class_weights": True,
    "mixed_precision": True, "solver": Solver.LINEAR_SVM,
}  # fmt: skip
"""Another value of every hyperparameter."""


def test_no_hyperparameter_is_forgotten():
    assert set(OTHER) == {field.name for field in fields(Hyperparameters)} == set(BOUNDS) | set(CHOICES)
    assert set(OTHER) == {name for names in RELEVANT.values() for name in names}


def fusion(*names):
    return Recipe(backbone=names[0], pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=names[1:])


def test_a_corrected_mapping_is_another_classifier():
    classifier = replace(RECIPE, pattern=Pattern.CLASSIFIER)
    assert print_of(replace(classifier, mapping=(("n02123045", "cat"),))) != print_of(classifier)


def test_the_order_of_a_cascade_counts():
    assert print_of(fusion("a", "b")) != print_of(fusion("b", "a"))


def test_a_cascade_survives_the_registry():
    for recipe in (fusion("a", "b"), replace(RECIPE, pattern=Pattern.CLASSIFIER, mapping=(("n1", ""),))):
        assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(
    ("kind", "members", "words"),
    [
        (Cascade.FUSION, (), "two to nine backbones. Received: a"),
        (Cascade.FUSION, tuple("bcdefghij"), "two to nine"),
        (Cascade.FUSION, ("a",), "Received twice: a"),
        (Cascade.STACKING, (), "one finished run and one backbone"),
        (Cascade.STACKING, ("r-1", "r-2"), "one finished run"),
        (Cascade.CONFIDENCE, ("r-1",), "two finished runs, the cheap one first"),
        (Cascade.CONFIDENCE, ("r-1", "r-1"), "Received twice: r-1"),
        (Cascade.ENSEMBLE, ("r-1",), "two to fifty"),
        (Cascade.ENSEMBLE, (), "Received: none"),
    ],
)
def test_a_cascade_of_too_few_or_too_many_is_refused(kind, members, words):
    with pytest.raises(InvalidInput, match=words):
        Recipe(backbone="" if kind.combines_runs else "a", pattern=Pattern.CASCADE, cascade=kind, members=members)


def test_a_cascade_and_only_a_cascade_says_of_which_kind_it_is():
    with pytest.raises(InvalidInput, match="only a cascade"):
        Recipe(backbone="a", pattern=Pattern.CASCADE)
    with pytest.raises(InvalidInput, match="only a cascade"):
        Recipe(backbone="a", cascade=Cascade.FUSION, members=("b",))


def test_repetitions_differ_in_the_seed_alone():
    assert family(with_numbers(seed=1)) == family(with_numbers(seed=2))
    assert family(with_numbers(depth=0, warmup=0.1)) == family(with_numbers(seed=2, warmup=0.3))  # nobody looks at it
    assert family(with_numbers(epochs=1)) != family(with_numbers(epochs=2))


def test_choices_on_a_command_line_are_words():
    numbers = with_settings(Hyperparameters(), {"schedule": "cosine", "class_weights": "true", "solver": "linear_svm"})
    assert (numbers.schedule, numbers.class_weights, numbers.solver) == (Schedule.COSINE, True, Solver.LINEAR_SVM)
    with pytest.raises(InvalidInput, match="constant, cosine.*schedule=sine"):
        with_settings(Hyperparameters(), {"schedule": "sine"})
