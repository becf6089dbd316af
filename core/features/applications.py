"""Networks of ``keras.applications``, each with the pixel scaling it was trained with as a layer."""

from collections.abc import Callable
from pathlib import Path

import keras
from keras import layers

from core.backbones import Backbone
from core.errors import Unavailable


def _as_is(x: keras.KerasTensor) -> keras.KerasTensor:
    """The network has its own scaling layer."""
    return x


def _to_one(x: keras.KerasTensor) -> keras.KerasTensor:
    """-1..1, Keras' mode ``tf``."""
    return layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(x)


def _standardised(x: keras.KerasTensor) -> keras.KerasTensor:
    """Mean 0 and deviation 1 per channel over ImageNet, Keras' mode ``torch``."""
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    scale = [1 / (255 * d) for d in deviation]
    offset = [-m / d for m, d in zip(mean, deviation, strict=True)]
    return layers.Rescaling(scale, offset, name="scaling")(x)


def _blue_green_red(x: keras.KerasTensor) -> keras.KerasTensor:
    """BGR with ImageNet's mean taken off, Keras' mode ``caffe``."""
    x = layers.Rescaling(1.0, offset=[-123.68, -116.779, -103.939], name="scaling")(x)
    return keras.ops.flip(x, axis=-1)


def _divided_again(x: keras.KerasTensor) -> keras.KerasTensor:
    """What Keras adds after the normalisation of EfficientNet for ``weights="imagenet"`` only. They were trained
    on (pixel - mean) / variance, and its layer divides by the root of that. Put before the network, whose scaling is
    linear, it is the same."""
    mean, variance = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    scale = [v**-0.5 for v in variance]
    offset = [255 * m * (1 - k) for m, k in zip(mean, scale, strict=True)]
    return layers.Rescaling(scale, offset, name="scaling")(x)


SCALING: dict[str, Callable] = {
    "ConvNeXt": _as_is,
    "DenseNet": _standardised,
    "EfficientNet": _divided_again,
    "EfficientNetV2": _as_is,
    "Inception": _to_one,
    "MobileNet": _to_one,
    "MobileNetV2": _to_one,
    "MobileNetV3": _as_is,
    "NASNet": _to_one,
    "ResNet": _blue_green_red,
    "ResNetV2": _to_one,
    "VGG": _blue_green_red,
    "Xception": _to_one,
}
"""By ``Backbone.family``."""


def network(backbone: Backbone, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map, or logits (n, 1000)."""
    inputs = keras.Input((backbone.input_size, backbone.input_size, 3), name="photo")
    function = getattr(keras.applications, backbone.source.removeprefix("keras:"))
    scaled = SCALING[backbone.family](inputs)
    return function(weights=None, include_top=top, input_tensor=scaled, classifier_activation=None)


def load(model: keras.Model, path: Path) -> None:
    """Puts the weights of a downloaded ``.h5`` file into ``network``.

    Raises:
        Unavailable: the file does not fit the network.
    """
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(f"The weights file {path} does not fit {model.name}; delete it and try again.") from error
