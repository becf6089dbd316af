"""Swin transformers (Liu et al. 2021); blocks ``stem``, ``stage1_block1`` ... (the last one with the last norm).

Attention is computed in square windows of the map; in every second block the map is first moved by half a window,
around its borders. LiteRT knows no ``roll``, so the map is cut and joined instead: every layer is a stock layer, and
LiteRT runs all of it. A stage's first block begins with the layers that halve its map.
"""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from core.backbones.staged.swin import SwinNumbers
from core.features.staged.layers import TensorLayers, named

PREFIXES = ("swin.",)

_FORBIDDEN = -100.0
"""What is added where two positions are no neighbours in the map, only after it was moved."""


class _Names(NamedTuple):
    """Of one layout; ``{}`` is the number of a stage, then that of a block, from 0 on."""

    patches: str
    stem_norm: str
    block: str
    norms: tuple[str, str]
    attention: tuple[str, str, str]
    table: str
    output: str
    dense: tuple[str, str]
    last_norm: str


_OF_TRANSFORMERS = _Names(
    "embeddings.patch_embeddings.projection", "embeddings.norm", "encoder.layers.{}.blocks.{}.",
    ("layernorm_before", "layernorm_after"),
    ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention.self.relative_position_bias_table", "attention.output.dense", ("intermediate.dense", "output.dense"),
    "layernorm",
)  # fmt: skip
_OF_TIMM = _Names(
    "patch_embed.proj", "patch_embed.norm", "layers.{}.blocks.{}.", ("norm1", "norm2"), ("attn.qkv",) * 3,
    "attn.relative_position_bias_table", "attn.proj", ("mlp.fc1", "mlp.fc2"), "norm",
)  # fmt: skip


def features(x: keras.KerasTensor, a: SwinNumbers, made: TensorLayers) -> keras.KerasTensor:
    """Scaled pixels -> the last feature map, normalised."""
    names = _OF_TIMM if a.timm else _OF_TRANSFORMERS
    x = made.conv(x, names.patches, "stem_patches", stride=a.patch, bias=True, filters=a.width)
    x = made.layer_norm(x, names.stem_norm, "stem_norm", 1e-5)
    ours = ""
    for stage, (depth, heads) in enumerate(zip(a.depths, a.heads, strict=True)):
        if stage:
            x = _halved(x, _down(stage, a, made), f"stage{stage + 1}_block1_down", made)
        for block in range(depth):
            ours = f"stage{stage + 1}_block{block + 1}"
            shift = a.window // 2 if block % 2 and x.shape[1] > a.window else 0
            x = _block(x, names.block.format(stage, block), ours, a, made, heads=heads, shift=shift)
    return made.layer_norm(x, names.last_norm, f"{ours}_last_norm", a.epsilon)


def logits(x: keras.KerasTensor, a: SwinNumbers, made: TensorLayers) -> keras.KerasTensor:
    """What ``features`` returns -> (n, 1000)."""
    name = "classifier"
    if a.timm:
        name = "head.fc" if made.has("head.fc.weight") else "head"
    return made.dense(layers.GlobalAveragePooling2D(name="mean")(x), name, "logits")


def _down(stage: int, a: SwinNumbers, made: TensorLayers) -> str:
    """The beginning of the names of the layers before a stage. Files of timm before its version 0.9 count them, as
    Transformers does, to the stage before."""
    if a.timm:
        before = made.has("layers.0.downsample.norm.weight")
        return f"layers.{stage - before}.downsample."
    return f"encoder.layers.{stage - 1}.downsample."


