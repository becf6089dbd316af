"""The graph of a keras-hub network as stock Keras layers, one by one.

keras-hub's networks hold layers of their own, each with several stock layers inside. Run symbolically, such a layer
leaves its stock layers in the graph instead of itself. The result can be cut into blocks, exported and saved, and needs
no keras-hub to be opened.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import keras
import numpy as np
from keras import layers

_RENAMED = (
    (re.compile(r"^block_(\d+)_(\d+)_"), r"stage\1_block\2_"),  # MobileNet
    (re.compile(r"^stage_(\d+)_block_(\d+)_"), r"stage\1_part\2_"),  # CSPNet; beside it is another branch
    (re.compile(r"^stage_(\d+)_"), r"stage\1_"),
)
"""Names of layers whose block ``core.features.cuts`` would not find."""


def unfolded(model: keras.Model, tensor: keras.KerasTensor) -> Any:
    """What ``model`` outputs for ``tensor``, computed by stock layers only; they share the variables of its own."""
    with _without_own_layers(model):
        return model.call(tensor)


def unfolded_head(task: keras.Model, features: Any) -> keras.KerasTensor:
    """The logits of a keras-hub classifier for what its ``unfolded`` backbone outputs."""
    if isinstance(getattr(task, "head", None), keras.Sequential):  # VGG's, which would stay one model in the graph
        for layer in task.head.layers:
            features = features if isinstance(layer, layers.Dropout) else layer(features)
        return features
    with _without_own_layers(task), mock.patch.object(type(task.backbone), "__call__", lambda *_, **__: features):
        return task.call(task.inputs[0])


def with_block_names(model: keras.Model) -> None:
    """Give the layers names that begin with their block, each once."""
    seen: set[str] = set()
    for operation in model.operations:
        name = operation.name
        for pattern, new in _RENAMED:
            name = pattern.sub(new, name)
        while name in seen:
            name += "_again"
        seen.add(name)
        operation.name = name


@contextmanager
def _without_own_layers(model: keras.Model) -> Iterator[None]:
    own = {type(layer) for layer in model._flatten_layers() if type(layer).__module__.startswith("keras_hub")}
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(layers.Identity, "__call__", lambda _layer, tensor, **_: tensor))
        for kind in own:
            stack.enter_context(mock.patch.object(kind, "__call__", _REPLACED.get(kind.__name__, _inner)))
        yield


def _inner(layer: layers.Layer, *arguments: Any, **named: Any) -> Any:
    """The stock layers inside a layer, instead of it."""
    return layer.call(*arguments, **named)


def _affine(layer: layers.Layer, tensor: keras.KerasTensor) -> keras.KerasTensor:
    """HGNetV2's learnable affine block, one factor and one offset for all channels, as a convolution."""
    stock = layers.DepthwiseConv2D(1, name=f"{layer.path.replace('/', '_')}")
    outputs = stock(tensor)
    stock.set_weights([np.full(weight.shape, float(value)) for weight, value in
                       zip(stock.weights, (layer.scale, layer.bias), strict=True)])  # fmt: skip
    return outputs


_REPLACED: Mapping[str, Callable[..., Any]] = {"HGNetV2LearnableAffineBlock": _affine}
"""Own layers with variables of their own, which no stock layer inside them holds."""
