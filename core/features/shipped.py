"""Networks whose weights are part of Graft, as safetensors with the names of their layers."""

from collections.abc import Callable
from pathlib import Path

import keras
from safetensors.numpy import load_file

from core.backbones import Backbone
from core.features import mobilenet, squeezenet

NETWORKS: dict[str, Callable[..., keras.Model]] = {
    "MobileNetV1": mobilenet.network,
    "SqueezeNet": squeezenet.network,
}
"""By ``Backbone.family``: ``network(backbone, top=False)``."""


def network(backbone: Backbone, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map, or logits (n, 1000)."""
    return NETWORKS[backbone.family](backbone, top=top)


def load(model: keras.Model, path: Path) -> None:
    """Puts the tensors ``<layer>/<variable>`` of the file into ``network``."""
    tensors = load_file(path)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([tensors[f"{layer.name}/{weight.name}"] for weight in layer.weights])
