"""The places of networks are found in every kind of model."""

import keras
import pytest
from keras import layers

from core.backbones import get
from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.explaining.places import MapPlace, TokenPlace, networks_of
from core.features import networks
from core.recipes.program import CLASSES
from tests import tiny_tokens
from tests.keras.explaining.known import colour_maps
from tests.tiny import use_tiny

pytestmark = pytest.mark.keras


def test_a_map_is_the_input_of_pooling(monkeypatch, settings):
    (found,) = networks_of(networks.network(use_tiny(monkeypatch), settings))
    (place,) = found.places
    assert isinstance(place, MapPlace) and place.layer.name == "pool" and place.vector is place.layer
    assert place.layer.input.shape[1:3] == (4, 4) and found.covered == 1


def test_a_multi_layer_probe_has_a_place_at_every_cut(monkeypatch, settings):
    model = networks.prefix(use_tiny(monkeypatch), settings, "stem.pool+block1.pool+top")
    (found,) = networks_of(model)
    assert [place.layer.name for place in found.places] == ["stem_pool", "block1_pool", "pool"]


def test_networks_inside_of_a_model_are_found_with_the_input_that_they_see():
    inputs = [keras.Input((size, size, 3), name=f"photo_{size}") for size in (16, 32, 24)]
    both = keras.Model(inputs[:2], layers.Concatenate()([colour_maps(16)(inputs[0]), colour_maps(32)(inputs[1])]))
    again = [keras.Input((size, size, 3)) for size in (16, 32, 24)]
    model = keras.Model(again, layers.Concatenate()([both(again[:2]), colour_maps(24)(again[2])]))
    found = networks_of(model)
    assert [one.photo for one in found] == [0, 1, 2]
    assert [one.places[0].layer.input.shape[1] for one in found] == [2, 4, 3]


@pytest.mark.parametrize("name", tiny_tokens.NAMES)
@pytest.mark.parametrize("pooling", [Pooling.OWN, Pooling.MEAN])
def test_tokens_are_the_patches_of_the_network(settings, name, pooling):
    backbone = with_input(tiny_tokens.added(settings, name), pooling=pooling)
    (found,) = networks_of(networks.network(backbone, settings))
    (place,) = found.places
    assert isinstance(place, TokenPlace) and place.side == 4 and place.covered == 1
    assert place.layer.input.shape[1] == backbone.tokens.prefix_tokens + 16


@pytest.mark.parametrize("name", ["vit", "deit", "timm_vit"])
def test_the_tokens_of_an_imagenet_classifier_are_found(settings, name):
    backbone = tiny_tokens.added(settings, name)
    (found,) = networks_of(networks.classifier(backbone, settings))
    (place,) = found.places
    assert place.vector is None and place.layer.input.shape[1] == backbone.tokens.prefix_tokens + 16


def test_the_map_of_an_imagenet_classifier_is_found_behind_channel_attention():
    network = keras.applications.MobileNetV3Small(weights=None, input_shape=(64, 64, 3), classes=7)
    (found,) = networks_of(network)
    assert found.places[0].layer.input.shape[1:3] == (2, 2)
    flat = keras.applications.VGG16(weights=None, input_shape=(32, 64, 3), classes=7)
    assert networks_of(flat)[0].places[0].layer.name == "flatten"


def test_a_classifier_of_the_catalogue_has_its_last_map(settings):
    (found,) = networks_of(networks.prefix(get("squeezenet"), settings, CLASSES))
    assert found.places[0].layer.input.shape[1] > 10


def test_tokens_that_fill_no_square_have_no_place():
    photo = keras.Input((32, 32, 3))
    x = layers.Reshape((16, 192))(photo)
    x = layers.Cropping1D((0, 1))(x)
    x = layers.MultiHeadAttention(2, 16)(x, x)
    assert networks_of(keras.Model(photo, layers.GlobalAveragePooling1D(name="pool")(x)))[0].places == ()
