"""Prediction with engine files exported by Keras."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.fit import pixels
from core.datasets.decoding.photos import decode
from core.features.views import View
from core.models.heads.dense import Layer, write_dense
from core.models.inference.model_files import engines_of
from core.models.inference.nodes import Head, Network, to_dict
from core.models.predict import PhotoPredictions
from core.serving.engine import memory, predict

pytestmark = pytest.mark.keras

CLASSES = ("rose", "tulip", "daisy")


@pytest.fixture(scope="module", params=["head.tflite", "head.npz"])
def model(tmp_path_factory, request):
    """A saved model folder and the Keras model it was made from."""
    import keras

    from core.features.export import export_model

    keras.utils.set_random_seed(1)
    photo = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(photo)
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    prefix = keras.Model(photo, keras.layers.GlobalAveragePooling2D()(x))
    features = keras.Input((8,))
    dense = keras.layers.Dense(3, activation="softmax")
    head = keras.Model(features, dense(features))
    folder = tmp_path_factory.mktemp("home") / "r-1" / "model"
    folder.mkdir(parents=True)
    export_model(prefix, folder / "prefix.tflite")
    if request.param == "head.tflite":
        export_model(head, folder / "head.tflite")
    else:
        write_dense(folder / "head.npz", [Layer(*map(np.asarray, dense.weights), "softmax")])
    node = Head(file=request.param, inputs=(Network(file="prefix.tflite", input_size=16),))
    card = {
        "class_names": CLASSES,
        "title": "Tiny",
        "answer": to_dict(node),
        "engines": engines_of(folder, node),
    }
    (folder / "card.json").write_text(json.dumps(card))
    return folder, keras.Model(photo, head(prefix(photo)))


def some_photos(count=4) -> list[tuple[str, bytes]]:
    rng = np.random.default_rng(0)
    photos = []
    for number in range(count):
        buffer = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8)).save(buffer, "PNG")
        photos.append((f"{number}.png", buffer.getvalue()))
    return photos


def probabilities(photo: PhotoPredictions) -> list[float]:
    """In label order."""
    (answer,) = photo.predictions
    found = {entry.class_name: entry.probability for entry in answer.classes}
    return [found[name] for name in CLASSES]


def test_predictions_without_tensorflow_equal_those_of_the_keras_model(model):
    folder, network = model
    photos = some_photos()
    found = [probabilities(photo) for photo in predict([folder], photos)]
    squares = np.stack([pixels(decode(data).jpeg, 16) for _, data in photos]).astype(np.float32)
    np.testing.assert_allclose(found, network.predict(squares, verbose=0), atol=1e-5)


def test_answers_do_not_depend_on_who_else_asks_at_the_same_time(model):
    folder, _ = model
    photos = some_photos()
    expected = [probabilities(photo) for photo in predict([folder], photos)]
    views = [decode(data).jpeg for _, data in photos] * 20
    predictor = memory.load(folder)

    def answer(jpeg: bytes) -> list[float]:
        found = predictor.predict(View(jpeg), top=3)
        return probabilities(PhotoPredictions(name="", predictions=(found,)))

    with ThreadPoolExecutor(8) as pool:
        np.testing.assert_allclose(list(pool.map(answer, views)), expected * 20, atol=1e-6)


def test_what_the_last_layer_sees_can_be_read_out_of_a_network_file(tmp_path):
    """For the embedding map: the features of a trained network are read without TensorFlow."""
    import keras

    from core.features.export import export_model
    from core.features.inner import InnerEngine

    keras.utils.set_random_seed(2)
    photo = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(12, 3, strides=2, activation="relu")(keras.layers.Rescaling(1 / 255)(photo))
    seen = keras.layers.GlobalAveragePooling2D()(x)
    network = keras.Model(photo, keras.layers.Dense(len(CLASSES), activation="softmax")(seen))
    export_model(network, tmp_path / "network.tflite")
    square = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    expected = keras.Model(photo, seen)(square[None].astype(np.float32)).numpy()[0]
    np.testing.assert_allclose(InnerEngine(tmp_path / "network.tflite", len(CLASSES))(square), expected, atol=1e-4)
