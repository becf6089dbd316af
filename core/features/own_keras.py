"""Networks of a person's own ``.keras`` files, as they were stored when they were added."""

import zipfile
from pathlib import Path

import keras

from core.backbones import Backbone
from core.errors import InvalidInput, Unavailable
from core.features import saved
from core.features.keras_file import STORED


def network(backbone: Backbone, path: Path, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map or tokens out.

    Args:
        path: the folder of the backbone.

    Raises:
        InvalidInput: ``top`` is True. Unavailable: the file cannot be read.
    """
    if top:
        raise InvalidInput(f"{backbone.title} has no ImageNet classifier. Choose another pattern.")
    try:
        whole = saved.architecture(path / STORED)
        model = saved.up_to(backbone.blocks, keras.Model(whole.inputs[0], whole.output, name=backbone.name))
        return saved.at_size(model, backbone.input_size)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise Unavailable(f"The network of {backbone.title} cannot be read ({error}). Add it again.") from error


def load(model: keras.Model, path: Path) -> None:
    """Puts the weights of the stored network into ``network``.

    Raises:
        Unavailable: the file does not fit the network.
    """
    saved.load(model, path / STORED)
