"""Writes an assembled model in one format. Needs TensorFlow."""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from core.errors import Unavailable
from core.exports.assembling import OUTPUT, Assembled
from core.exports.formats import FORMATS, Format
from core.exports.pixels import called, from_pixels


def write(format: Format, found: Assembled, folder: Path) -> Path:
    """Writes the model into ``folder`` and returns its file, a folder of SavedModel.

    Raises:
        Unavailable: the converter of the format does not know an operation of the model.
    """
    path = folder / FORMATS[format].file
    with _quiet():
        try:
            _WRITERS[format](found, path)
        except (ConverterError, RuntimeError, ValueError, NotImplementedError, TypeError, KeyError) as error:
            line = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            raise Unavailable(f"This model has no form in {FORMATS[format].title} ({line}).") from error
    return path


def _keras(found: Assembled, path: Path) -> None:
    found.model.save(path)


def _savedmodel(found: Assembled, path: Path) -> None:
    found.model.export(path, format="tf_saved_model", verbose=False)


def _litert(found: Assembled, path: Path) -> None:
    specifications = [tf.TensorSpec((None, one.size, one.size, 3), tf.float32, name=one.name) for one in found.inputs]

    def predicted(*photos: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT: called(found.model, photos)}

    function = tf.function(predicted, input_signature=specifications, autograph=False)
    path.write_bytes(_converted(function, found))


def _litert_pixels(found: Assembled, path: Path) -> None:
    path.write_bytes(_converted(from_pixels(found), found))


def _converted(function: Any, found: Assembled) -> bytes:
    """As ``core.features.export``: variables become constants of one traced function, which is converted directly."""
    frozen = convert_variables_to_constants_v2(function.get_concrete_function(), lower_control_flow=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], trackable_obj=found.model)
    converter.experimental_lower_to_saved_model = False
    return bytes(converter.convert())


def _onnx(found: Assembled, path: Path) -> None:
    write_onnx(found.model, path)


def write_onnx(model: keras.Model, path: Path) -> None:
    """Writes a model with one output, which is named ``OUTPUT``."""
    photos = [np.zeros((1, *one.shape[1:]), np.float32) for one in model.inputs]
    model(photos[0] if len(photos) == 1 else photos)  # it must have been called
    with _quiet():
        model.export(path, format="onnx", verbose=False)
    written = onnx.load(path)
    _without_erfc(written.graph)
    _name_ports(written.graph)
    onnx.save(written, path)


def _without_erfc(graph: onnx.GraphProto) -> None:
    """TensorFlow's exact GELU has 1 - erf(x) as one operation, which ONNX does not know and tf2onnx leaves as it is."""
    nodes = []
    for node in graph.node:
        if node.op_type == "Erfc":
            inner = f"{node.output[0]}_erf"
            nodes.append(onnx.helper.make_node("Erf", list(node.input), [inner]))
            node = onnx.helper.make_node("Sub", [_ONE, inner], list(node.output))
        nodes.append(node)
    if len(nodes) > len(graph.node):
        graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(1.0, np.float32), _ONE))
        del graph.node[:]
        graph.node.extend(nodes)


_ONE = "one_of_erfc"


def _name_ports(graph: onnx.GraphProto) -> None:
    """The converter calls the output ``Identity:0`` and the number of photos ``unk__1``."""
    old = graph.output[0].name
    for node in graph.node:
        node.output[:] = [OUTPUT if name == old else name for name in node.output]
        node.input[:] = [OUTPUT if name == old else name for name in node.input]
    graph.output[0].name = OUTPUT
    for port in (*graph.input, graph.output[0]):
        port.type.tensor_type.shape.dim[0].dim_param = "photos"


_WRITERS: dict[Format, Callable[[Assembled, Path], None]] = {
    Format.KERAS: _keras,
    Format.SAVEDMODEL: _savedmodel,
    Format.LITERT: _litert,
    Format.LITERT_PIXELS: _litert_pixels,
    Format.ONNX: _onnx,
}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keras and tf2onnx print what only their developers need."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