def _halved(x: keras.KerasTensor, tensor: str, name: str, made: TensorLayers) -> keras.KerasTensor:
    """Every 2 x 2 positions become one, normalised, then with half as many channels."""
    half, channels = x.shape[1] // 2, x.shape[-1]
    x = layers.Reshape((half, 2, half, 2 * channels), name=f"{name}_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name=f"{name}_squares")(x)
    x = layers.Reshape((half, half, 4 * channels), name=f"{name}_channels")(x)
    order = np.arange(4 * channels).reshape(2, 2, channels).transpose(1, 0, 2).reshape(-1)  # theirs: columns first
    x = made.layer_norm(x, f"{tensor}norm", f"{name}_norm", 1e-5, order=order)
    return made.dense(x, f"{tensor}reduction", f"{name}_dense", bias=False, order=order)


def _block(
    x: keras.KerasTensor, tensor: str, name: str, a: SwinNumbers, made: TensorLayers, *, heads: int, shift: int
) -> keras.KerasTensor:
    names, channels = _OF_TIMM if a.timm else _OF_TRANSFORMERS, x.shape[-1]
    y = made.layer_norm(x, f"{tensor}{names.norms[0]}", f"{name}_norm1", a.epsilon)
    y = _moved(y, shift, f"{name}_moved")
    y = _attention(_windows(y, a.window, f"{name}_windows"), tensor, name, a, made, heads=heads, shift=shift)
    y = _moved(_map(y, x.shape[1], a.window, f"{name}_map"), -shift, f"{name}_back")
    x = layers.Add(name=f"{name}_add1")([x, y])
    y = made.layer_norm(x, f"{tensor}{names.norms[1]}", f"{name}_norm2", a.epsilon)
    y = made.dense(y, f"{tensor}{names.dense[0]}", f"{name}_mlp1", units=int(a.wide * channels))
    y = layers.Activation("gelu", name=f"{name}_gelu")(y)
    y = made.dense(y, f"{tensor}{names.dense[1]}", f"{name}_mlp2")
    return layers.Add(name=f"{name}_add2")([x, y])


def _moved(x: keras.KerasTensor, shift: int, name: str) -> keras.KerasTensor:
    """The map moved up and to the left by ``shift`` positions; what leaves it comes in at the other side."""
    side = x.shape[1]
    first = shift % side
    if not first:
        return x
    for axis, along in ((1, "rows"), (2, "columns")):
        parts = []
        for part, crop in (("rest", (first, 0)), ("first", (0, side - first))):
            cropping = (crop, (0, 0)) if axis == 1 else ((0, 0), crop)
            parts.append(layers.Cropping2D(cropping, name=f"{name}_{part}_{along}")(x))
        x = layers.Concatenate(axis=axis, name=f"{name}_{along}")(parts)
    return x


def _windows(x: keras.KerasTensor, window: int, name: str) -> keras.KerasTensor:
    """(n, side, side, channels) -> (n, windows, positions, channels)."""
    count, channels = x.shape[1] // window, x.shape[-1]
    x = layers.Reshape((count, window, count, window * channels), name=f"{name}_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name=f"{name}_squares")(x)
    return layers.Reshape((count**2, window**2, channels), name=name)(x)


def _map(x: keras.KerasTensor, side: int, window: int, name: str) -> keras.KerasTensor:
    """Reverse of ``_windows``."""
    count, channels = side // window, x.shape[-1]
    x = layers.Reshape((count, count, window, window * channels), name=f"{name}_squares")(x)
    x = layers.Permute((1, 3, 2, 4), name=f"{name}_rows")(x)
    return layers.Reshape((side, side, channels), name=name)(x)


def _attention(
    x: keras.KerasTensor, tensor: str, name: str, a: SwinNumbers, made: TensorLayers, *, heads: int, shift: int
) -> keras.KerasTensor:
    """Of every position of a window with each of it."""
    names = _OF_TIMM if a.timm else _OF_TRANSFORMERS
    windows, positions, channels = x.shape[1:]
    size = channels // heads
    parts = []
    for at, part in enumerate(("query", "key", "value")):
        rows = (at, 3) if a.timm else (0, 1)
        y = made.dense(x, f"{tensor}{names.attention[at]}", f"{name}_{part}", bias=a.qkv_bias, rows=rows)
        y = layers.Reshape((windows, positions, heads, size), name=f"{name}_{part}_heads")(y)
        y = layers.Permute((1, 3, 2, 4), name=f"{name}_{part}_order")(y)
        parts.append(layers.Reshape((windows * heads, positions, size), name=f"{name}_{part}s")(y))
    query, key, value = parts
    query = layers.Rescaling(size**-0.5, name=f"{name}_query_scale")(query)
    key = layers.Permute((1, 3, 2), name=f"{name}_keys_turned")(key)
    scores = named(ops.matmul(query, key), f"{name}_scores")
    scores = layers.Reshape((windows, heads, positions, positions), name=f"{name}_scores_heads")(scores)
    zero = _zero(x, f"{name}_zero")
    scores = layers.Add(name=f"{name}_placed")([scores, _places(zero, tensor, name, a, made, heads)])
    if shift:
        scores = layers.Add(name=f"{name}_masked")([scores, _mask(zero, f"{name}_mask", windows, a.window, shift)])
    scores = layers.Reshape((windows * heads, positions, positions), name=f"{name}_all_scores")(scores)
    weights = layers.Softmax(name=f"{name}_softmax")(scores)
    y = named(ops.matmul(weights, value), f"{name}_values_mixed")
    y = layers.Reshape((windows, heads, positions, size), name=f"{name}_mixed_heads")(y)
    y = layers.Permute((1, 3, 2, 4), name=f"{name}_mixed_order")(y)
    y = layers.Reshape((windows, positions, channels), name=f"{name}_mixed")(y)
    return made.dense(y, f"{tensor}{names.output}", f"{name}_output")


def _zero(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """(n, 1) zeros, to which constants are added: a network has no other way to hold them."""
    count = int(np.prod(x.shape[1:]))
    number = layers.Reshape((count, 1), name=f"{name}_numbers")(x)
    number = layers.Cropping1D((0, count - 1), name=f"{name}_number")(number)
    return layers.Rescaling(0.0, name=name)(layers.Reshape((1,), name=f"{name}_one")(number))


def _places(
    zero: keras.KerasTensor, tensor: str, name: str, a: SwinNumbers, made: TensorLayers, heads: int
) -> keras.KerasTensor:
    """(n, 1, heads, positions, positions): what is added for the place of one position relative to another one."""
    names, positions = _OF_TIMM if a.timm else _OF_TRANSFORMERS, a.window**2
    index = named(ops.add(zero, _relative(a.window).reshape(-1)), f"{name}_index")
    x = made.embedding(index, f"{tensor}{names.table}", f"{name}_table", ((2 * a.window - 1) ** 2, heads))
    x = layers.Permute((2, 1), name=f"{name}_table_heads")(x)
    return layers.Reshape((1, heads, positions, positions), name=f"{name}_places")(x)


def _relative(window: int) -> np.ndarray:
    """(positions, positions) float32: the row of the table for every two positions of a window."""
    rows, columns = np.divmod(np.arange(window**2), window)
    down, right = (one[:, None] - one[None] + window - 1 for one in (rows, columns))
    return np.asarray(down * (2 * window - 1) + right, np.float32)


def _mask(zero: keras.KerasTensor, name: str, windows: int, window: int, shift: int) -> keras.KerasTensor:
    """(n, windows, 1, positions, positions): 0 for positions of one region of the map, else ``_FORBIDDEN``."""
    regions = named(ops.add(zero, _regions(windows, window, shift).reshape(-1)), f"{name}_regions")
    one = layers.Reshape((windows, 1, window**2, 1), name=f"{name}_first")(regions)
    other = layers.Reshape((windows, 1, 1, window**2), name=f"{name}_second")(regions)
    differs = named(ops.square(layers.Subtract(name=f"{name}_difference")([one, other])), f"{name}_square")
    return layers.Rescaling(_FORBIDDEN, name=name)(named(ops.minimum(differs, 1.0), f"{name}_differs"))


def _regions(windows: int, window: int, shift: int) -> np.ndarray:
    """(windows, positions) float32: a number for each part of the moved map that was connected before."""
    count = int(round(windows**0.5))
    places = np.arange(count * window)
    region = (places >= count * window - window).astype(int) + (places >= count * window - shift)
    both = region[:, None] * 3 + region[None]
    squares = both.reshape(count, window, count, window).transpose(0, 2, 1, 3)
    return np.asarray(squares.reshape(windows, window**2), np.float32)
