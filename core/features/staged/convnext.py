"""ConvNeXt and ConvNeXt V2; blocks ``stem``, ``stage1_block1`` ... and ``head``, which pools, then normalises.

A stage's first block begins with the layers that halve its map.
"""

from typing import NamedTuple

import keras
from keras import layers, ops

from core.backbones.staged.convnext import ConvNeXtNumbers
from core.features.staged.layers import TensorLayers, named

PREFIXES = ("convnextv2.", "convnext.")

_EPSILON = 1e-6
"""Of global response normalisation."""


class _Names(NamedTuple):
    """Of one layout; ``{}`` is the number of a stage, then that of a block, from 0 on."""

    patches: str
    stem_norm: str
    down: str
    block: str
    depthwise: str
    norm: str
    wide: str
    response: str
    narrow: str
    scale: str
    head_norm: str
    classifier: str


_OF_TRANSFORMERS = _Names(
    "embeddings.patch_embeddings", "embeddings.layernorm", "encoder.stages.{}.downsampling_layer.",
    "encoder.stages.{}.layers.{}.", "dwconv", "layernorm", "pwconv1", "grn", "pwconv2", "layer_scale_parameter",
    "layernorm", "classifier",
)  # fmt: skip
_OF_TIMM = _Names(
    "stem.0", "stem.1", "stages.{}.downsample.", "stages.{}.blocks.{}.", "conv_dw", "norm", "mlp.fc1", "mlp.grn",
    "mlp.fc2", "gamma", "head.norm", "head.fc",
)  # fmt: skip


def features(x: keras.KerasTensor, a: ConvNeXtNumbers, made: TensorLayers) -> keras.KerasTensor:
    """Scaled pixels -> (n, 1, 1, channels), pooled and normalised."""
    names = _names(a)
    x = made.conv(x, names.patches, "stem_patches", stride=a.patch, bias=True, filters=a.widths[0])
    x = made.layer_norm(x, names.stem_norm, "stem_norm", a.epsilon)
    for stage, (width, depth) in enumerate(zip(a.widths, a.depths, strict=True)):
        ours = f"stage{stage + 1}_block"
        if stage:
            down = names.down.format(stage)
            x = made.layer_norm(x, f"{down}0", f"{ours}1_down_norm", a.epsilon)
            x = made.conv(x, f"{down}1", f"{ours}1_down", stride=2, bias=True, filters=width)
        for block in range(depth):
            x = _block(x, names.block.format(stage, block), f"{ours}{block + 1}", a, made)
    x = layers.GlobalAveragePooling2D(keepdims=True, name="head_mean")(x)
    return made.layer_norm(x, names.head_norm, "head_norm", a.head_epsilon)


def logits(x: keras.KerasTensor, a: ConvNeXtNumbers, made: TensorLayers) -> keras.KerasTensor:
    """What ``features`` returns -> (n, 1000)."""
    return made.dense(layers.Flatten(name="logits_features")(x), _names(a).classifier, "logits")


def _names(a: ConvNeXtNumbers) -> _Names:
    return _OF_TIMM if a.timm else _OF_TRANSFORMERS


def _block(x: keras.KerasTensor, tensor: str, name: str, a: ConvNeXtNumbers, made: TensorLayers) -> keras.KerasTensor:
    names, channels = _names(a), x.shape[-1]
    y = made.conv(x, f"{tensor}{names.depthwise}", f"{name}_depthwise", padding=3, groups=channels, bias=True)
    y = made.layer_norm(y, f"{tensor}{names.norm}", f"{name}_norm", a.epsilon)
    y = made.dense(y, f"{tensor}{names.wide}", f"{name}_wide")
    y = layers.Activation("gelu", name=f"{name}_gelu")(y)
    if a.response_norm:
        y = _response_norm(y, f"{tensor}{names.response}", f"{name}_response", made)
    y = made.dense(y, f"{tensor}{names.narrow}", f"{name}_narrow")
    if a.layer_scale:
        y = made.channel_scale(y, f"{tensor}{names.scale}", f"{name}_scale")
    return layers.Add(name=f"{name}_add")([x, y])


def _response_norm(x: keras.KerasTensor, tensor: str, name: str, made: TensorLayers) -> keras.KerasTensor:
    """Global response normalisation (Woo et al. 2023, algorithm 1): every channel by how strong it is in the whole map,
    relative to the others; scaled, and added to what it got."""
    energy = named(ops.sum(named(ops.square(x), f"{name}_square"), axis=(1, 2), keepdims=True), f"{name}_energy")
    positive = layers.Rescaling(1.0, 1e-12, name=f"{name}_positive")(energy)  # the root's slope at 0 is infinite
    strength = named(ops.sqrt(positive), f"{name}_strength")
    mean = named(ops.mean(strength, axis=-1, keepdims=True), f"{name}_mean")
    divisor = layers.Rescaling(1.0, _EPSILON, name=f"{name}_divisor")(mean)
    relative = named(ops.divide(strength, divisor), f"{name}_relative")
    y = layers.Multiply(name=f"{name}_product")([x, relative])
    y = made.channel_scale(y, f"{tensor}.weight", f"{name}_scale", f"{tensor}.bias")
    return layers.Add(name=f"{name}_add")([x, y])
