"""What ``test_conversion`` does not see of a ConvNeXt: its normalisation by hand, and its pooling."""

import keras
import numpy as np
import pytest

from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.explaining.places import MapPlace, networks_of
from core.features import converted, networks
from core.features.measuring import measured
from core.features.pooling import pooled_features
from core.features.staged import conversion, convnext
from core.features.staged.layers import TensorLayers
from tests import staged_networks as tiny
from tests.keras.features.staged.test_conversion import architecture_of, relative, row_of

pytestmark = pytest.mark.keras


def test_a_channel_is_scaled_by_how_strong_it_is_relative_to_the_others():
    x = np.zeros((1, 2, 2, 2), np.float32)
    x[0, 0, 0] = [3, 1]
    inputs = keras.Input((2, 2, 2))
    made = TensorLayers({"n.weight": np.array([[[[1, 2]]]], np.float32), "n.bias": np.zeros((1, 1, 1, 2), np.float32)})
    model = keras.Model(inputs, convnext._response_norm(inputs, "n", "n", made))
    assert np.allclose(model(x)[0, 0, 0], [3 + 1 * 3 * 1.5, 1 + 2 * 1 * 0.5], atol=1e-5)


def test_a_channel_that_is_zero_everywhere_has_a_gradient():
    import tensorflow as tf

    inputs = keras.Input((2, 2, 2))
    made = TensorLayers({"n.weight": np.ones(2, np.float32), "n.bias": np.zeros(2, np.float32)})
    model = keras.Model(inputs, convnext._response_norm(inputs, "n", "n", made))
    x = tf.constant(np.zeros((1, 2, 2, 2), np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(model(x))
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """(row, folder) of a ConvNeXt V2."""
    folder = tmp_path_factory.mktemp("convnextv2")
    for file, content in tiny.repository_of("convnextv2").items():
        (folder / file).write_bytes(content)
    row = conversion.convert(folder, folder, row_of("convnextv2"), architecture_of("convnextv2"))
    return measured(row, converted.network(row, folder)), folder


def pooled(row, folder) -> keras.Model:
    model = converted.network(row, folder)
    converted.load(model, folder)
    return keras.Model(model.inputs[0], pooled_features(model.output, row, row.blocks[-1]))


def test_its_own_pooling_is_its_last_block_and_the_mean_of_the_map_another_choice(stored):
    row, folder = stored
    assert row.own_pooling and row.blocks[-1] == "head" and row.block_shapes[-1] == (1, 1, 16)
    mean = with_input(row, pooling=Pooling.MEAN)
    photos = tiny.photos(64)
    by_mean = np.asarray(pooled(mean, folder)(photos))
    last = converted.network(mean, folder)
    converted.load(last, folder)
    assert last.output.shape[1:] == mean.block_shapes[-1] == (8, 8, 16)
    assert relative(by_mean, np.asarray(last(photos)).mean(axis=(1, 2))) < 1e-5
    assert relative(by_mean, tiny.reference()["convnextv2"]["features"]) > 1e-2


def test_a_larger_input_has_the_shapes_that_the_row_says(stored):
    row, folder = stored
    larger = with_input(row, 96)
    assert measured(larger, converted.network(larger, folder)) == larger


def test_heat_maps_see_the_map_below_its_own_pooling(stored):
    row, folder = stored
    (found,) = networks_of(pooled(row, folder))
    (place,) = found.places
    assert isinstance(place, MapPlace) and place.layer.name == "head_mean" and place.vector.name == "pool"
    assert networks.block_end(converted.network(row, folder), row, "head").name == "head_norm"
