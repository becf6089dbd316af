"""MobileNetV1 and SqueezeNet give the outputs of the originals, and can be cut, exported and used at other sizes.

``shipped_reference.json`` has logits that were computed once from the unconverted files: of MobileNetV1 by TensorFlow
2.21, which ran the graph itself on RGB scaled as x / 127.5 - 1 (``MobilenetV1/Predictions/Reshape`` without its first
value), of SqueezeNet by NumPy in float64 (windows and ``einsum``) on BGR minus (103.939, 116.779, 123.68). Inputs as in
``lite_reference.json``: the five highest logits and every fiftieth.
"""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from core.backbones import Backbone, catalogue, get, imagenet_classes
from core.features import networks
from core.features.export import export, export_model
from core.features.measuring import measured, multiply_adds
from tests.keras.logits import answers, largest_difference, photo, with_top

pytestmark = pytest.mark.keras

REFERENCE = json.loads((Path(__file__).parent / "shipped_reference.json").read_text())
OFFLINE = [row.name for row in catalogue() if row.source.startswith(("package:", "shipped:"))]
SENSIBLE = {
    "animal/farm_chicken.jpg": "hen",
    "animal/world_crocodile.jpg": "African crocodile",
    "tool/cat_hammer7.jpg": "hammer",
    "monument/cat_IndiaGate.jpg": "triumphal arch",
}


def sized(name: str, side: int) -> Backbone:
    return dataclasses.replace(get(name), input_size=side)


def noise(side: int, n: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (n, side, side, 3)).astype(np.float32)


def changed(model: keras.Model, kind: str, name: str, **values: object) -> keras.Model:
    """The same weights in a network whose layers of a kind, or the one with that name, are configured otherwise."""
    config, found = model.get_config(), 0
    for layer in config["layers"]:
        if layer["class_name"] == kind and layer["name"].startswith(name):
            layer["config"] |= values
            found += 1
    assert found
    other = keras.Model.from_config(config)
    other.set_weights(model.get_weights())
    return other


@pytest.fixture(scope="module")
def originals() -> dict[str, keras.Model]:
    return {name: with_top(get(name)) for name in REFERENCE}


def test_every_shipped_network_has_a_reference():
    assert set(REFERENCE) == {row.name for row in catalogue() if row.source.startswith("shipped:")}


@pytest.mark.parametrize("name", REFERENCE)
def test_the_logits_are_those_of_the_original(originals, name):
    assert largest_difference(originals[name], REFERENCE[name]) < 1e-3


@pytest.mark.parametrize(
    "name, kind, layer, values",
    [
        ("mobilenet_v1", "BatchNormalization", "", {"epsilon": 1e-5}),
        ("mobilenet_v1", "DepthwiseConv2D", "block2", {"padding": "valid"}),
        ("mobilenet_v1", "ReLU", "", {"max_value": None}),
        ("mobilenet_v1", "Rescaling", "", {"scale": 1 / 128, "offset": -127 / 128}),
        ("squeezenet", "MaxPooling2D", "fire3", {"padding": "same"}),
        ("squeezenet", "Conv2D", "stem", {"padding": "same"}),
        ("squeezenet", "Rescaling", "", {"offset": [-103.939, -116.779, -123.68]}),
    ],
)
def test_a_network_built_otherwise_would_be_noticed(originals, name, kind, layer, values):
    assert largest_difference(changed(originals[name], kind, layer, **values), REFERENCE[name]) > 0.01


@pytest.mark.parametrize("name", REFERENCE)
def test_another_order_of_the_colours_would_be_noticed(originals, name):
    inputs = keras.Input(originals[name].input.shape[1:])
    swapped = keras.Model(inputs, originals[name](keras.ops.flip(inputs, axis=-1)))
    assert largest_difference(swapped, REFERENCE[name]) > 1


@pytest.mark.parametrize("name", ["efficientnet_lite0", *REFERENCE])
def test_demo_photos_get_sensible_imagenet_classes(settings, name):
    """SqueezeNet, with a top-1 of 58 %, has the right class among its first three."""
    classifier = networks.classifier(get(name), settings)
    probabilities = answers(classifier, np.stack([photo(one, classifier.input.shape[1]) for one in SENSIBLE]))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    most = 3 if name == "squeezenet" else 1
    for row, expected in zip(probabilities, SENSIBLE.values(), strict=True):
        assert expected in [imagenet_classes()[index] for index in np.argsort(-row)[:most]]


@pytest.mark.parametrize("name", OFFLINE)
def test_the_row_of_the_catalogue_says_what_the_network_is(name, settings):
    row, model = get(name), networks.build(get(name), settings, weights=False)
    assert row.parameters == model.count_params() and row.multiply_adds == multiply_adds(model)
    assert measured(dataclasses.replace(row, blocks=(), block_shapes=(), feature_size=0, parameters=0), model) == row


@pytest.mark.parametrize("name, published", [("mobilenet_v1", 569e6), ("squeezenet", 0.785e9 / 2)])
def test_multiply_adds_with_the_top_are_near_the_published_ones(originals, name, published):
    """Of SqueezeNet 785 M operations are published, two per multiply-add, for maps that Caffe rounds up (28 and 14
    pixels wide instead of 27 and 13)."""
    assert multiply_adds(originals[name]) == pytest.approx(published, rel=0.11)


@pytest.mark.parametrize(
    "name, side", [("mobilenet_v1", 96), ("mobilenet_v1", 75), ("squeezenet", 64), ("squeezenet", 97)]
)
def test_prefix_and_suffix_are_the_whole_network_at_every_block(settings, name, side):
    backbone = sized(name, side)
    network = networks.network(backbone, settings)
    expected = answers(network, noise(side))
    for block in backbone.blocks:
        below = answers(networks.prefix(backbone, settings, block), noise(side))
        found = answers(networks.suffix(network, block), below)
        assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max(), block


@pytest.mark.parametrize("name", REFERENCE)
def test_every_variable_belongs_to_one_block(settings, name):
    network = networks.network(get(name), settings, weights=False)
    found = networks.layers_by_block(network, get(name).blocks)
    owned = [id(variable) for layers in found.values() for layer in layers for variable in layer.variables]
    assert all(found.values()) and sorted(owned) == sorted(id(variable) for variable in network.variables)


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("cut", ["top", "classes", "middle"])
def test_the_exported_file_gives_the_same_outputs(settings, tmp_path, name, cut):
    backbone = get(name)
    block = backbone.blocks[len(backbone.blocks) // 2]
    # float32 adds in another order: 1.3e-5 of the largest output was seen
    assert export(backbone, settings, block if cut == "middle" else cut, tmp_path / "prefix.tflite") < 3e-5


@pytest.mark.parametrize("name", REFERENCE)
def test_what_follows_a_cut_is_exported_too(settings, tmp_path, name):
    backbone = sized(name, 96)
    suffix = networks.suffix(networks.network(backbone, settings), backbone.blocks[-3])
    assert export_model(suffix, tmp_path / "suffix.tflite") < 1e-5
