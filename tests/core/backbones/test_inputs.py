"""The same network with another input: what depends on its size."""

from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.backbones.inputs import larger_size, with_input
from core.backbones.token_network import Pooling
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.datasets.decoding.photos import STORED_SIDE
from core.errors import InvalidInput
from tests import tiny_tokens

LITE0, LITE2 = get("efficientnet_lite0"), get("efficientnet_lite2")


@pytest.mark.parametrize("backbone", catalogue(), ids=lambda one: one.name)
def test_its_own_size_is_the_backbone_of_the_catalogue(backbone):
    assert with_input(backbone) == with_input(backbone, backbone.input_size) == backbone


def test_feature_maps_grow_with_the_input():
    sides = [shape[0] for shape in with_input(LITE0, 320).block_shapes]
    assert (sides[0], sides[-1]) == (160, 10)
    assert [shape[0] for shape in with_input(LITE2, 380).block_shapes][-1] == 12
    assert [shape[2] for shape in with_input(LITE0, 320).block_shapes] == [shape[2] for shape in LITE0.block_shapes]


def test_the_work_grows_with_the_area():
    assert with_input(LITE0, 448).multiply_adds == 4 * LITE0.multiply_adds
    assert 2.0 < with_input(LITE0, 320).multiply_adds / LITE0.multiply_adds < 2.1


def test_the_work_of_every_block_grows_with_its_map():
    larger = with_input(LITE2, 380)
    assert sum(larger.block_multiply_adds) == larger.multiply_adds
    assert larger.block_multiply_adds[-1] == round(LITE2.block_multiply_adds[-1] * 12**2 / 9**2)
    assert larger.block_parameters == LITE2.block_parameters


def test_of_blocks_that_nobody_counted_the_whole_work_grows():
    whole = replace(LITE0, block_multiply_adds=())
    assert with_input(whole, 448).block_multiply_adds == ()
    assert with_input(whole, 448).multiply_adds == 4 * LITE0.multiply_adds


def test_the_fit_is_kept_unless_another_is_chosen():
    cropped = with_input(LITE0, fit=Fit.CROP)
    assert (cropped.fit, with_input(cropped, 320).fit) == (Fit.CROP, Fit.CROP)
    assert with_input(cropped, fit=Fit.SQUASH) == LITE0


@pytest.mark.parametrize(("name", "size"), [("efficientnet_lite0", 31), ("xception", 70), ("efficientnet_lite0", 769)])
def test_a_size_the_network_cannot_take_is_refused_in_one_sentence(name, size):
    with pytest.raises(InvalidInput, match=rf"takes inputs of \d+ to 768 px. Received: {size} px"):
        with_input(get(name), size)


@pytest.mark.parametrize(
    ("name", "larger"),
    [("efficientnet_lite0", 320), ("efficientnet_lite1", 352), ("efficientnet_lite2", 384), ("efficientnet_b7", None)],
)
def test_the_suggested_larger_size(name, larger):
    assert larger_size(get(name)) == larger


@pytest.mark.parametrize(("own", "larger"), [(16, 32), (32, 48), (48, 72), (64, 96)])
def test_of_a_small_input_the_larger_one_has_about_twice_the_pixels_too(own, larger):
    assert larger_size(replace(LITE0, input_size=own)) == larger


def test_no_input_is_larger_than_a_stored_photo():
    assert LARGEST_INPUT == STORED_SIDE


def tiny(settings, name):
    return tiny_tokens.added(settings, name)


def test_tokens_take_multiples_of_their_patches(settings):
    dinov2 = tiny(settings, "dinov2")
    larger = with_input(dinov2, 84)
    assert (larger.input_size, larger.block_shapes[0]) == (84, (1 + 36, 32))
    assert larger.multiply_adds == sum(larger.block_multiply_adds) > 2.2 * dinov2.multiply_adds
    with pytest.raises(InvalidInput, match=r"multiple of its patches of 14 px.*Received: 64 px"):
        with_input(dinov2, 64)
    with pytest.raises(InvalidInput, match=r"takes inputs of 28 to 768 px. Received: 14 px"):
        with_input(dinov2, 14)
    assert larger_size(dinov2) == 84


def test_tokens_of_a_run_or_of_another_network_take_one_size_only(settings):
    dinov2 = tiny(settings, "dinov2")
    for fixed in (replace(dinov2, source="model:x"), replace(dinov2, tokens=None)):
        assert larger_size(fixed) is None
        with pytest.raises(InvalidInput, match="takes inputs of 56 px only. Received: 84 px"):
            with_input(fixed, 84)


def test_a_pooling_that_changes_nothing_is_the_own_one(settings):
    vit, siglip = tiny(settings, "vit"), tiny(settings, "siglip")
    assert with_input(vit, pooling=Pooling.CLASS_TOKEN) == with_input(vit, pooling=Pooling.OWN) == vit
    assert with_input(LITE0, pooling=Pooling.MEAN) == LITE0, "no tokens"
    assert with_input(vit, pooling=Pooling.MEAN).pooling is Pooling.MEAN
    assert with_input(siglip, pooling=Pooling.MEAN).blocks == siglip.blocks[:-1]
    with pytest.raises(InvalidInput, match="without a class token"):
        with_input(siglip, pooling=Pooling.CLASS_TOKEN)


def test_pooling_and_size_go_together(settings):
    siglip = tiny(settings, "siglip")
    both = with_input(siglip, 48, pooling=Pooling.MEAN)
    assert both == with_input(with_input(siglip, pooling=Pooling.MEAN), 48)
    assert both.block_shapes == ((36, 32),) * 4
    assert len(both.block_parameters) == len(both.block_multiply_adds) == 4


POOLS = replace(
    LITE0, own_pooling=True, blocks=(*LITE0.blocks, "head"), block_shapes=(*LITE0.block_shapes, (1, 1, 640)),
    block_parameters=(*LITE0.block_parameters, 50), block_multiply_adds=(*LITE0.block_multiply_adds, 0),
    parameters=LITE0.parameters + 50, feature_size=640,
)  # fmt: skip
"""Lite0 as a network that pools in a way of its own."""


def test_the_mean_leaves_out_a_networks_own_pooling_and_nothing_else_does():
    mean = with_input(POOLS, pooling=Pooling.MEAN)
    assert mean.pooling is Pooling.MEAN and not mean.own_pooling
    assert replace(mean, pooling=Pooling.OWN, adaptable=LITE0.adaptable) == LITE0
    assert with_input(POOLS) == with_input(POOLS, pooling=Pooling.CLASS_TOKEN) == POOLS
    assert with_input(LITE0, pooling=Pooling.MEAN) == LITE0


def test_a_networks_own_pooling_leaves_one_position_of_an_input_of_any_size():
    assert [shape[:2] for shape in with_input(POOLS, 480).block_shapes[-2:]] == [(15, 15), (1, 1)]
