"""Heat maps of networks whose evidence is known: they are hottest where it is."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.datasets.decoding.fit import Fit
from core.errors import Unavailable
from core.explaining.framing import SeenPhoto, on_photo
from core.explaining.gradients import contributions
from core.explaining.values import HeatMap
from core.features import networks
from tests import tiny_tokens
from tests.keras.explaining.known import BLUE, NEITHER, RED, classifier, colour_maps, colour_tokens, photo
from tests.tiny import use_tiny

pytestmark = pytest.mark.keras


def hottest(values: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(np.nanargmax(values), values.shape)
    return int(row), int(column)


def test_a_convolutional_network_is_hottest_where_its_evidence_is():
    model, seen = classifier(colour_maps(64)), photo((64, 64), red=(8, 40), blue=(48, 16), side=8)
    for label, place in ((RED, (5, 1)), (BLUE, (2, 6))):
        probabilities, (found,) = contributions(model, [seen], label)
        assert hottest(found.values) == place and np.argmax(probabilities) in (RED, BLUE)
        assert found.values[place] == pytest.approx(np.maximum(found.values, 0).sum(), rel=1e-4)
        assert found.has_unit and found.covered == 1
    _, (found,) = contributions(model, [seen], NEITHER)
    assert found.values.max() <= 0  # only against it


def test_the_most_probable_class_is_explained_by_default():
    model, seen = classifier(colour_maps(64)), photo((64, 64), red=None, blue=(48, 16), side=8)
    probabilities, (found,) = contributions(model, [seen])
    assert np.argmax(probabilities) == BLUE and hottest(found.values) == (2, 6)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [(300, 200), (160, 240)])
def test_the_map_lies_on_the_photo_where_the_evidence_is(fit, size):
    """The red square is near the middle, where a crop sees it, and neither in the middle nor on a diagonal."""
    corner = (size[0] // 2 - 60, size[1] // 2 + 10)
    seen = SeenPhoto(photo(size, red=corner, blue=None, side=30))
    model = classifier(colour_maps(128))
    _, (found,) = contributions(model, [seen.square(128, fit)], RED)
    x, y = corner[0] + 15, corner[1] + 15
    row, column = hottest(on_photo(HeatMap(title="", values=found.values, fit=fit), size))
    assert abs(column - x) < 16 and abs(row - y) < 16


@pytest.mark.parametrize("pooling", [Pooling.OWN, Pooling.MEAN])
@pytest.mark.parametrize("name", ["vit", "deit", "dinov2_registers", "clip", "siglip", "timm_dinov2"])
def test_a_network_of_tokens_is_hottest_where_its_evidence_is(settings, name, pooling):
    backbone = with_input(tiny_tokens.added(settings, name), pooling=pooling)
    patch = backbone.input_size // 4
    model = classifier(colour_tokens(backbone, settings), features=2)
    seen = photo((backbone.input_size,) * 2, red=(0, 2 * patch), blue=(3 * patch, patch), side=patch)
    for label, place in ((RED, (2, 0)), (BLUE, (1, 3))):
        _, (found,) = contributions(model, [seen], label)
        assert found.values.shape == (4, 4) and hottest(found.values) == place
        assert found.values[place] > 10 * np.sort(found.values, axis=None)[-2]


def test_where_a_map_is_averaged_it_is_grad_cam(monkeypatch, settings):
    network = networks.network(use_tiny(monkeypatch), settings)
    keras.utils.set_random_seed(0)
    model = keras.Model(network.input, layers.Dense(3, "softmax")(network.output))
    seen = np.random.default_rng(1).integers(0, 256, (16, 16, 3))
    _, (found,) = contributions(model, [seen], 1)
    both = keras.Model(model.input, [network.get_layer("pool").input, model.output])
    with tf.GradientTape() as tape:
        maps, probabilities = both(seen[None].astype(np.float32))
        score = tf.math.log(probabilities[0, 1]) - tf.reduce_mean(tf.math.log(probabilities[0]))
    weights = np.asarray(tape.gradient(score, maps)).mean(axis=(0, 1, 2))
    expected = (np.asarray(maps)[0] @ weights) * maps.shape[1] * maps.shape[2]
    np.testing.assert_allclose(found.values, expected, rtol=1e-3, atol=1e-4)


def test_the_cuts_of_a_multi_layer_probe_add_up(monkeypatch, settings):
    """What the places of all cuts add is the score, here without the head's bias."""
    network = networks.prefix(use_tiny(monkeypatch), settings, "stem.pool+block1.pool+top")
    keras.utils.set_random_seed(0)
    model = keras.Model(network.input, layers.Dense(2, "softmax", name="head")(network.output))
    seen = np.random.default_rng(1).integers(0, 256, (16, 16, 3))
    probabilities, (found,) = contributions(model, [seen], 0)
    assert found.values.shape == (8, 8)
    assert found.values.mean() == pytest.approx(np.log(probabilities[0] / probabilities[1]) / 2, rel=1e-3)


def test_every_network_of_a_fusion_has_its_map_on_one_scale():
    one, two = colour_maps(64), colour_maps(32)
    inputs = [keras.Input((64, 64, 3)), keras.Input((32, 32, 3))]
    both = layers.Concatenate()([one(inputs[0]), two(inputs[1])])
    kernel = np.zeros((4, 3), np.float32)
    kernel[0, RED] = kernel[3, BLUE] = 20  # red is read from the first network, blue from the second
    head = layers.Dense(3, "softmax")
    model = keras.Model(inputs, head(both))
    head.set_weights([kernel, np.zeros(3, np.float32)])
    squares = [photo((64, 64), (8, 40), (48, 16), 8), photo((32, 32), (0, 24), (24, 8), 8)]
    _, (first, second) = contributions(model, squares, RED)
    assert hottest(first.values) == (5, 1) and first.values.max() > 0 and second.values.max() <= 0
    _, (first, second) = contributions(model, squares, BLUE)
    assert hottest(second.values) == (1, 3) and first.values.max() <= 0


def test_a_saturated_probability_still_has_a_map():
    model, seen = classifier(colour_maps(64)), photo((64, 64), red=(0, 0), blue=None, side=32)
    probabilities, (found,) = contributions(model, [seen])
    assert probabilities[RED] > 0.99 and hottest(found.values)[0] < 4 and found.values.max() > 1


def test_layers_are_as_before_afterwards():
    model, seen = classifier(colour_maps(64)), photo((64, 64), red=(8, 40), blue=None, side=8)
    before = np.asarray(model(seen[None].astype(np.float32)))
    first = contributions(model, [seen])[1][0].values
    assert "call" not in vars(model.get_layer("pool"))
    np.testing.assert_array_equal(contributions(model, [seen])[1][0].values, first)
    np.testing.assert_array_equal(np.asarray(model(seen[None].astype(np.float32))), before)


def test_a_network_without_places_is_refused():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, layers.Dense(2, "softmax")(layers.GlobalAveragePooling1D(name="pool")(
        layers.Reshape((64, 3))(inputs))))  # fmt: skip
    with pytest.raises(Unavailable, match="neither a last feature map nor a square of tokens"):
        contributions(model, [np.zeros((8, 8, 3))])
