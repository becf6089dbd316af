"""Networks of finished runs: everything up to their layer ``pool``. Loaded in safe mode only."""

import json
import zipfile
from pathlib import Path

import keras

from core.backbones import Backbone
from core.backbones.saved import verified
from core.backbones.token_network import HEAD
from core.errors import InvalidInput, Unavailable
from core.features.cuts import below_pool, block_ends


def network(backbone: Backbone, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map out. It is the saved
    one, or the same layers at another input size.

    Raises:
        InvalidInput: ``top`` is True. Unavailable: the file is missing, damaged or cannot be read.
    """
    if top:
        raise InvalidInput(
            f"{backbone.title} has classes of its own, not ImageNet's. As a classifier choose a backbone of the "
            "catalogue."
        )
    path = verified(backbone)
    try:
        whole = architecture(path)
        below = below_pool(whole)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise Unavailable(f"The model of {backbone.title} cannot be read ({error}). Train it again.") from error
    model = up_to(backbone.blocks, keras.Model(whole.inputs[0], below, name=backbone.name))
    return at_size(model, backbone.input_size)


def architecture(path: Path) -> keras.Model:
    """The model in a ``.keras`` file with random weights.

    Raises:
        OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError: it cannot be read.
    """
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    return keras.saving.deserialize_keras_object(config, safe_mode=True)


def at_size(model: keras.Model, size: int) -> keras.Model:
    """The same layers with an input of ``size`` px."""
    shape = (size, size, 3)
    if model.input.shape[1:] == shape:
        return model
    return keras.models.clone_model(model, input_tensors=keras.Input(shape, name=model.input.name))


def up_to(blocks: tuple[str, ...], model: keras.Model) -> keras.Model:
    """Without the network's own pooling, where the backbone is used with another."""
    ends = block_ends(model) if blocks and blocks[-1] != HEAD else {}
    if HEAD not in ends or list(ends)[-2:] != [blocks[-1], HEAD]:
        return model
    return keras.Model(model.inputs[0], ends[blocks[-1]].output, name=model.name)


def load(model: keras.Model, path: Path) -> None:
    """Puts the weights of the saved model into ``network``, layer by layer by their names.

    Raises:
        Unavailable: the file does not fit the network.
    """
    try:
        saved = keras.saving.load_model(path, compile=False, safe_mode=True)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(saved.get_layer(layer.name).get_weights())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"The model {path} cannot be read ({error}). Train it again.") from error
