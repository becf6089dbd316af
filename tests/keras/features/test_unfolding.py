"""keras-hub's networks as stock layers compute the same, and can be saved and opened without keras-hub."""

import json
import zipfile

import keras
import numpy as np
import pytest

from core.features.unfolding import unfolded, with_block_names

pytestmark = pytest.mark.keras
keras_hub = pytest.importorskip("keras_hub")


def a_mobilenet():
    from keras_hub.src.utils.timm import convert_mobilenet as converter

    return converter.backbone_cls(**converter.convert_backbone_config({"architecture": "mobilenetv3_small_050"}))


def test_layers_within_layers_become_stock_layers(tmp_path):
    original = a_mobilenet()
    inputs = keras.Input((64, 64, 3))
    model = keras.Model(inputs, unfolded(original, inputs))
    with_block_names(model)
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert len(model.weights) == len(original.weights)
    photos = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)
    assert np.array_equal(model(photos), original(photos))
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert "keras_hub" not in json.dumps(json.loads(archive.read("config.json")))
    assert np.allclose(keras.saving.load_model(tmp_path / "model.keras")(photos), original(photos), atol=1e-6)


def test_keras_hub_is_as_before_afterwards():
    original = a_mobilenet()
    inputs = keras.Input((64, 64, 3))
    unfolded(original, inputs)
    assert any(type(layer).__module__.startswith("keras_hub") for layer in keras.Model(inputs, original(inputs)).layers)


def test_names_begin_with_their_block_and_exist_once():
    inputs = keras.Input((4,), name="photo")
    x = keras.layers.Dense(4, name="block_1_0_conv1")(inputs)
    x = keras.layers.Dense(4, name="stage_2_csp_conv")(x)
    x = keras.layers.Dense(4, name="stage2_csp_conv")(x)
    model = keras.Model(inputs, x)
    with_block_names(model)
    assert [layer.name for layer in model.layers] == [
        "photo", "stage1_block0_conv1", "stage2_csp_conv", "stage2_csp_conv_again",
    ]  # fmt: skip
