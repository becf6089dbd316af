"""What the process of a run keeps for the next one."""

from dataclasses import replace

import pytest

from core.planning.in_memory import kept_by, memory_after
from core.planning.lookup import RecipeLookup
from core.planning.work import SharedKind
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe

LITE0, RESNET = "efficientnet_lite0", "resnet50"
LIBRARY, NETWORK = SharedKind.LIBRARY, SharedKind.NETWORK
HEAD = Recipe(backbone=LITE0)
SHALLOW = Hyperparameters(depth=1)
SKLEARN = replace(HEAD, pattern=Pattern.STANDALONE_EXTRACTOR)
TUNED = replace(HEAD, pattern=Pattern.FINE_TUNING, hyperparameters=SHALLOW)
FUSION = Recipe(backbone=LITE0, pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(RESNET,))


@pytest.fixture
def lookup(registry, settings):
    return RecipeLookup(registry, settings)


def kinds(recipe, lookup):
    return [one.kind for one in kept_by(recipe, lookup)]


def test_a_head_needs_a_frozen_network_and_a_solver_its_library_too(lookup):
    assert kinds(HEAD, lookup) == [NETWORK] and kinds(SKLEARN, lookup) == [LIBRARY, NETWORK]
    (network,) = kept_by(HEAD, lookup)
    assert (network.backbone, network.blocks) == (LITE0, 18)
    assert [one.backbone for one in kept_by(FUSION, lookup)] == [LITE0, RESNET]


def test_a_network_that_is_trained_is_not_kept(lookup):
    assert kinds(TUNED, lookup) == [] and kinds(replace(HEAD, pattern=Pattern.FROM_SCRATCH), lookup) == []


def test_combinations_and_quantized_models_keep_nothing(lookup):
    none = replace(HEAD, backbone="", members=("r-1", "r-2"))
    assert kinds(replace(none, pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE), lookup) == []
    assert kinds(replace(none, pattern=Pattern.QUANTIZATION, members=("r-1",)), lookup) == []


def test_the_same_network_is_that_of_the_same_input_and_depth(lookup):
    def key(**numbers):
        (network,) = kept_by(replace(HEAD, hyperparameters=Hyperparameters(**numbers)), lookup)
        return network.key

    assert key() == key(seed=7, epochs=3)
    assert len({key(), key(input_size=320), key(depth=1)}) == 3


def test_a_process_has_what_its_runs_left_of_each_kind_the_last(lookup):
    (lite0,), (resnet,) = kept_by(HEAD, lookup), kept_by(replace(HEAD, backbone=RESNET), lookup)
    assert memory_after([TUNED], lookup) == {}
    assert memory_after([SKLEARN, TUNED], lookup) == {LIBRARY: "scikit-learn", NETWORK: lite0.key}
    assert memory_after([HEAD, FUSION], lookup) == {NETWORK: resnet.key}
    assert memory_after([HEAD, replace(HEAD, backbone="r-deleted")], lookup) == {NETWORK: lite0.key}
