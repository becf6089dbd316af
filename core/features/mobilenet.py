"""MobileNetV1 (Howard et al. 2017, "MobileNets", table 1) at width 1.0, of stock Keras layers.

Blocks: ``stem``, ``block1`` ... ``block13``, each a depthwise and a pointwise convolution. The original pads as
TensorFlow's ``same``; ``keras.applications.MobileNet`` pads by hand, which differs where a map has an odd side.
"""

import keras
from keras import layers

from core.backbones import Backbone
from core.features.convolutions import convolution, depthwise
from core.features.cuts import POOL

STEM_FILTERS = 32
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip
"""(filters, stride) of every block."""


def network(backbone: Backbone, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map, or logits (n, 1000)."""
    inputs = keras.Input((backbone.input_size, backbone.input_size, 3), name="photo")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(inputs)
    x = convolution(x, "stem", filters=STEM_FILTERS, kernel=3, stride=2)
    for number, (filters, stride) in enumerate(BLOCKS, 1):
        x = depthwise(x, f"block{number}_depthwise", kernel=3, stride=stride)
        x = convolution(x, f"block{number}_pointwise", filters=filters, kernel=1)
    if top:
        x = layers.GlobalAveragePooling2D(name=POOL)(x)
        x = layers.Dense(1000, name="logits")(x)
    return keras.Model(inputs, x, name=backbone.name)
