"""SqueezeNet 1.1 (Iandola et al. 2016, "SqueezeNet"; v1.1 of their repository) of stock Keras layers.

Blocks: ``stem``, ``fire2`` ... ``fire9``. A block includes the max pooling after it, so that its feature map is small.
There is no batch normalisation. The top is a convolution with ReLU to 1,000 maps, ``conv10`` in the paper, whose means
are the logits; the features are the means of the 512 maps before it.
"""

import keras
from keras import layers

from core.backbones import Backbone
from core.features.cuts import POOL

MEANS = (123.68, 116.779, 103.939)
"""Red, green and blue over ImageNet. The original takes BGR; the shipped first kernel has reversed channels."""

STEM_FILTERS = 64
FIRES = ((2, 16, 64), (3, 16, 64), (4, 32, 128), (5, 32, 128), (6, 48, 192), (7, 48, 192), (8, 64, 256), (9, 64, 256))
"""(number, filters of the squeeze layer, filters of each expand layer)."""

POOLED = (3, 5)
"""Fire modules that max pooling follows."""


def network(backbone: Backbone, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map, or logits (n, 1000)."""
    inputs = keras.Input((backbone.input_size, backbone.input_size, 3), name="photo")
    x = layers.Rescaling(1.0, offset=[-mean for mean in MEANS], name="scaling")(inputs)
    x = _convolution(x, "stem", filters=STEM_FILTERS, kernel=3, stride=2)
    x = _pooling(x, "stem")
    for number, squeeze, expand in FIRES:
        x = _fire(x, f"fire{number}", squeeze, expand)
        if number in POOLED:
            x = _pooling(x, f"fire{number}")
    if top:
        x = _convolution(x, "logits", filters=1000, kernel=1)
        x = layers.GlobalAveragePooling2D(name=POOL)(x)
    return keras.Model(inputs, x, name=backbone.name)


def _fire(x: keras.KerasTensor, name: str, squeeze: int, expand: int) -> keras.KerasTensor:
    x = _convolution(x, f"{name}_squeeze1x1", filters=squeeze, kernel=1)
    left = _convolution(x, f"{name}_expand1x1", filters=expand, kernel=1)
    right = _convolution(x, f"{name}_expand3x3", filters=expand, kernel=3, padding="same")
    return layers.Concatenate(name=f"{name}_concat")([left, right])


def _convolution(
    x: keras.KerasTensor, name: str, *, filters: int, kernel: int, stride: int = 1, padding: str = "valid"
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, stride, padding=padding, kernel_initializer="he_normal", name=f"{name}_conv")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _pooling(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.MaxPooling2D(3, 2, padding="valid", name=f"{name}_max")(x)
