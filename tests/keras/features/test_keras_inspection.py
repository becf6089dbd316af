"""The process that builds an own ``.keras`` network: what it says and stores, and what it refuses."""

from dataclasses import asdict

import keras
import numpy as np
import pytest
from keras import layers

from core.backbones.scalings import preset
from core.errors import InvalidInput
from core.features.keras_inspection import inspect
from tests.keras import own_models

pytestmark = pytest.mark.keras


def told(tmp_path, model: keras.Model, **task):
    path = tmp_path / "own.keras"
    model.save(path)
    return inspect({"path": str(path), "name": "own.keras", **task})


def test_a_network_is_described(tmp_path):
    model = own_models.transfer()
    found = told(tmp_path, model)
    assert [block["name"] for block in found["blocks"]] == ["stem", "block1a", "block2a", "block2b"]
    assert [block["shape"] for block in found["blocks"]] == [[16, 16, 8]] * 4
    assert sum(block["parameters"] for block in found["blocks"]) == model.get_layer("base").count_params()
    assert (found["size"], found["any_size"], found["feature_size"], found["classes"]) == (32, True, 8, 3)
    assert found["scaling"]["scaling"]["deviation"] == preset("inside").scaling.deviation


def test_tokens_have_one_size(tmp_path):
    assert told(tmp_path, own_models.transformer())["any_size"] is False


def test_a_free_size_is_chosen(tmp_path):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, layers.Conv2D(4, 3, 2)(inputs))
    assert told(tmp_path, model)["size"] == 224
    found = told(tmp_path, model, size=64)
    assert (found["size"], found["any_size"], found["scaling"]) == (64, True, None)


def test_the_stored_network_takes_raw_pixels_and_opens_in_safe_mode(tmp_path):
    scaling = preset("minus_one_to_one").scaling
    model = own_models.base()
    target = tmp_path / "network.keras"
    written = {"mean": scaling.mean, "deviation": scaling.deviation, "bgr": False}
    told(tmp_path, model, scaling=written, target=str(target))
    stored = keras.saving.load_model(target, safe_mode=True, compile=False)
    photos = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    expected = model.predict(photos / 127.5 - 1, verbose=0)
    np.testing.assert_allclose(stored.predict(photos, verbose=0), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((28, 28, 1), r"has an input of shape \(\?, 28, 28, 1\), which is no batch of RGB images"),
        ((3, 32, 32), "Its channels come first; they must come last"),
        ((32, 64, 3), "takes images of 32 x 64 pixels; squares are needed"),
    ],
)
def test_other_inputs_are_refused(tmp_path, shape, reason):
    inputs = keras.Input(shape)
    with pytest.raises(InvalidInput, match=reason):
        told(tmp_path, keras.Model(inputs, layers.Conv2D(4, 1)(inputs)))


def test_a_file_without_its_weights_is_refused(tmp_path):
    import zipfile

    path = tmp_path / "own.keras"
    own_models.base().save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["model.weights.h5"] = b"nothing"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(InvalidInput, match=r"Keras cannot open own\.keras"):
        inspect({"path": str(path), "name": "own.keras"})


def pooled(model, size=32):
    """The features of random photos as the model that was saved computes them."""
    photos = np.random.default_rng(0).uniform(0, 255, (2, size, size, 3)).astype(np.float32)
    return photos, np.asarray(model(photos, training=False))


@pytest.mark.parametrize("name", own_models.OWN_POOLING)
def test_a_pooling_of_its_own_is_the_block_head_and_gives_its_features(tmp_path, name):
    model = own_models.OWN_POOLING[name]()
    file = tmp_path / "stored.keras"
    found = told(tmp_path, model, target=str(file), scaling=asdict(preset("inside").scaling))
    stored = keras.saving.load_model(file, compile=False, safe_mode=True)
    last = next(layer for layer in reversed(model.layers) if not isinstance(layer, layers.Dense | layers.Dropout))
    photos, expected = pooled(keras.Model(model.inputs[0], last.output))
    assert np.allclose(stored(photos).numpy().reshape(expected.shape), expected, atol=1e-5)
    assert found["own_pooling"] and found["feature_size"] == expected.shape[-1]
    blocks = [block["name"] for block in found["blocks"]]
    assert blocks[-1] == "head" and blocks.count("head") == 1 and len(blocks) >= 3
    assert np.prod(found["blocks"][-1]["shape"][:-1]) == 1 and np.prod(found["blocks"][-2]["shape"][:-1]) > 1
    assert "kept as its last block, head" in found["notes"][0]
