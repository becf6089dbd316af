"""The same network with another input: another size of the square, or another way in which a photo becomes it.

Networks of tokens, and those that pool in a way of their own, besides with another pooling.
"""

from dataclasses import replace
from math import ceil, log2
from statistics import mean

from core.backbones.token_network import HEAD, Pooling
from core.backbones.values import Adaptable, Backbone
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.errors import InvalidInput

LARGER, STEP, SMALL_STEP = 1.45, 32, 8
"""A larger input has 1.45 times the side, to the nearest multiple of 32.

That is twice the pixels, and twice the computation: 224 becomes 320, 260 becomes 384. Below 64 px the
multiple is one of 8: 32 becomes 48. A network trained on crops sees
objects larger in training than in prediction, so a larger input brings them back to their sizes (Touvron et al. 2019,
"Fixing the train-test resolution discrepancy"). On clothing the linear probe gained 0.011 and 0.016
(docs/decisions/0011-input-size.md). Most networks halve the sides five times, so multiples of 32 waste no border.
Networks of tokens take whole patches only.
"""


_DEPENDS_ON_SIZE = (
    "input_size", "block_shapes", "block_parameters", "parameters", "block_multiply_adds", "multiply_adds",
)  # fmt: skip
"""Of a network of tokens."""


def larger_size(backbone: Backbone) -> int | None:
    """The suggested input size beside the backbone's own; None where a stored photo has not as many pixels, or the
    network takes no other size."""
    if not takes_other_sizes(backbone):
        return None
    step = STEP if backbone.input_size >= 2 * STEP else SMALL_STEP
    step = backbone.tokens.patch if backbone.tokens else step
    size = max(step * round(LARGER * backbone.input_size / step), backbone.smallest_size)
    return size if backbone.input_size < size <= LARGEST_INPUT else None


def takes_other_sizes(backbone: Backbone) -> bool:
    """Whether the input can have another size than the backbone's own."""
    return not backbone.fixed_size and (not backbone.has_tokens or _has_patches(backbone))


def with_input(backbone: Backbone, size: int = 0, fit: Fit | None = None, pooling: Pooling = Pooling.OWN) -> Backbone:
    """The backbone with another input; what depends on its size or pooling is computed anew.

    Args:
        size: side of the square in pixels; 0 for the backbone's own. fit: None for the backbone's own.
        pooling: of a network of tokens; of others that pool in a way of their own only ``MEAN`` changes anything.

    Raises:
        InvalidInput: the network cannot take this size, or has no such token.
    """
    fitted = backbone if fit is None else replace(backbone, fit=fit)
    pooled = _pooled(fitted, pooling)
    return pooled if size in (0, backbone.input_size) else _resized(pooled, size)


def _pooled(backbone: Backbone, pooling: Pooling) -> Backbone:
    """Without the network's own pooling where another is chosen: then the block ``head`` is left out."""
    if backbone.own_pooling and pooling is Pooling.MEAN:
        return _without_head(replace(backbone, own_pooling=False, pooling=pooling))
    if backbone.tokens is None:
        return backbone
    tokens = backbone.tokens.pooled_by(pooling)
    if tokens == backbone.tokens:
        return backbone
    changed = replace(backbone, tokens=tokens, pooling=pooling)
    return _without_head(changed) if backbone.blocks[-1] == HEAD and not tokens.attention_pool else changed


def _without_head(backbone: Backbone) -> Backbone:
    """Without the last block, which pools."""
    parameters, work = backbone.block_parameters[:-1], backbone.block_multiply_adds[:-1]
    return replace(
        backbone,
        blocks=backbone.blocks[:-1],
        block_shapes=backbone.block_shapes[:-1],
        feature_size=backbone.block_shapes[-2][-1],
        block_parameters=parameters,
        adaptable=backbone.adaptable[: len(parameters)],
        parameters=sum(parameters),
        block_multiply_adds=work,
        multiply_adds=sum(work),
    )


def _has_patches(backbone: Backbone) -> bool:
    """Whether it is a network of tokens whose positions can be interpolated: one that was not saved by a run."""
    return backbone.tokens is not None and not backbone.is_trained


def _resized(backbone: Backbone, size: int) -> Backbone:
    if not takes_other_sizes(backbone):
        raise InvalidInput(f"{backbone.title} takes inputs of {backbone.input_size} px only. Received: {size} px")
    if not backbone.smallest_size <= size <= LARGEST_INPUT:
        raise InvalidInput(
            f"{backbone.title} takes inputs of {backbone.smallest_size} to {LARGEST_INPUT} px. Received: {size} px"
        )
    if backbone.has_tokens:
        return _with_other_patches(backbone, size)
    shapes = tuple(
        (_side(height, backbone, size), _side(width, backbone, size), channels)
        for height, width, channels in backbone.block_shapes
    )
    if backbone.own_pooling:
        shapes = (*shapes[:-1], (1, 1, backbone.feature_size))  # one position, whatever the input
    growth = _growth(backbone, shapes, size)
    costs = tuple(round(cost * more) for cost, more in zip(backbone.block_multiply_adds, growth, strict=False))
    return replace(
        backbone,
        input_size=size,
        block_shapes=shapes,
        block_multiply_adds=costs,
        multiply_adds=sum(costs) if costs else round(backbone.multiply_adds * mean(growth)),
    )


def _with_other_patches(backbone: Backbone, size: int) -> Backbone:
    tokens = backbone.tokens
    assert tokens is not None
    if size % tokens.patch:
        below = size // tokens.patch * tokens.patch
        raise InvalidInput(
            f"{backbone.title} takes inputs whose side is a multiple of its patches of {tokens.patch} px, for example "
            f"{below} or {below + tokens.patch} px. Received: {size} px"
        )
    row = tokens.row(size)
    more = (tokens.tokens(size) - tokens.tokens(backbone.input_size)) * tokens.width
    return replace(
        backbone, adaptable=_with_biases(backbone.adaptable, more), **{name: row[name] for name in _DEPENDS_ON_SIZE}
    )


def _with_biases(blocks: tuple[Adaptable, ...], more: int) -> tuple[Adaptable, ...]:
    """With more biases in the first block, which has one for every token."""
    if not blocks:
        return ()
    layers, parameters = blocks[0].bias
    return (replace(blocks[0], bias=(layers, parameters + more)), *blocks[1:])


def _side(side: int, backbone: Backbone, size: int) -> int:
    """Side of a feature map: the input's divided by the stride, rounded up; less where convolutions are not padded."""
    stride = 1 << round(log2(backbone.input_size / side))
    if side == ceil(backbone.input_size / stride):
        return ceil(size / stride)
    return max(1, round(side + (size - backbone.input_size) / stride))


def _growth(backbone: Backbone, shapes: tuple[tuple[int, int, int], ...], size: int) -> list[float]:
    """How many times as many multiply-adds every block has: as positions after it."""
    if not shapes:
        return [(size / backbone.input_size) ** 2]
    before = backbone.block_shapes
    return [new[0] * new[1] / (old[0] * old[1]) for new, old in zip(shapes, before, strict=True)]
