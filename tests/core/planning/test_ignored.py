"""What a grid says about hyperparameters that mean nothing for some of its recipes."""

from core.backbones import get
from core.backbones.token_network import Pooling
from core.planning.ignored import ignored
from core.planning.presets import Preset
from core.recipes.grid import CascadeChoice, GridChoice, recipes_of
from core.recipes.hyperparameters import Adapter, Hyperparameters, Solver
from core.recipes.patterns import Cascade, Pattern

TRAINED, FITTED, AS_IT_IS = Pattern.FINE_TUNING, Pattern.STANDALONE_EXTRACTOR, Pattern.CLASSIFIER
HEAD = Pattern.INTEGRATED_EXTRACTOR


def told(backbones, patterns, cascade=None, **chosen):
    choice = GridChoice.product(backbones, patterns, cascade=cascade, **chosen)
    recipes = recipes_of(choice, defaults=lambda *_: Hyperparameters(), find=lambda name: None)
    return [concern.sentence for concern in ignored(choice, recipes)]


def test_a_number_that_some_patterns_do_not_use_is_said_to_be_ignored_there():
    patterns = (TRAINED, HEAD, FITTED)
    settings = dict.fromkeys(patterns, {"head_epochs": 2, "seed": 7, "epochs": 9})
    assert told("abc", patterns, settings=settings) == [
        "head_epochs applies to fine-tuning only; it is ignored for 6 of 9 recipes.",
        "epochs applies to fine-tuning and feature extraction only; it is ignored for 3 of 9 recipes.",
    ]


def test_a_depth_too():
    patterns = (HEAD, AS_IT_IS)
    assert told("a", patterns, depths=dict.fromkeys(patterns, (1, 2))) == [
        "depth applies to feature extraction only; it is ignored for 1 of 3 recipes."
    ]


def test_what_every_recipe_uses_or_was_chosen_for_its_pattern_alone_is_not_mentioned():
    assert told("ab", (TRAINED, HEAD), settings=dict.fromkeys((TRAINED, HEAD), {"epochs": 9})) == []
    assert told("ab", (TRAINED, HEAD), settings={TRAINED: {"head_epochs": 2}}, depths={HEAD: (1,)}) == []


def test_combinations_of_finished_runs_use_nothing():
    ensemble = CascadeChoice(kind=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    settings = dict.fromkeys((HEAD, Pattern.CASCADE), {"epochs": 9})
    assert told("a", (HEAD,), ensemble, settings=settings) == [
        "epochs applies to feature extraction only; it is ignored for 1 of 2 recipes."
    ]


def test_a_number_that_no_recipe_uses():
    assert told("a", (AS_IT_IS,), settings={AS_IT_IS: {"epochs": 9}}) == [
        "epochs applies to none of these patterns; it is ignored for 1 of 1 recipe."
    ]


def test_a_number_that_another_choice_switches_off():
    settings = {Pattern.PARAMETER_EFFICIENT: {"rank": 4, "adapter": Adapter.NORM}}
    assert told("ab", (Pattern.PARAMETER_EFFICIENT, HEAD), settings=settings) == [
        "rank has no effect without LoRA; it is ignored for 2 of 4 recipes."
    ]
    settings = {Pattern.PARAMETER_EFFICIENT: {"rank": 4, "adapter": Adapter.LORA}}
    assert told("a", (Pattern.PARAMETER_EFFICIENT,), settings=settings) == []
    neighbours = {"full_search": True, "solver": Solver.K_NEAREST_NEIGHBOURS}
    assert told("a", (FITTED,), settings={FITTED: neighbours}) == [
        "full_search has no effect without a linear classifier; it is ignored for 1 of 1 recipe."
    ]


def test_a_preset_chooses_itself():
    assert ignored(Preset.QUICK, ()) == ()


def test_backbones_that_keep_their_own_pooling_are_counted():
    choice = GridChoice.product(("squeezenet", "b"), (HEAD,), settings={HEAD: {"pooling": Pooling.MEAN}})
    recipes = recipes_of(choice, defaults=lambda *_: Hyperparameters(), find={"squeezenet": get("squeezenet")}.get)
    assert [concern.sentence for concern in ignored(choice, recipes)] == [
        "pooling is ignored for 1 of 2 recipes, whose backbone has no tokens or pools that way by itself."
    ]
