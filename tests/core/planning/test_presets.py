"""What the presets try, for every dataset and every set of backbones."""

from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.planning.presets import MOST_BACKBONES, PRESETS, SEEDS, Preset, Situation, recipes_of_preset
from core.recipes.hyperparameters import Hyperparameters, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.program import program_of
from core.recipes.recipe import Recipe
from tests.factories import make_dataset, make_photos

LITE = [get(f"efficientnet_lite{number}") for number in range(3)]
OFFLINE = [*LITE, get("mobilenet_v1"), get("squeezenet")]
DEMO = make_dataset(make_photos(("cat", "dog", "rose"), 60))


def recipes(preset, backbones=LITE, dataset=DEMO, **situation):
    return recipes_of_preset(preset, Situation(dataset=dataset, backbones=backbones, **situation))


def ways(found):
    return [(recipe.backbone, recipe.pattern) for recipe in found]


def test_quick_answers_twice_before_anything_is_trained_by_gradient_descent():
    classifier, neighbours, head = recipes(Preset.QUICK)
    assert ways([classifier, neighbours, head]) == [
        ("efficientnet_lite0", Pattern.CLASSIFIER),
        ("efficientnet_lite0", Pattern.STANDALONE_EXTRACTOR),
        ("efficientnet_lite0", Pattern.INTEGRATED_EXTRACTOR),
    ]
    assert neighbours.hyperparameters.solver is Solver.K_NEAREST_NEIGHBOURS and neighbours.hyperparameters.views == 1


def test_quick_takes_the_smallest_backbone_whatever_their_order():
    assert {recipe.backbone for recipe in recipes(Preset.QUICK, LITE[::-1])} == {"efficientnet_lite0"}
    assert {recipe.backbone for recipe in recipes(Preset.QUICK, LITE[1:])} == {"efficientnet_lite1"}


def test_quick_leaves_out_what_is_cheaper_but_much_less_accurate_unless_there_is_nothing_else():
    """And so do the runs that train a whole network on the CPU, the control among them."""
    for preset in (Preset.QUICK, Preset.THOROUGH, Preset.OVERNIGHT):
        found = recipes(preset, OFFLINE)
        assert found[0].backbone == "efficientnet_lite0"
        whole = (Pattern.FROM_SCRATCH, Pattern.WEIGHT_INITIALIZATION)
        assert {recipe.backbone for recipe in found if recipe.pattern in whole} <= {"efficientnet_lite0"}
    assert {recipe.backbone for recipe in recipes(Preset.QUICK, OFFLINE[3:])} == {"mobilenet_v1"}
    assert {recipe.backbone for recipe in recipes(Preset.QUICK, OFFLINE[4:])} == {"squeezenet"}


def test_thorough_compares_three_families_without_a_network():
    frozen = {recipe.backbone for recipe in recipes(Preset.THOROUGH, OFFLINE) if recipe.pattern is Pattern.FINE_TUNING}
    assert {get(name).family for name in frozen} == {"EfficientNet-Lite", "MobileNetV1", "SqueezeNet"}


def test_the_pretrained_classifier_is_left_out_where_imagenet_knows_no_class():
    strange = make_dataset(make_photos(("qzx1", "qzx2"), 60))
    for preset in Preset:
        assert Pattern.CLASSIFIER not in {recipe.pattern for recipe in recipes(preset, dataset=strange)}
    partly = make_dataset(make_photos(("cat", "qzx2"), 60))
    assert Pattern.CLASSIFIER in {recipe.pattern for recipe in recipes(Preset.QUICK, dataset=partly)}


def test_thorough_tries_every_backbone_in_every_usual_way_and_one_control():
    found = recipes(Preset.THOROUGH)
    usual = (Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR, Pattern.FINE_TUNING)
    assert {(one.name, pattern) for one in LITE for pattern in usual} <= set(ways(found))
    assert [recipe.backbone for recipe in found if recipe.pattern is Pattern.FROM_SCRATCH] == ["efficientnet_lite0"]
    assert found[-1].pattern is Pattern.FROM_SCRATCH


def test_every_preset_contains_the_smaller_one_so_that_its_runs_are_reused():
    quick, thorough, overnight = (recipes(preset) for preset in Preset)
    assert thorough[: len(quick)] == quick and overnight[: len(thorough)] == thorough
    assert len(quick) < len(thorough) < len(overnight)


@pytest.mark.parametrize("preset", Preset)
def test_no_recipe_appears_twice_and_all_can_be_run(preset):
    found = recipes(preset, catalogue())
    assert len(set(found)) == len(found)
    for recipe in found:
        program_of(recipe, get(recipe.backbone).blocks)


def test_runs_that_need_the_same_features_are_next_to_each_other():
    """A trainer that has ended one of them trains the next without starting again."""
    found = [recipe for recipe in recipes(Preset.THOROUGH) if recipe.pattern is not Pattern.FROM_SCRATCH]
    changes = sum(one.backbone != other.backbone for one, other in zip(found, found[1:], strict=False))
    assert changes <= 2 * len(LITE)


