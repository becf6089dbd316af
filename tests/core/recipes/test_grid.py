"""What was chosen becomes recipes: one way for the page and the command line."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.token_network import Pooling
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.grid import CascadeChoice, GridChoice, InvalidCell, recipes_of
from core.recipes.hyperparameters import Adapter, Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from tests import tiny_tokens

FROZEN, TUNING, CLASSIFIER = Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING, Pattern.CLASSIFIER
EFFICIENT = Pattern.PARAMETER_EFFICIENT
BLOCKS = {"a": ("one", "two", "three"), "b": ("one",)}


def defaults(pattern, name):
    return suggest_hyperparameters(train_photos=100, classes=3, pattern=pattern, blocks=len(BLOCKS.get(name, "123")))


def found(name):
    return replace(get("efficientnet_lite0"), name=name, blocks=BLOCKS[name]) if name in BLOCKS else None


def recipes(*cells, **chosen):
    choice = GridChoice(cells=cells, **chosen)
    return recipes_of(choice, defaults=defaults, find=found)


def test_cells_are_grouped_by_backbones_and_count_once():
    found = recipes(("a", FROZEN), ("b", FROZEN), ("a", CLASSIFIER), ("a", FROZEN))
    assert [(one.backbone, one.pattern) for one in found] == [("a", FROZEN), ("a", CLASSIFIER), ("b", FROZEN)]


def test_what_was_not_chosen_is_the_default_of_each_backbone():
    one, other = recipes(("a", TUNING), ("b", TUNING), settings={TUNING: {"dropout": 0.5}})
    assert (one.hyperparameters.depth, other.hyperparameters.depth) == (2, 1)
    assert {one.hyperparameters.dropout, other.hyperparameters.dropout} == {0.5}


def test_a_hyperparameter_that_the_pattern_does_not_use_changes_nothing():
    (plain,), (same,) = recipes(("a", CLASSIFIER)), recipes(("a", CLASSIFIER), settings={CLASSIFIER: {"epochs": 3}})
    assert plain == same
    fusion = CascadeChoice(kind=Cascade.FUSION, members=("a", "b"))
    assert recipes(cascade=fusion) == recipes(cascade=fusion, settings={Pattern.CASCADE: {"head_epochs": 3}})


def test_depths_multiply_and_a_sweep_is_every_depth_of_each_backbone():
    def depths(chosen):
        return [
            (r.backbone, r.hyperparameters.depth)
            for r in recipes(("a", TUNING), ("b", TUNING), depths={TUNING: chosen})
        ]

    assert depths((1, 3, 1)) == [("a", 1), ("a", 3), ("b", 1), ("b", 3)]
    assert depths("all") == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]


def test_a_sweep_leaves_out_depths_at_which_nothing_would_be_trained():
    def depths(name, pattern, **settings):
        choice = GridChoice(cells=((name, pattern),), settings={pattern: settings}, depths={pattern: "all"})
        return [one.hyperparameters.depth for one in recipes_of(choice, defaults=defaults, find=get)]

    assert depths("resnet50_v2", TUNING) == depths("resnet50_v2", EFFICIENT) == list(range(2, 19))
    assert depths("resnet50_v2", EFFICIENT, adapter=Adapter.NORM) == list(range(1, 19))
    assert depths("vgg16", EFFICIENT, adapter=Adapter.NORM) == [1, 2, 3, 4, 5]  # each of which is refused


def test_a_sweep_of_a_backbone_that_does_not_exist_is_one_recipe_whose_plan_says_so():
    assert [one.backbone for one in recipes(("none", TUNING), depths={TUNING: "all"})] == ["none"]


def test_repetitions_are_seeds_from_the_chosen_one_on():
    found = recipes(("a", FROZEN), ("a", CLASSIFIER), settings={FROZEN: {"seed": 7}}, repetitions=3)
    assert [one.hyperparameters.seed for one in found if one.pattern is FROZEN] == [7, 8, 9] and len(found) == 4


@pytest.mark.parametrize("number", [0, 1001])
def test_an_impossible_number_of_repetitions_is_an_error(number):
    with pytest.raises(InvalidInput, match=f"Received: {number}"):
        GridChoice(repetitions=number)


def test_few_epochs_shorten_the_heads_warm_up_unless_it_was_chosen():
    (shortened,) = recipes(("a", TUNING), settings={TUNING: {"epochs": 3}})
    assert (shortened.hyperparameters.epochs, shortened.hyperparameters.head_epochs) == (3, 1)
    (chosen,) = recipes(("a", TUNING), settings={TUNING: {"epochs": 3, "head_epochs": 5}})
    assert chosen.hyperparameters.head_epochs == 5


def test_an_impossible_value_is_a_cell_of_its_own_and_keeps_the_others():
    bad, good = recipes(("a", FROZEN), ("a", TUNING), settings={FROZEN: {"epochs": 0}})
    assert bad == InvalidCell(
        sources=("a",),
        pattern=FROZEN,
        settings=(("epochs", 0),),
        because="epochs must be between 1 and 10000. Received: epochs=0",
    )
    assert isinstance(good, Recipe)


def test_the_mapping_is_of_the_classifier_only():
    classifier, frozen = recipes(("a", CLASSIFIER), ("a", FROZEN), mapping=(("n2", "y"), ("n1", "x")))
    assert classifier.mapping == (("n1", "x"), ("n2", "y")) and frozen.mapping == ()


def test_a_cascade_comes_last_with_its_hyperparameters_and_repetitions():
    fusion = CascadeChoice(kind=Cascade.FUSION, members=("a", "b"))
    chosen = {Pattern.CASCADE: {"dropout": 0.4}}
    frozen, *fused = recipes(("b", FROZEN), cascade=fusion, settings=chosen, repetitions=1)
    assert frozen.pattern is FROZEN and [one.backbones for one in fused] == [("a", "b")]
    assert fused[0].hyperparameters.dropout == 0.4
    assert len(recipes(cascade=fusion, repetitions=3)) == 3


def test_runs_are_combined_once_without_hyperparameters():
    ensemble = CascadeChoice(kind=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    (found,) = recipes(cascade=ensemble, repetitions=3, settings={Pattern.CASCADE: {"epochs": 0}})
    assert found.members == ("r-1", "r-2") and found.hyperparameters == Hyperparameters()


def test_a_cascade_of_too_few_is_a_cell_of_its_own():
    (found,) = recipes(cascade=CascadeChoice(kind=Cascade.ENSEMBLE, members=("r-1",)))
    assert (found.sources, found.cascade) == (("r-1",), Cascade.ENSEMBLE) and "two to fifty" in found.because


@pytest.mark.parametrize(
    ("kind", "backbones"),
    [(Cascade.FUSION, ("a", "b")), (Cascade.STACKING, ("a",)), (Cascade.ENSEMBLE, ()), (Cascade.CONFIDENCE, ())],
)
def test_the_backbones_of_a_cascade(kind, backbones):
    assert CascadeChoice(kind=kind, members=("a", "b")).backbones == backbones


def test_every_size_fit_and_depth_is_a_recipe():
    grid = recipes(("a", FROZEN), sizes={"a": (0, 320)}, fits=(Fit.CROP, Fit.PAD), depths={FROZEN: (0, 1)})
    inputs = [(one.hyperparameters.input_size, one.hyperparameters.fit, one.hyperparameters.depth) for one in grid]
    assert inputs == [(size, fit, depth) for size in (0, 320) for fit in (Fit.CROP, Fit.PAD) for depth in (0, 1)]


def test_sizes_are_those_of_one_backbone_in_every_pattern():
    grid = recipes(("a", FROZEN), ("a", CLASSIFIER), ("b", FROZEN), sizes={"a": (320,)})
    assert [(one.backbone, one.hyperparameters.input_size) for one in grid] == [("a", 320), ("a", 320), ("b", 0)]


def test_the_own_size_by_its_number_is_the_recipe_without_a_size():
    usual = recipes(("a", FROZEN))
    assert recipes(("a", FROZEN), sizes={"a": (224, 0)}) == usual
    assert recipes(("a", FROZEN), settings={FROZEN: {"input_size": 224}}) == usual


def test_an_impossible_size_is_a_cell_with_the_reason():
    (cell,) = recipes(("a", FROZEN), sizes={"a": (5000,)})
    assert isinstance(cell, InvalidCell) and "input_size must be between 0 and 768" in cell.because


def of_tokens(settings, pooling, **chosen):
    """The recipes of a network, of one that pools in a way of its own, and of two of tokens with a chosen pooling."""
    known = {"cnn": get("squeezenet"), "pools": replace(get("squeezenet"), own_pooling=True)}
    known |= {name: tiny_tokens.added(settings, name) for name in ("vit", "siglip")}
    choice = GridChoice.product(known, (FROZEN,), settings={FROZEN: {"pooling": pooling}}, **chosen)
    found = recipes_of(choice, defaults=lambda *_: Hyperparameters(), find=known.get)
    return [(one.backbone, one.hyperparameters.pooling, one.hyperparameters.depth) for one in found]


def test_a_pooling_that_changes_nothing_is_not_in_the_recipe(settings):
    own, token, mean = Pooling.OWN, Pooling.CLASS_TOKEN, Pooling.MEAN
    assert of_tokens(settings, mean) == [("cnn", own, 0), ("pools", mean, 0), ("vit", mean, 0), ("siglip", mean, 0)]
    assert of_tokens(settings, token) == [("cnn", own, 0), ("pools", own, 0), ("vit", own, 0), ("siglip", token, 0)]


def test_all_depths_are_those_of_the_network_with_its_pooling(settings):
    for pooling, depths in ((Pooling.OWN, 5), (Pooling.MEAN, 4), (Pooling.CLASS_TOKEN, 5)):
        found = of_tokens(settings, pooling, depths={FROZEN: "all"})
        assert sum(name == "siglip" for name, _, _ in found) == depths, pooling
