"""Shapes and sizes of features are known before anything is computed."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.errors import InvalidInput
from core.features.sizes import bytes_per_photo, shape_at
from tests import tiny_tokens

LITE0 = get("efficientnet_lite0")


@pytest.mark.parametrize(
    "cut, size",
    [
        ("top", 1280 * 4),
        ("classes", 1000 * 4),
        ("block6d", 7 * 7 * 192 * 2),
        ("block5c", 14 * 14 * 112 * 2),
        ("block5c.pool", 112 * 4),
        ("pixels", 0),
    ],
)
def test_the_size_of_a_photo_at_every_cut_is_known_before_anything_runs(cut, size):
    assert bytes_per_photo(LITE0, cut) == size


def test_a_cut_outside_the_network_is_answered_with_the_blocks():
    for cut in ("block9", "block9.pool", "answers"):
        with pytest.raises(InvalidInput, match=r"EfficientNet-Lite0 has no block 'block9|no block 'answers'"):
            bytes_per_photo(LITE0, cut)


def test_tokens_have_a_number_and_a_width(settings):
    siglip = tiny_tokens.added(settings, "siglip")
    assert [shape_at(siglip, cut) for cut in ("stem", "block3", "head", "block3.pool", "top")] == [
        (16, 32), (16, 32), (1, 32), (32,), (32,),
    ]  # fmt: skip
    assert bytes_per_photo(siglip, "block3") == 16 * 32 * 2


def test_the_class_token_says_nothing_before_the_first_block(settings):
    vit = tiny_tokens.added(settings, "vit")
    assert vit.tokens is not None
    saved = replace(vit, tokens=replace(vit.tokens, pooling=Pooling.MEAN))  # as the model of a run pools
    chosen = with_input(saved, pooling=Pooling.CLASS_TOKEN)
    assert shape_at(chosen, "block1.pool") == (32,)
    with pytest.raises(InvalidInput, match="is the same for every photo. Choose pooling=mean"):
        shape_at(chosen, "stem.pool")
