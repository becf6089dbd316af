"""The settings in which recipes differ."""

from dataclasses import replace

from core.recipes.differences import differing
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe


def recipes():
    hp = Hyperparameters(depth=2)
    return {
        "tuned": Recipe(backbone="lite0", pattern=Pattern.FINE_TUNING, hyperparameters=hp),
        "deeper": Recipe(backbone="lite0", pattern=Pattern.FINE_TUNING, hyperparameters=replace(hp, depth=4)),
        "head": Recipe(backbone="lite1", hyperparameters=replace(hp, depth=2, class_weights=True)),
        "both": Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2")),
    }


def test_only_what_differs_is_told_and_what_a_pattern_does_not_use_is_none():
    found = {one.name: one.values for one in differing(recipes())}
    assert found["depth"] == {"tuned": "2", "deeper": "4", "head": "2", "both": None}
    assert found["members"]["both"] == "r-1, r-2" and found["members"]["head"] is None
    assert found["class_weights"] == {"tuned": "no", "deeper": "no", "head": "yes", "both": None}
    assert "epochs" not in found and "schedule" not in found, "who uses it follows from the pattern"


def test_two_recipes_of_one_pattern_differ_in_what_was_changed_alone():
    chosen = {name: recipe for name, recipe in recipes().items() if name in ("tuned", "deeper")}
    assert [one.name for one in differing(chosen)] == ["depth"]


def test_a_corrected_mapping_is_told_class_by_class():
    one = Recipe(backbone="lite0", pattern=Pattern.CLASSIFIER)
    found = differing({"as found": one, "corrected": replace(one, mapping=(("n1", "cat"), ("n2", "")))})
    assert [difference.values for difference in found] == [{"as found": None, "corrected": "n1 = cat, n2 = none"}]


def test_views_of_the_seed_are_a_difference_between_runs_of_one_seed_only():
    numbers = Hyperparameters(views=4, seed=3)
    new = Recipe(backbone="efficientnet_lite0", hyperparameters=numbers)
    old = replace(new, views_by_seed=True)
    (difference,) = differing({"a": new, "b": old})
    assert (difference.title, difference.values["b"]) == ("Other augmentations with every seed", "yes")
    other = replace(new, hyperparameters=replace(numbers, seed=4))
    assert [one.name for one in differing({"a": other, "b": old})] == ["seed"]
