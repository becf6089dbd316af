"""Exports Keras models as LiteRT files and measures the deviation. Needs TensorFlow."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from core.backbones.values import Backbone
from core.errors import Unavailable
from core.features import networks
from core.features.litert import LiteRTEngine
from core.settings import Settings

TOLERANCE = 1e-4
"""Largest deviation from Keras, relative to the largest output."""


def export(backbone: Backbone, settings: Settings, cut: str, path: Path) -> float:
    """Writes the prefix to ``path`` and returns its deviation from Keras on random photos.

    Raises:
        Unavailable: it cannot be converted, or deviates by more than ``TOLERANCE``.
    """
    prefix = networks.prefix(backbone, settings, cut)
    error = export_model(prefix, path)
    if not error <= TOLERANCE:
        raise Unavailable(f"LiteRT deviates from Keras by {error:.1e} on {backbone.title}, so it is not used for it.")
    return error


def export_model(model: keras.Model, path: Path) -> float:
    """Writes any model with one input and one output to ``path`` (``.tflite``); returns its relative deviation.

    Raises:
        Unavailable: LiteRT does not support one of its operations.
    """
    try:
        path.write_bytes(_converted(model))
        return deviation(model, path)
    except (ConverterError, RuntimeError, ValueError, NotImplementedError, Unavailable) as error:
        raise Unavailable(f"LiteRT cannot run {model.name} ({_first_line(error)}).") from error


def _converted(model: keras.Model) -> bytes:
    """The same bytes as ``model.export(format="litert")`` but for a few names, in a third of its time.

    Keras writes a SavedModel, loads it and traces it again; here the variables become constants of one traced function,
    which is converted directly.
    """
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)]
    function = tf.function(lambda x: model(x, training=False), input_signature=signature, autograph=False)
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], trackable_obj=model)
    converter.experimental_lower_to_saved_model = False
    return bytes(converter.convert())


def deviation(model: keras.Model, path: Path, rows: int = 4) -> float:
    """Largest difference between the file and the model on random input, relative to the largest output."""
    shape = (rows, *model.inputs[0].shape[1:])
    low_noise = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    # One by one: a call of Keras keeps the outputs of all layers until it ends, 85 MB a photo for Lite0 at 224 px.
    expected = np.concatenate([np.asarray(model(row[None], training=False)) for row in low_noise])
    found = LiteRTEngine(path)(low_noise)
    return float(np.abs(found - expected).max() / max(float(np.abs(expected).max()), 1e-12))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
