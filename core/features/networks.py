"""The Keras side of a backbone: the network, its frozen prefix at a cut, its ImageNet classifier, its operations."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from core.backbones import Backbone, obtain
from core.errors import InvalidInput
from core.features import applications, lite
from core.features.cuts import block_ends
from core.settings import Settings

TOP = "top"
"""The cut after everything: the pooled feature vector."""


@dataclass(frozen=True)
class Kind:
    """How networks of one kind of source are made.

    Args:
        network: ``network(backbone, top=False)`` -> model with random weights.
        load: ``load(model, path)`` puts the weights of the file into it.
    """

    network: Callable[..., keras.Model]
    load: Callable[[keras.Model, Path], None]


KINDS = {
    "package": Kind(lite.network, lite.load),
    "keras": Kind(applications.network, applications.load),
}
"""By what stands before the colon of ``Backbone.source``."""


def build(backbone: Backbone, settings: Settings, *, weights: bool = True) -> keras.Model:
    """The network without its ImageNet top.

    Input: raw RGB float32 0..255 (n, input_size, input_size, 3); scaling happens inside. Output: the last feature map
    (n, h, w, feature_size). The last layer of every block of ``backbone.blocks`` is a place to cut (see ``block_end``).

    Args:
        weights: pretrained when True, random (from Keras' global seed) when False.

    Raises:
        Unavailable: the weights cannot be had.
    """
    return _network(backbone, settings, weights=weights, top=False)


def classifier(backbone: Backbone, settings: Settings, *, weights: bool = True) -> keras.Model:
    """The whole pretrained network: raw RGB in, probabilities (n, 1000) in the order of ``imagenet_classes()`` out."""
    model = _network(backbone, settings, weights=weights, top=True)
    return keras.Model(model.inputs[0], layers.Softmax(name="probabilities")(model.output), name=model.name)


def _network(backbone: Backbone, settings: Settings, *, weights: bool, top: bool) -> keras.Model:
    kind = KINDS[backbone.source.partition(":")[0]]
    model = kind.network(backbone, top=top)
    if weights:
        kind.load(model, obtain(backbone, settings, top=top))
    return model


def prefix(backbone: Backbone, settings: Settings, cut: str = TOP, *, weights: bool = True) -> keras.Model:
    """The frozen part up to and including block ``cut``, as its own model; nothing in it is trainable.

    Output: the cut's feature map (n, h, w, channels); for ``"top"`` the pooled features (n, feature_size).
    """
    model = build(backbone, settings, weights=weights)
    model.trainable = False
    if cut == TOP:
        output = layers.GlobalAveragePooling2D(name="pool")(model.output)
    else:
        output = block_end(model, backbone, cut).output
    return keras.Model(model.inputs[0], output, name=f"{backbone.name}_{cut}")


def block_end(model: keras.Model, backbone: Backbone, block: str) -> keras.Operation:
    """The last operation of a block: the only tensor through which later blocks see earlier ones.

    Raises:
        InvalidInput: the backbone has no block of that name.
    """
    if block not in backbone.blocks:
        choices = ", ".join((*backbone.blocks, TOP))
        raise InvalidInput(f"{backbone.title} has no block {block!r} to cut at. Choose from: {choices}")
    return block_ends(model)[block]


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of one forward pass of one photo, of convolutions and dense layers (as the papers count).

    A kernel of k x k x channels-in is applied once per output position and filter (Howard et al. 2017, MobileNets,
    section 3.1); biases, normalisation and activations are not counted, as in the EfficientNet papers.
    """
    return sum(_layer_multiply_adds(layer) for layer in model._flatten_layers(include_self=False))


def _layer_multiply_adds(layer: layers.Layer) -> int:
    if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
        _, height, width, _ = layer.output.shape
        return int(height * width * _size(layer.kernel))
    if isinstance(layer, layers.SeparableConv2D):
        _, height, width, _ = layer.output.shape
        return int(height * width * (_size(layer.depthwise_kernel) + _size(layer.pointwise_kernel)))
    if isinstance(layer, layers.Dense):
        positions = _product(layer.output.shape[1:-1])
        return int(positions * _size(layer.kernel))
    return 0


def _size(kernel) -> int:
    return _product(kernel.shape)


def _product(shape) -> int:
    result = 1
    for side in shape:
        result *= side
    return result
