"""The scaling of pixels as a layer of the network."""

import keras
from keras import layers

from core.backbones.values import Scaling


def scaled(pixels: keras.KerasTensor, scaling: Scaling) -> keras.KerasTensor:
    """Pixels 0..255, red, green, blue, as the network wants them: ``(pixel / 255 - mean) / deviation``."""
    scale = [1 / (255 * deviation) for deviation in scaling.deviation]
    offset = [-mean / deviation for mean, deviation in zip(scaling.mean, scaling.deviation, strict=True)]
    x = layers.Rescaling(scale, offset, name="scaling")(pixels)
    return keras.ops.flip(x, axis=-1) if scaling.bgr else x
