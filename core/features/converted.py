"""Convolutional networks of the hub: converted once by keras-hub, then stored as a Keras file of stock layers.

keras-hub is needed for the conversion only. The stored file has raw pixels as input and two outputs where there is an
ImageNet classifier: the last feature map, and the logits.
"""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from safetensors import SafetensorError

from core.backbones.hub.architectures import IMAGENET_CLASSES, keras_head_of, require_keras_hub
from core.backbones.hub.layouts import CONFIG, KERAS_TASK, KERAS_TASK_WEIGHTS, KERAS_WEIGHTS
from core.backbones.values import Backbone, Scaling
from core.errors import InvalidInput, Unavailable
from core.features import saved
from core.features.scaling import scaled
from core.features.unfolding import unfolded, unfolded_head, with_block_names

NETWORK = "network.keras"
"""Name of the stored file."""

TOLERANCE = 1e-5
"""Largest deviation of the stored network from keras-hub's, relative to the largest output."""

EFFICIENTNET = "keras_hub>EfficientNetBackbone"
WEIGHTS_OF_NORMALIZATION = 4
"""For each channel: scale, offset, and two averages."""

SIZED_HEAD = ("VGG",)
"""Families whose classifier takes one size only: its first layer has weights for every position of the last map."""


def convert(preset: Path, target: Path, row: Backbone) -> Backbone:
    """Write ``NETWORK`` into ``target`` from a folder with the files of a repository, and compare both.

    Args:
        row: what was described, with its input size and scaling.

    Returns:
        The row.

    Raises:
        InvalidInput: keras-hub does not convert this network, or its weights do not fit. Unavailable: it is not
            installed, or the converted network computes something else.
    """
    require_keras_hub()
    os.environ["HF_HUB_OFFLINE"] = "1"  # every file is here
    classes = row.classes
    original = _loaded(preset, row, classes)
    inputs = keras.Input((row.input_size, row.input_size, 3), name="photo")
    pixels = scaled(inputs, row.scaling or Scaling())
    found = unfolded(original.backbone if classes else original, pixels)
    outputs = [_last(found), unfolded_head(original, found)] if classes else [_last(found)]
    model = keras.Model(inputs, outputs, name=row.name)
    with_block_names(model)
    model.save(target / NETWORK)
    _compare(original, keras.saving.load_model(target / NETWORK, compile=False, safe_mode=True), row, classes)
    return replace(row, sized_classifier=classes and row.family in SIZED_HEAD)


def refuse_unknown(preset: Path, row: Backbone) -> None:
    """Raises InvalidInput where keras-hub does not convert this network of timm, by its ``config.json`` alone;
    Unavailable where it is not installed."""
    require_keras_hub()
    config = json.loads((preset / CONFIG).read_text())
    if "architecture" not in config:
        return
    from keras_hub.src.utils.timm.preset_loader import TimmPresetLoader

    try:
        TimmPresetLoader(str(preset), config).converter.convert_backbone_config(config)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_converted(row, error) from error