def test_overnight_adds_depths_fusions_and_whole_networks():
    found = recipes(Preset.OVERNIGHT)
    deep = {r.hyperparameters.depth for r in found if ways([r]) == [("efficientnet_lite1", Pattern.FINE_TUNING)]}
    assert deep == {1, 2, 4}
    only_normalization = recipes(Preset.OVERNIGHT, [get("densenet121")])
    assert {r.hyperparameters.depth for r in only_normalization if r.pattern is Pattern.FINE_TUNING} == {2, 4}
    fusions = {recipe.backbones for recipe in found if recipe.cascade is Cascade.FUSION}
    assert len(fusions) == 3 and ("efficientnet_lite0", "efficientnet_lite2") in fusions
    assert [r.backbone for r in found if r.pattern is Pattern.WEIGHT_INITIALIZATION] == ["efficientnet_lite0"]


def larger_inputs(found):
    return {
        (recipe.backbone, recipe.hyperparameters.input_size) for recipe in found if recipe.hyperparameters.input_size
    }


def test_thorough_tries_the_larger_input_of_the_backbone_that_was_the_best_on_clothing():
    """docs/results.md: Lite2 at 384 px is the best single run there, by a head and by logistic regression."""
    found = recipes(Preset.THOROUGH, OFFLINE)
    assert larger_inputs(found) == {("efficientnet_lite2", 384)}
    patterns = {recipe.pattern for recipe in found if recipe.hyperparameters.input_size}
    assert patterns == {Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR}
    assert not larger_inputs(recipes(Preset.QUICK, OFFLINE))


def test_overnight_tries_every_larger_input_and_every_pair_of_backbones():
    """docs/results.md: the fusion of Lite1 and MobileNetV1 is the best of everything on clothing."""
    found = recipes(Preset.OVERNIGHT, OFFLINE)
    assert larger_inputs(found) == {
        ("efficientnet_lite0", 320), ("efficientnet_lite1", 352), ("efficientnet_lite2", 384), ("mobilenet_v1", 320),
        ("squeezenet", 320),
    }  # fmt: skip
    fusions = {frozenset(recipe.backbones) for recipe in found if recipe.cascade is Cascade.FUSION}
    assert len(fusions) == 10 and {"efficientnet_lite1", "mobilenet_v1"} in fusions


def test_a_backbone_that_takes_no_larger_input_is_tried_at_its_own():
    fixed = [replace(one, fixed_size=True) for one in LITE]
    for preset in Preset:
        assert not larger_inputs(recipes(preset, fixed)) and recipes(preset, fixed)


def test_on_a_gpu_every_network_is_trained_whole():
    whole = [r for r in recipes(Preset.OVERNIGHT, gpu=True) if r.pattern is Pattern.WEIGHT_INITIALIZATION]
    assert [recipe.backbone for recipe in whole] == [one.name for one in LITE]


def seeds_of(found, recipe):
    same = [one for one in found if replace(one, hyperparameters=recipe.hyperparameters) == recipe]
    return {
        one.hyperparameters.seed for one in same
        if replace(one.hyperparameters, seed=recipe.hyperparameters.seed) == recipe.hyperparameters
    }  # fmt: skip


def test_overnight_repeats_the_best_finished_recipes():
    best = Recipe(backbone="efficientnet_lite1", pattern=Pattern.FINE_TUNING)
    without_chance = Recipe(backbone="efficientnet_lite1", pattern=Pattern.CLASSIFIER)
    found = recipes(Preset.OVERNIGHT, leading=[without_chance, best])
    assert seeds_of(found, best) == set(range(SEEDS)) and found.count(without_chance) == 0


def test_overnight_counts_repetitions_of_a_leading_recipe_once():
    best = Recipe(backbone="efficientnet_lite1", pattern=Pattern.FINE_TUNING)
    again = replace(best, hyperparameters=replace(best.hyperparameters, seed=1))
    other = Recipe(backbone="efficientnet_lite2", pattern=Pattern.INTEGRATED_EXTRACTOR)
    found = recipes(Preset.OVERNIGHT, leading=[again, best, other])
    assert seeds_of(found, best) == set(range(SEEDS)) and seeds_of(found, other) == set(range(SEEDS))


def test_overnight_repeats_a_run_of_an_earlier_version_with_the_views_of_the_dataset():
    numbers = Hyperparameters(views=4, seed=1)
    best = Recipe(backbone="efficientnet_lite1", hyperparameters=numbers, views_by_seed=True)
    found = [recipe for recipe in recipes(Preset.OVERNIGHT, leading=[best]) if recipe.hyperparameters.seed == 1]
    assert found and not any(recipe.views_by_seed for recipe in found)


def test_without_finished_runs_overnight_repeats_the_most_accurate_backbone():
    found = recipes(Preset.OVERNIGHT)
    repeated = {(recipe.backbone, recipe.pattern) for recipe in found if recipe.hyperparameters.seed == SEEDS - 1}
    assert repeated == {
        ("efficientnet_lite2", Pattern.INTEGRATED_EXTRACTOR), ("efficientnet_lite2", Pattern.FINE_TUNING),
    }  # fmt: skip


def test_a_catalogue_that_is_all_here_stays_affordable():
    assert len({recipe.backbone for recipe in recipes(Preset.OVERNIGHT, catalogue())}) == MOST_BACKBONES


def test_without_a_backbone_there_is_nothing_to_try():
    assert all(recipes(preset, []) == [] for preset in Preset)


def test_every_preset_is_explained():
    assert set(PRESETS) == set(Preset) and all(label.description.endswith(".") for label in PRESETS.values())
