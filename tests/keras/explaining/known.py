"""Networks whose evidence is known: they look for red and for blue, and for nothing else."""

import keras
import numpy as np
from keras import layers

from core.backbones import Backbone
from core.features import networks
from core.settings import Settings

RED, BLUE, NEITHER = range(3)
_COLOURS = {RED: (230, 30, 30), BLUE: (30, 30, 230)}
_REDNESS, _BLUENESS = np.array([1, -0.5, -0.5]) / 128, np.array([-0.5, -0.5, 1]) / 128


def photo(size: tuple[int, int], red: tuple[int, int] | None, blue: tuple[int, int] | None, side: int) -> np.ndarray:
    """(height, width, 3) uint8: grey noise, with squares of ``side`` pixels at the given upper left corners (x, y)."""
    width, height = size
    grey = np.random.default_rng(0).integers(90, 160, (height, width, 1), np.uint8)
    pixels = np.repeat(grey, 3, axis=2)
    for label, at in ((RED, red), (BLUE, blue)):
        if at is not None:
            pixels[at[1] : at[1] + side, at[0] : at[0] + side] = _COLOURS[label]
    return pixels


def colour_maps(size: int, stride: int = 8) -> keras.Model:
    """A convolutional network whose last map has the redness and the blueness of every square of ``stride`` pixels."""
    inputs = keras.Input((size, size, 3), name="photo")
    x = layers.Conv2D(2, 1, activation="relu", name="colours")(inputs)
    x = layers.AveragePooling2D(stride, name="squares")(x)
    model = keras.Model(inputs, layers.GlobalAveragePooling2D(name="pool")(x), name=f"colours_{size}")
    model.get_layer("colours").set_weights(
        [np.stack([_REDNESS, _BLUENESS], 1)[None, None].astype(np.float32), np.zeros(2)]
    )
    return model


def colour_tokens(backbone: Backbone, settings: Settings) -> keras.Model:
    """A tiny network of tokens that moves colour from patches to other tokens in its last attention only."""
    network = networks.network(backbone, settings)
    for layer in network.layers:
        norm = isinstance(layer, layers.LayerNormalization)
        layer.set_weights([np.ones_like(one) if norm and not at else np.zeros_like(one)
                           for at, one in enumerate(layer.get_weights())])  # fmt: skip
    _see_colours(network, backbone)
    last = [layer for layer in network.layers if isinstance(layer, layers.MultiHeadAttention)][-1]
    same = np.eye(last._value_dense.kernel.shape[0], dtype=np.float32)
    last._value_dense.kernel.assign(same.reshape(last._value_dense.kernel.shape))
    last._output_dense.kernel.assign(same.reshape(last._output_dense.kernel.shape))
    for layer in network.layers:
        if isinstance(layer, layers.DepthwiseConv1D):
            layer.set_weights([np.ones_like(one) for one in layer.get_weights()])
    return network


def _see_colours(network: keras.Model, backbone: Backbone) -> None:
    """Redness in features 0 and 1 (negative), blueness in 2 and 3, so that their mean is 0; a constant in 4 and 5."""
    stem = network.get_layer("stem_tokens")
    pixels = stem.kernel.shape[0] // 3
    kernel, bias = np.zeros(stem.kernel.shape, np.float32), np.zeros(stem.bias.shape, np.float32)
    for feature, colour in enumerate((_REDNESS, -_REDNESS, _BLUENESS, -_BLUENESS)):
        kernel[:, feature] = np.tile(colour, pixels) / pixels
    bias[:, 4], bias[:, 5] = 0.3, -0.3
    stem.set_weights([kernel, bias])


def classifier(network: keras.Model, features: int = 1) -> keras.Model:
    """The network with a head that reads features 0 (red) and ``features`` (blue)."""
    head = keras.Sequential([keras.Input((network.output.shape[-1],)), layers.Dense(3, "softmax")], name="head")
    kernel = np.zeros((network.output.shape[-1], 3), np.float32)
    kernel[0, RED] = kernel[features, BLUE] = 20
    head.layers[-1].set_weights([kernel, np.array([0, 0, 0.3], np.float32)])
    return keras.Model(network.input, head(network.output), name="graft")
