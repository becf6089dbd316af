"""Shapes and sizes of features, before anything is computed."""

from math import prod

import numpy as np

from core.backbones.token_network import STEM, Pooling
from core.backbones.values import Backbone
from core.errors import InvalidInput
from core.recipes.program import CLASSES, PIXELS, TOP, block_of_cut, cuts_of, pooled

IMAGENET_CLASSES = 1000


def dtype_at(cut: str) -> str:
    """The stored dtype: float32 for vectors; float16 for maps, which are a hundred times larger.

    Half precision rounds by at most 0.05 %, which does not change predictions measurably
    (tests/keras/test_features_precision.py).
    """
    return "float32" if pooled(cut) else "float16"


def shape_at(backbone: Backbone, cut: str) -> tuple[int, ...]:
    """Shape of one photo's features: (h, w, channels) of a map, (tokens, channels) of tokens, (d,) of a vector.

    Raises:
        InvalidInput: the backbone has no such cut, or nothing is stored there.
    """
    if len(cuts_of(cut)) > 1:
        return (sum(shape_at(backbone, one)[0] for one in cuts_of(cut)),)
    if cut == TOP:
        return (backbone.feature_size,)
    if cut == CLASSES:
        return (IMAGENET_CLASSES,)
    block = block_of_cut(cut)
    if block not in backbone.blocks:
        choices = ", ".join((*backbone.blocks, TOP))
        raise InvalidInput(f"{backbone.title} has no block {block or cut!r} to cut at. Choose from: {choices}")
    shape = backbone.block_shapes[backbone.blocks.index(block)]
    if block == STEM and pooling_at(backbone, cut) == Pooling.CLASS_TOKEN:
        raise InvalidInput(
            f"Before its first block the class token of {backbone.title} is the same for every photo. Choose "
            "pooling=mean, or leave out fewer blocks. Received: pooling=class_token"
        )
    return shape[-1:] if pooled(cut) else shape


def pooling_at(backbone: Backbone, cut: str) -> Pooling:
    """The pooling chosen instead of the network's own; own where nothing is pooled by choice."""
    return backbone.pooling if pooled(cut) and cut != CLASSES else Pooling.OWN


def cost_up_to(backbone: Backbone, cut: str) -> tuple[int, int]:
    """Parameters and multiply-adds of a backbone up to a cut, from what its row says of every block.

    Raises:
        InvalidInput: the backbone has no such cut.
    """
    shape_at(backbone, cut)
    block = block_of_cut(cut)
    if block is None:
        return backbone.parameters, backbone.multiply_adds
    end = backbone.blocks.index(block) + 1
    part = sum(backbone.block_multiply_adds[:end]) / max(1, sum(backbone.block_multiply_adds))
    return sum(backbone.block_parameters[:end]), round(backbone.multiply_adds * part)


def bytes_per_photo(backbone: Backbone, cut: str) -> int:
    """Bytes on disk of one photo in one view at ``cut``; 0 for ``pixels``, where nothing is stored.

    Raises:
        InvalidInput: the backbone has no such cut.
    """
    return 0 if cut == PIXELS else prod(shape_at(backbone, cut)) * np.dtype(dtype_at(cut)).itemsize


def fraction_below(backbone: Backbone, cut: str) -> float:
    """Fraction (0..1) of a backbone's multiply-adds below ``cut``; blocks whose cost nobody counted cost the same."""
    if cut == PIXELS:
        return 0.0
    block = block_of_cut(cut)
    if block is None:
        return 1.0
    costs, below = backbone.block_multiply_adds or (1,) * len(backbone.blocks), backbone.blocks.index(block) + 1
    return sum(costs[:below]) / sum(costs)
