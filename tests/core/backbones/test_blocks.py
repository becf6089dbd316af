"""The architecture of a backbone by blocks."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.blocks import blocks_of, shape_words

LITE0 = get("efficientnet_lite0")


def test_every_block_has_its_share_of_the_whole():
    blocks = blocks_of(LITE0)
    assert [block.name for block in blocks] == list(LITE0.blocks) and blocks[0].number == 1
    assert sum(block.cost_share for block in blocks) == pytest.approx(1)
    assert sum(block.parameters_share for block in blocks) == pytest.approx(1)
    assert blocks[0].cost_from_here == 1 and blocks[-1].cost_from_here == blocks[-1].cost_share
    assert blocks[-2].cost_from_here == pytest.approx(blocks[-1].cost_share + blocks[-2].cost_share)


def test_what_nobody_counted_is_none():
    bare = replace(LITE0, block_parameters=(), block_multiply_adds=(), block_shapes=())
    block = blocks_of(bare)[0]
    assert (block.parameters, block.multiply_adds, block.cost_share, block.cost_from_here) == (None,) * 4
    assert block.shape == ()


@pytest.mark.parametrize(
    "shape, words", [((112, 112, 32), "112 x 112 x 32"), ((257, 384), "257 tokens x 384"), ((), "not known")]
)
def test_shapes_in_words(shape, words):
    assert shape_words(shape) == words
