"""The same network with another input: another size of the square, or another way in which a photo becomes it."""

from dataclasses import replace
from math import ceil, log2
from statistics import mean

from core.backbones.values import Backbone
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.errors import InvalidInput

LARGER, STEP = 1.45, 32
"""A larger input has 1.45 times the side, to the nearest multiple of 32.

That is twice the pixels, and twice the computation: 224 becomes 320, 260 becomes 384. A network trained on crops sees
objects larger in training than in prediction, so a larger input brings them back to their sizes (Touvron et al. 2019,
"Fixing the train-test resolution discrepancy"). On clothing the linear probe gained 0.011 and 0.016
(docs/decisions/0011-input-size.md). Most networks halve the sides five times, so multiples of 32 waste no border.
"""


def larger_size(backbone: Backbone) -> int | None:
    """The suggested input size beside the backbone's own; None where a stored photo has not as many pixels."""
    size = STEP * round(LARGER * backbone.input_size / STEP)
    return size if size <= LARGEST_INPUT else None


def with_input(backbone: Backbone, size: int = 0, fit: Fit | None = None) -> Backbone:
    """The backbone with another input; what depends on its size is computed anew.

    Args:
        size: side of the square in pixels; 0 for the backbone's own. fit: None for the backbone's own.

    Raises:
        InvalidInput: the network cannot take this size.
    """
    fitted = backbone if fit is None else replace(backbone, fit=fit)
    return fitted if size in (0, backbone.input_size) else _resized(fitted, size)


def _resized(backbone: Backbone, size: int) -> Backbone:
    if not backbone.smallest_size <= size <= LARGEST_INPUT:
        raise InvalidInput(
            f"{backbone.title} takes inputs of {backbone.smallest_size} to {LARGEST_INPUT} px. "
            f"Received: input_size={size}"
        )
    shapes = tuple(
        (_side(height, backbone, size), _side(width, backbone, size), channels)
        for height, width, channels in backbone.block_shapes
    )
    return replace(
        backbone,
        input_size=size,
        block_shapes=shapes,
        multiply_adds=round(backbone.multiply_adds * _more_positions(backbone, shapes, size)),
    )


def _side(side: int, backbone: Backbone, size: int) -> int:
    """Side of a feature map: the input's divided by the stride, rounded up; less where convolutions are not padded."""
    stride = 1 << round(log2(backbone.input_size / side))
    if side == ceil(backbone.input_size / stride):
        return ceil(size / stride)
    return max(1, round(side + (size - backbone.input_size) / stride))


def _more_positions(backbone: Backbone, shapes: tuple[tuple[int, int, int], ...], size: int) -> float:
    """How many times as many multiply-adds: as positions after the blocks, which are taken to cost the same."""
    if not shapes:
        return (size / backbone.input_size) ** 2
    before = backbone.block_shapes
    return mean(new[0] * new[1] / (old[0] * old[1]) for new, old in zip(shapes, before, strict=True))
