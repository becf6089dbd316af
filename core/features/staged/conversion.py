"""A network in stages of the hub, built with its weights and stored as a Keras file that ``converted`` opens."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from core.backbones.staged.convnext import ConvNeXtNumbers
from core.backbones.staged.resnet import ResNetNumbers
from core.backbones.staged.swin import SwinNumbers
from core.backbones.staged.values import StagedNetwork
from core.backbones.values import Backbone, Scaling
from core.errors import Unavailable
from core.features.converted import NETWORK
from core.features.scaling import scaled
from core.features.staged import convnext, resnet, swin
from core.features.staged.layers import TensorLayers
from core.features.token_folder import tensors_in

_FAMILIES: dict[type[StagedNetwork], Any] = {ResNetNumbers: resnet, ConvNeXtNumbers: convnext, SwinNumbers: swin}
"""Modules by the type of their numbers."""

_CLASSIFIERS = tuple(
    f"{name}.{part}" for name in ("classifier", "classifier.1", "head.fc", "head") for part in ("weight", "bias")
)
"""Of classes that are not ImageNet's, which is not taken."""


_BUFFERS = ("relative_position_index", "attn_mask")
"""Of Swin, which follow from its numbers."""


def convert(place: Path, target: Path, row: Backbone, architecture: StagedNetwork) -> Backbone:
    """Write ``NETWORK`` into ``target`` from a folder with safetensors; returns the row.

    Raises:
        Unavailable: the weights do not fit the network.
    """
    built(tensors_in(place), row, architecture).save(target / NETWORK)
    return replace(row, classes=architecture.classes, own_pooling=architecture.own_pooling)


def built(tensors: dict, row: Backbone, architecture: StagedNetwork) -> keras.Model:
    """The network: raw RGB 0..255 (n, size, size, 3) in; last feature map out, and logits (n, 1000) if it classifies.

    Raises:
        Unavailable: the weights do not fit.
    """
    family = _FAMILIES[type(architecture)]
    made = TensorLayers(tensors, family.PREFIXES)
    inputs = keras.Input((row.input_size, row.input_size, 3), name="photo")
    try:
        features = family.features(scaled(inputs, row.scaling or Scaling()), architecture, made)
        outputs = [features, family.logits(features, architecture, made)] if architecture.classes else [features]
    except ValueError as error:
        raise Unavailable(
            f"The weights of {row.title} do not fit the network that config.json describes ({error})."
        ) from error
    made.check_all_read(_BUFFERS if architecture.classes else (*_BUFFERS, *_CLASSIFIERS))
    return keras.Model(inputs, outputs, name=row.name)
