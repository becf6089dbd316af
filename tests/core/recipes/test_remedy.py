"""A remedy changes a recipe and the choice it came from in the same way."""

from math import nan

import pytest

from core.recipes.grid import CascadeChoice, GridChoice, InvalidCell
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.recipes.remedy import Remedy, other_pattern, setting, within_bounds

FROZEN, TUNING, CLASSIFIER = Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING, Pattern.CLASSIFIER


@pytest.mark.parametrize(
    ("pattern", "name", "value", "label"),
    [
        (TUNING, "head_epochs", 2, "Shorten head warm-up to 2 epochs"),
        (TUNING, "head_epochs", 0, "Train without head warm-up"),
        (TUNING, "depth", 1, "Use 1 unfrozen block"),
        (FROZEN, "depth", 17, "Remove 17 blocks"),
        (FROZEN, "depth", 0, "Keep all blocks"),
        (FROZEN, "epochs", 1, "Train for 1 epoch"),
        (FROZEN, "views", 2, "Use 2 augmentations per photo"),
        (FROZEN, "batch_size", 96, "Set batch size to 96"),
        (FROZEN, "learning_rate", 0.001, "Set learning rate to 0.001"),
    ],
)
def test_the_label_has_the_words_of_the_page(pattern, name, value, label):
    assert setting(pattern, name, value).label == label


def test_a_hyperparameter_is_set_in_the_recipe_and_for_its_pattern():
    recipe, remedy = Recipe(backbone="a", pattern=TUNING), setting(TUNING, "head_epochs", 2)
    choice = GridChoice(cells=(("a", TUNING),), settings={TUNING: {"epochs": 4}, FROZEN: {"epochs": 9}})
    assert remedy.recipe(recipe).hyperparameters.head_epochs == 2
    assert remedy.choice(choice, recipe).settings == {TUNING: {"epochs": 4, "head_epochs": 2}, FROZEN: {"epochs": 9}}
    assert choice.settings[TUNING] == {"epochs": 4}


def test_of_several_depths_only_the_impossible_one_is_changed():
    recipe = Recipe(backbone="a", pattern=TUNING, hyperparameters=Hyperparameters(depth=99))
    choice = GridChoice(cells=(("a", TUNING),), depths={TUNING: (1, 99)})
    assert setting(TUNING, "depth", 18).choice(choice, recipe).depths == {TUNING: (1, 18)}
    assert setting(TUNING, "depth", 1).choice(choice, recipe).depths == {TUNING: (1,)}
    assert setting(TUNING, "depth", 18).choice(GridChoice(), recipe).settings == {TUNING: {"depth": 18}}


def test_another_backbone_or_pattern_is_another_cell():
    choice = GridChoice(cells=(("a", CLASSIFIER), ("b", CLASSIFIER)), mapping=(("n1", "x"),))
    recipe = Recipe(backbone="a", pattern=CLASSIFIER, mapping=(("n1", "x"),))
    assert other_pattern(FROZEN).choice(choice, recipe).cells == (("a", FROZEN), ("b", CLASSIFIER))
    assert other_pattern(FROZEN).recipe(recipe) == Recipe(backbone="a", pattern=FROZEN)
    other = Remedy(label="Use c instead", backbone="c")
    assert other.choice(choice, recipe).cells == (("c", CLASSIFIER), ("b", CLASSIFIER))
    assert other.recipe(recipe).backbone == "c" and other.recipe(recipe).mapping == recipe.mapping


def test_other_members_of_every_kind_of_cascade():
    fusion = Recipe(backbone="a", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("b",))
    ensemble = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    remedy = Remedy(label="Use others", members=("c", "d"))
    assert remedy.recipe(fusion).backbones == ("c", "d") and remedy.recipe(ensemble).runs == ("c", "d")
    choice = GridChoice(cascade=CascadeChoice(kind=Cascade.FUSION, members=("a", "b")))
    assert remedy.choice(choice, fusion).cascade.members == ("c", "d")


def test_corrections_are_added_and_discarded():
    recipe = Recipe(backbone="a", pattern=CLASSIFIER, mapping=(("n1", "x"), ("n2", "y")))
    remedy = Remedy(label="Read it otherwise", mapping=(("n3", "z"),), unmapped=("n1",))
    wanted = (("n2", "y"), ("n3", "z"))
    assert remedy.recipe(recipe).mapping == wanted
    assert remedy.choice(GridChoice(mapping=recipe.mapping), recipe).mapping == wanted


def test_two_remedies_are_one():
    both = setting(TUNING, "epochs", 3).then(setting(TUNING, "batch_size", 8))
    assert both.label == "Train for 3 epochs, and set batch size to 8"
    assert both.settings == (("epochs", 3), ("batch_size", 8))
    assert both.to_dict() == {"label": both.label, "settings": {"epochs": 3, "batch_size": 8}}


def test_impossible_values_become_the_nearest_possible_or_the_default():
    usual = Hyperparameters(epochs=12)
    wrong = {"epochs": "many", "dropout": 5, "batch_size": -3, "seed": nan, "solver": "magic", "views": 2}
    remedy = within_bounds(FROZEN, wrong, usual)
    values = {"epochs": 12, "dropout": 0.95, "batch_size": 1, "seed": 0, "solver": "logistic_regression"}
    assert dict(remedy.settings) == values
    assert within_bounds(FROZEN, {"epochs": 3}, usual) is None
    cell = InvalidCell(sources=("a",), pattern=FROZEN, settings=tuple(wrong.items()), because="No.")
    assert remedy.choice(GridChoice(), cell).settings == {FROZEN: values}


def test_of_several_input_sizes_only_the_impossible_one_is_changed():
    row = Recipe(backbone="a", hyperparameters=Hyperparameters(input_size=20))
    choice = GridChoice(cells=(("a", row.pattern),), sizes={"a": (0, 20, 320)})
    assert setting(row.pattern, "input_size", 32).choice(choice, row).sizes == {"a": (0, 32, 320)}
