"""Every format of one model with two inputs gives what the Keras model gives, with its own runtime."""

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from core.datasets.decoding.fit import Fit, framed
from core.errors import Unavailable
from core.exports import writing
from core.exports.assembling import OUTPUT, Assembled, PhotoInput
from core.exports.formats import FORMATS, Format

pytestmark = pytest.mark.keras

INPUTS = (PhotoInput(size=16, fit=Fit.SQUASH), PhotoInput(size=24, fit=Fit.CROP))


@pytest.fixture(scope="module")
def model() -> Assembled:
    """A small network for each input: convolution and pooling; attention between patches, as in networks of tokens."""
    from keras import layers

    keras.utils.set_random_seed(3)
    photos = [keras.Input((one.size, one.size, 3), name=one.name) for one in INPUTS]
    x, y = (layers.Rescaling(1 / 128, offset=-1)(photo) for photo in photos)
    x = layers.GlobalAveragePooling2D()(layers.ReLU(6.0)(layers.Conv2D(8, 3, 2, padding="same")(x)))
    y = layers.Reshape((9, 16))(layers.Conv2D(16, 8, 8)(y))
    y = layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 8)(layers.LayerNormalization()(y), y))
    out = layers.Dense(3, "softmax", name=OUTPUT)(layers.Concatenate()([x, y]))
    return Assembled(keras.Model(photos, out, name="graft"), INPUTS)


PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8))


def squares() -> list[np.ndarray]:
    size = [framed(PHOTO, one.fit).resize((one.size, one.size), Image.Resampling.BICUBIC) for one in INPUTS]
    return [np.asarray(one, np.float32)[None] for one in size]


def litert(path, given: dict) -> np.ndarray:
    interpreter = Interpreter(str(path))
    for one in interpreter.get_input_details():
        interpreter.resize_tensor_input(one["index"], given[one["name"]].shape)
    interpreter.allocate_tensors()
    for one in interpreter.get_input_details():
        interpreter.set_tensor(one["index"], given[one["name"]])
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def saved_model(path, given: dict) -> np.ndarray:
    loaded = tf.saved_model.load(str(path))
    return loaded.serve(list(given.values())).numpy()


RUN = {
    Format.KERAS: lambda path, given: keras.saving.load_model(path, safe_mode=True)(list(given.values())),
    Format.SAVEDMODEL: saved_model,
    Format.ONNX: lambda path, given: onnxruntime.InferenceSession(str(path)).run(None, given)[0],
    Format.LITERT: litert,
    Format.LITERT_PIXELS: lambda path, _: litert(path, {"pixels": np.asarray(PHOTO)[None]}),
}


@pytest.mark.parametrize("format", RUN)
def test_a_written_file_predicts_as_the_model(format, model, tmp_path):
    given = dict(zip([one.name for one in INPUTS], squares(), strict=True))
    expected = model.model(list(given.values())).numpy()
    path = writing.write(format, model, tmp_path)
    assert path == tmp_path / FORMATS[format].file
    np.testing.assert_allclose(np.asarray(RUN[format](path, given)), expected, atol=1e-5)


def test_an_onnx_file_names_its_output_and_takes_several_photos(model, tmp_path):
    session = onnxruntime.InferenceSession(str(writing.write(Format.ONNX, model, tmp_path)))
    assert [one.name for one in session.get_outputs()] == [OUTPUT]
    many = [np.repeat(one, 3, axis=0) for one in squares()]
    found = session.run(None, dict(zip([one.name for one in INPUTS], many, strict=True)))[0]
    assert found.shape == (3, 3)


def test_what_a_converter_does_not_know_is_said_with_the_format(model, tmp_path, monkeypatch):
    def fails(*_):
        raise NotImplementedError("no kernel for Foo\nand much more")

    monkeypatch.setitem(writing._WRITERS, Format.ONNX, fails)
    with pytest.raises(Unavailable, match=r"^This model has no form in ONNX \(no kernel for Foo\)\.$"):
        writing.write(Format.ONNX, model, tmp_path)
