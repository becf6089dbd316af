"""What parameter-efficient fine-tuning trains in a backbone, counted before it starts."""

from dataclasses import replace

from core.backbones import get
from core.backbones.values import Adaptable
from core.recipes.adapters import (
    adapted_parts,
    nothing_to_train,
    possible_adapters,
    possible_depths,
    trains_something,
)
from core.recipes.hyperparameters import Adapter, Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe

BLOCKS = (Adaptable(lora=(3, 30), bias=(1, 5)), Adaptable(norm=(2, 8), bias=(2, 4)), Adaptable(lora=(1, 10)))
BACKBONE = replace(get("squeezenet"), blocks=("a", "b", "c"), adaptable=BLOCKS)


def parts(pattern=Pattern.PARAMETER_EFFICIENT, backbone=BACKBONE, **numbers):
    found = adapted_parts(Recipe(backbone="b", pattern=pattern, hyperparameters=Hyperparameters(**numbers)), backbone)
    return found and (found.layers, found.parameters)


def test_layers_and_parameters_of_the_top_blocks_are_counted():
    assert parts(depth=1, rank=4) == (1, 40) and parts(depth=3, rank=4) == (4, 160)
    assert parts(depth=2, adapter=Adapter.NORM, rank=4) == (2, 8)
    assert parts(depth=3, adapter=Adapter.BIAS) == (3, 9)
    assert parts(depth=1, adapter=Adapter.NORM) == (0, 0)


def test_other_patterns_and_networks_that_were_not_counted_have_none():
    assert parts(Pattern.FINE_TUNING, depth=1) is None
    assert parts(backbone=replace(BACKBONE, adaptable=()), depth=1) is None


def test_kinds_and_depths_with_something_to_train():
    assert possible_adapters(BACKBONE, 1) == (Adapter.LORA,)
    assert possible_adapters(BACKBONE, 2) == tuple(Adapter)
    assert possible_depths(BACKBONE, Adapter.NORM) == (2, 3) and possible_depths(BACKBONE, Adapter.LORA) == (1, 2, 3)


def test_fine_tuning_trains_what_is_no_batch_normalization_and_networks_that_were_not_counted_are_not_refused():
    weights_above = replace(BACKBONE, block_parameters=(9, 20, 0))
    assert possible_depths(weights_above, None) == (2, 3)
    assert possible_depths(replace(weights_above, adaptable=()), None) == (2, 3)
    assert possible_depths(replace(BACKBONE, block_parameters=(), adaptable=()), None) == (1, 2, 3)
    assert trains_something(replace(BACKBONE, adaptable=()), Adapter.NORM, 1)
    for name, above_the_top in (
        ("resnet50_v2", True),
        ("densenet121", True),
        ("convnext_tiny", False),
        ("vgg16", False),
    ):
        assert possible_depths(get(name), None)[0] == (2 if above_the_top else 1), name


def test_the_reason_names_the_kind_the_depth_and_the_ways_out():
    assert nothing_to_train("Tiny", Adapter.NORM, 1) == (
        "The top block of Tiny has no normalization layer with a scale or an offset, so normalization would train "
        "nothing (0 adapted layers). Choose other trained parts, or more unfrozen blocks."
    )
    assert nothing_to_train("Tiny", None, 1) == (
        "The top block of Tiny has no weights that fine-tuning trains (batch normalization stays as it is), so only "
        "the head would learn. Choose more unfrozen blocks."
    )