def network(backbone: Backbone, folder: Path, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; last feature map, or logits (n, 1000).

    Raises:
        InvalidInput: ``top`` is True and there is no classifier.
    """
    if top and not backbone.classes:
        raise InvalidInput(f"{backbone.title} has no ImageNet classifier.")
    path = folder / NETWORK
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        whole = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise Unavailable(f"The network {path} cannot be read ({error}). Add the backbone again.") from error
    model = keras.Model(whole.inputs[0], whole.outputs[int(top)], name=backbone.name)
    if not top:
        model = saved.up_to(backbone.blocks, model)
    shape = (backbone.input_size, backbone.input_size, 3)
    if model.input.shape[1:] == shape:
        return model
    return keras.models.clone_model(model, input_tensors=keras.Input(shape, name=model.input.name))


def load(model: keras.Model, folder: Path) -> None:
    """Puts the stored weights into ``network``, layer by layer by their names.

    Raises:
        Unavailable: the file does not fit the network.
    """
    path = folder / NETWORK
    try:
        stored = keras.saving.load_model(path, compile=False, safe_mode=True)
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(stored.get_layer(layer.name).get_weights())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"The network {path} cannot be read ({error}). Add the backbone again.") from error


def _loaded(preset: Path, row: Backbone, classes: bool) -> keras.Model:
    """keras-hub's network of a folder."""
    import keras_hub

    try:
        with _with_width_of_top(preset) as preset:
            if classes and (preset / KERAS_TASK).exists():
                return _classifier(preset)
            if classes:
                return keras_hub.models.ImageClassifier.from_preset(str(preset), preprocessor=None)
            return keras_hub.models.Backbone.from_preset(str(preset))
    except (ValueError, KeyError, TypeError, AttributeError, OSError, SafetensorError) as error:
        raise _not_converted(row, error) from error


def _not_converted(row: Backbone, error: Exception) -> InvalidInput:
    return InvalidInput(
        f"keras-hub cannot convert {row.title} ({_first_line(error)}). Choose another model, or add an ONNX file of it "
        "as a file of your own."
    )


def _classifier(preset: Path) -> keras.Model:
    """The classifier of a folder in the layout of Keras; of its ``task.json`` only numbers are used."""
    import keras_hub

    config, task = (json.loads((preset / name).read_text()) for name in (CONFIG, KERAS_TASK))
    kind = getattr(keras_hub.models, str(task["registered_name"]).removeprefix("keras_hub>"))
    backbone = keras_hub.models.Backbone.from_preset(str(preset))
    head = keras_head_of(config, task) or {}
    found = kind(backbone=backbone, preprocessor=None, num_classes=IMAGENET_CLASSES, **head)
    found.load_task_weights(str(preset / KERAS_TASK_WEIGHTS))
    return found


@contextmanager
def _with_width_of_top(preset: Path) -> Iterator[Path]:
    """The folder, or a copy whose ``config.json`` has the ``num_features`` of an EfficientNet, which keras-hub 0.32
    does not save: the channels of its last convolution, found by the number of weights in the file."""
    config = json.loads((preset / CONFIG).read_text())
    about, weights = config.get("config"), preset / KERAS_WEIGHTS
    if config.get("registered_name") != EFFICIENTNET or "num_features" in about or not weights.exists():
        yield preset
        return
    built = keras.saving.deserialize_keras_object(config)
    kernel = built.get_layer("top_conv").kernel
    channels, rest = divmod(_weights_in(weights) - built.count_params(), kernel.shape[-2] + WEIGHTS_OF_NORMALIZATION)
    widths = about.get("stackwise_width_coefficients") or [1.0]
    wide = (kernel.shape[-1] + channels) / widths[-1]
    if not channels or rest or wide <= 0:
        yield preset
        return
    with tempfile.TemporaryDirectory(prefix="graft-") as folder:
        for file in preset.iterdir():
            if file.name != CONFIG:
                (Path(folder) / file.name).symlink_to(file.resolve())
        changed = config | {"config": about | {"num_features": wide}}
        (Path(folder) / CONFIG).write_text(json.dumps(changed))
        yield Path(folder)


def _weights_in(path: Path) -> int:
    """Numbers in a file of weights, without the states of random generators."""
    found = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.append(item.size) if _is_weight(name, item) else None)
    return sum(found)


def _is_weight(name: str, item: Any) -> bool:
    return isinstance(item, h5py.Dataset) and "seed_generator" not in name


def _last(outputs: Any) -> keras.KerasTensor:
    """The last feature map of a network that outputs one, or one for every stage by its name."""
    return list(outputs.values())[-1] if isinstance(outputs, dict) else outputs


def _compare(original: keras.Model, stored: keras.Model, row: Backbone, classes: bool) -> None:
    """Raises Unavailable where the stored network computes something else on random photos."""
    shape = (2, row.input_size, row.input_size, 3)
    photos = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    scaling = row.scaling or Scaling()
    pixels = (photos / 255 - np.array(scaling.mean)) / np.array(scaling.deviation)
    pixels = (pixels[..., ::-1] if scaling.bgr else pixels).astype(np.float32)
    outputs = stored(photos, training=False)
    found = outputs if isinstance(outputs, list | tuple) else [outputs]
    backbone = original.backbone if classes else original
    wanted = [_last(backbone(pixels, training=False))]
    wanted += [original(pixels, training=False)] if classes else []
    for one, other in zip(found, wanted, strict=True):
        expected = np.asarray(other)
        error = float(np.abs(np.asarray(one) - expected).max() / max(float(np.abs(expected).max()), 1e-12))
        if not error <= TOLERANCE:
            raise Unavailable(
                f"The conversion of {row.title} computes something else than keras-hub (by {error:.1e}), so it is not "
                "used. Please report it."
            )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
