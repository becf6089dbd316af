"""Networks of keras.applications: scaling inside, cuts, downloaded weights. Random weights, small inputs."""

import dataclasses
import hashlib

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from core.backbones import catalogue, get
from core.backbones.scalings import PRESETS, scaling_words
from core.errors import Unavailable
from core.features import applications, networks
from core.features.measuring import multiply_adds

pytestmark = pytest.mark.keras

SIDE = 64
SMALL = ["mobilenet_v2", "mobilenet_v3_small", "resnet50", "densenet121", "efficientnet_v2_b0"]


def small(name: str):
    return dataclasses.replace(get(name), input_size=SIDE)


def photos(side: int = SIDE, n: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (n, side, side, 3)).astype(np.float32)


def answers(model: keras.Model, batch: np.ndarray) -> np.ndarray:
    """Without ``predict``, which would take seconds to compile for two photos."""
    return keras.ops.convert_to_numpy(model(batch, training=False))


@pytest.mark.parametrize("name", SMALL)
def test_a_network_can_be_cut_in_the_middle_and_put_together_again(name, settings):
    backbone = small(name)
    whole = networks.build(backbone, settings, weights=False)
    assert tuple(networks.block_ends(whole)) == backbone.blocks
    assert whole.count_params() == backbone.parameters and whole.output.shape[-1] == backbone.feature_size
    cut = networks.block_end(whole, backbone, backbone.blocks[len(backbone.blocks) // 2]).output
    features = answers(keras.Model(whole.input, cut), photos())
    rest = keras.Model(cut, whole.output)
    expected = answers(whole, photos())
    np.testing.assert_allclose(answers(rest, features), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_blocks_can_be_left_out_at_the_top_of_every_kind_of_network(name, settings):
    backbone = small(name)
    depth = len(backbone.blocks) // 2
    network = networks.network(backbone, settings, depth=depth, weights=False)
    left = backbone.blocks[: len(backbone.blocks) - depth]
    assert tuple(networks.block_ends(network)) == left
    owned = [variable for layers in networks.layers_by_block(network, left).values() for layer in layers
             for variable in layer.variables]  # fmt: skip
    assert len(owned) == len(network.variables) and {id(v) for v in owned} == {id(v) for v in network.variables}


@pytest.mark.parametrize(
    "family, module",
    [
        ("DenseNet", "densenet"),
        ("Inception", "inception_v3"),
        ("MobileNet", "mobilenet"),
        ("MobileNetV2", "mobilenet_v2"),
        ("NASNet", "nasnet"),
        ("ResNet", "resnet"),
        ("ResNetV2", "resnet_v2"),
        ("VGG", "vgg16"),
        ("Xception", "xception"),
        ("ConvNeXt", "convnext"),
        ("EfficientNetV2", "efficientnet_v2"),
        ("MobileNetV3", "mobilenet_v3"),
    ],
)
def test_the_scaling_inside_is_what_keras_would_do_outside(family, module):
    inputs = keras.Input((8, 8, 3))
    inside = keras.Model(inputs, applications.SCALING[family](inputs))
    outside = getattr(keras.applications, module).preprocess_input(photos(8).copy())
    np.testing.assert_allclose(answers(inside, photos(8)), outside, atol=1e-4)


@pytest.mark.parametrize(
    "row", [row for row in catalogue() if row.source.startswith("keras:")], ids=lambda row: row.name
)
def test_what_is_said_of_the_scaling_is_what_the_network_does(row):
    """Where Graft has the layer; the other networks of Keras have their own."""
    function = applications.SCALING[row.family]
    if function is applications._as_is or row.family == "EfficientNet":  # most of its scaling is inside
        return
    said = next(one.scaling for one in PRESETS if one.title == scaling_words(row))
    colour = np.array([10.0, 120.0, 250.0], np.float32)
    inputs = keras.Input((1, 1, 3))
    found = np.asarray(keras.Model(inputs, function(inputs))(colour.reshape(1, 1, 1, 3)))[0, 0, 0]
    expected = (colour / 255 - np.array(said.mean)) / np.array(said.deviation)
    np.testing.assert_allclose(found, expected[::-1] if said.bgr else expected, rtol=1e-4)


def test_every_family_of_the_catalogue_has_a_scaling():
    families = {row.family for row in catalogue() if row.source.startswith("keras:")}
    assert families == set(applications.SCALING)


@pytest.mark.parametrize("family", applications.SCALING)
def test_the_scaling_survives_saving_in_safe_mode(family, tmp_path):
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 1)(applications.SCALING[family](inputs)))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(answers(again, photos(8)), answers(model, photos(8)))


def downloaded(path, *, include_top=False):
    """A weights file as on Keras' server, of a MobileNetV3Small with random weights."""
    original = keras.applications.MobileNetV3Small(
        weights=None, include_top=include_top, input_shape=(SIDE, SIDE, 3), classifier_activation="softmax"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, original)
    return original, "md5:" + hashlib.md5(path.read_bytes()).hexdigest()


def test_weights_are_loaded_from_the_keras_cache(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    backbone = small("mobilenet_v3_small")
    original, digest = downloaded(tmp_path / "models" / backbone.weights_file)
    model = networks.build(dataclasses.replace(backbone, weights_digest=digest), settings)
    np.testing.assert_allclose(answers(model, photos()), answers(original, photos()), rtol=1e-4, atol=1e-5)


def test_efficientnet_is_the_network_that_keras_builds_for_these_weights(settings, tmp_path, monkeypatch):
    """Keras adds a layer where it loads ImageNet's weights, and only there."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    backbone = small("efficientnet_b0")
    original = keras.applications.EfficientNetB0(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
    mean, variance = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    normalization = next(layer for layer in original.layers if isinstance(layer, keras.layers.Normalization))
    normalization.set_weights([mean, variance, np.array(0)])
    path = tmp_path / "models" / backbone.weights_file
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, original)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *_arguments, **_more: str(path))
    built = keras.applications.EfficientNetB0(include_top=False, input_shape=(SIDE, SIDE, 3))
    digest = "md5:" + hashlib.md5(path.read_bytes()).hexdigest()
    found = answers(networks.build(dataclasses.replace(backbone, weights_digest=digest), settings), photos())
    expected = answers(built, photos())
    largest = np.abs(expected).max()
    assert np.abs(found - expected).max() < 1e-3 * largest
    assert np.abs(answers(original, photos()) - expected).max() > 0.05 * largest, "without that layer it is another one"


def test_the_classifier_has_its_own_weights_file(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    backbone = small("mobilenet_v3_small")
    original, digest = downloaded(tmp_path / "models" / backbone.top_file, include_top=True)
    model = networks.classifier(dataclasses.replace(backbone, top_digest=digest), settings)
    np.testing.assert_allclose(answers(model, photos()), answers(original, photos()), rtol=1e-4, atol=1e-6)


def test_weights_of_another_network_are_refused_in_one_sentence(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    backbone = small("mobilenet_v2")
    _, digest = downloaded(tmp_path / "models" / backbone.weights_file)
    with pytest.raises(Unavailable, match="does not fit"):
        networks.build(dataclasses.replace(backbone, weights_digest=digest), settings)


@pytest.mark.parametrize(
    "name, published",
    [("mobilenet_v2", 300e6), ("mobilenet_v3_large", 217e6), ("mobilenet", 569e6), ("resnet50", 3.86e9)],
)
def test_multiply_adds_are_the_published_ones(name, published):
    """Sandler et al. 2018 (table 4), Howard et al. 2019 (table 3) and 2017 (table 4), He et al. 2015 (table 1: 3.8)."""
    model = applications.network(get(name), top=True)
    assert multiply_adds(model) == pytest.approx(published, rel=0.01)
