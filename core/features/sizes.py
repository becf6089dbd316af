"""Shapes and sizes of features, before anything is computed."""

from math import prod

import numpy as np

from core.backbones.values import Backbone
from core.errors import InvalidInput
from core.recipes.program import CLASSES, PIXELS, TOP, block_of_cut, pooled

IMAGENET_CLASSES = 1000


def dtype_at(cut: str) -> str:
    """The stored dtype: float32 for vectors; float16 for maps, which are a hundred times larger.

    Half precision rounds by at most 0.05 %, which does not change predictions measurably
    (tests/keras/test_features_precision.py).
    """
    return "float32" if pooled(cut) else "float16"


def shape_at(backbone: Backbone, cut: str) -> tuple[int, ...]:
    """Shape of one photo's features: (h, w, channels) of a map, (d,) of a vector.

    Raises:
        InvalidInput: the backbone has no such cut, or nothing is stored there.
    """
    if cut == TOP:
        return (backbone.feature_size,)
    if cut == CLASSES:
        return (IMAGENET_CLASSES,)
    block = block_of_cut(cut)
    if block not in backbone.blocks:
        choices = ", ".join((*backbone.blocks, TOP))
        raise InvalidInput(f"{backbone.title} has no block {block or cut!r} to cut at. Choose from: {choices}")
    shape = backbone.block_shapes[backbone.blocks.index(block)]
    return shape[-1:] if pooled(cut) else shape


def bytes_per_photo(backbone: Backbone, cut: str) -> int:
    """Bytes on disk of one photo in one view at ``cut``; 0 for ``pixels``, where nothing is stored.

    Raises:
        InvalidInput: the backbone has no such cut.
    """
    return 0 if cut == PIXELS else prod(shape_at(backbone, cut)) * np.dtype(dtype_at(cut)).itemsize
