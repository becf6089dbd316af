"""Frozen prefixes, cuts and operations, on a tiny network."""

import keras
import numpy as np
import pytest

from core.errors import InvalidInput
from core.features import networks
from core.features.cuts import block_ends, block_of, single_tensors
from core.features.measuring import multiply_adds
from tests.tiny import TINY, use_tiny

pytestmark = pytest.mark.keras


@pytest.fixture
def tiny(monkeypatch):
    return use_tiny(monkeypatch)


@pytest.fixture
def photos():
    return np.random.default_rng(0).uniform(0, 255, (4, 16, 16, 3)).astype(np.float32)


def test_the_top_is_one_vector_a_photo(tiny, settings, photos):
    prefix = networks.prefix(tiny, settings)
    assert prefix.predict(photos, verbose=0).shape == (4, TINY.feature_size)


def test_the_top_is_the_mean_of_the_last_feature_map(tiny, settings, photos):
    feature_map = networks.build(tiny, settings).predict(photos, verbose=0)
    features = networks.prefix(tiny, settings).predict(photos, verbose=0)
    np.testing.assert_allclose(features, feature_map.mean(axis=(1, 2)), rtol=1e-5)


def test_nothing_in_a_prefix_learns(tiny, settings):
    assert networks.prefix(tiny, settings, "block1").trainable_weights == []
    assert networks.build(tiny, settings).trainable_weights != []


@pytest.mark.parametrize("cut", TINY.blocks[:-1])
def test_a_network_can_be_cut_after_every_block_and_put_together_again(tiny, settings, photos, cut):
    whole = networks.build(tiny, settings)
    rest = keras.Model(networks.block_end(whole, tiny, cut).output, whole.output)
    features = networks.prefix(tiny, settings, cut).predict(photos, verbose=0)
    np.testing.assert_allclose(rest.predict(features, verbose=0), whole.predict(photos, verbose=0), rtol=1e-5)


def test_the_cut_after_the_last_block_gives_the_last_feature_map(tiny, settings, photos):
    whole, prefix = networks.build(tiny, settings), networks.prefix(tiny, settings, "head")
    np.testing.assert_array_equal(prefix.predict(photos, verbose=0), whole.predict(photos, verbose=0))


def test_a_prefix_ends_at_its_cut(tiny, settings):
    assert networks.prefix(tiny, settings, "stem").output.shape == (None, 8, 8, 8)
    assert networks.prefix(tiny, settings, "block1").output.shape == (None, 4, 4, 8)


def test_an_unknown_cut_is_answered_with_the_blocks(tiny, settings):
    with pytest.raises(
        InvalidInput, match="Tiny has no block 'block9' to cut at. Choose from: stem, block1, head, top"
    ):
        networks.prefix(tiny, settings, "block9")


@pytest.mark.parametrize("cut", [f"{block}.pool" for block in TINY.blocks])
def test_a_pooled_cut_is_the_mean_of_the_blocks_map(tiny, settings, photos, cut):
    feature_map = networks.prefix(tiny, settings, cut.removesuffix(".pool"))(photos)
    found = networks.prefix(tiny, settings, cut)(photos)
    np.testing.assert_allclose(found, np.mean(feature_map, axis=(1, 2)), rtol=1e-5)


def test_the_cut_at_the_classes_gives_imagenet_probabilities(tiny, settings, photos):
    found = np.asarray(networks.prefix(tiny, settings, "classes")(photos))
    assert found.shape == (4, 1000)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("depth, last", [(0, "head"), (1, "block1"), (2, "stem")])
def test_a_network_ends_with_pooled_features_below_the_blocks_left_out(tiny, settings, photos, depth, last):
    network = networks.network(tiny, settings, depth=depth)
    assert network.layers[-1].name == "pool"
    assert list(networks.block_ends(network)) == list(TINY.blocks[: len(TINY.blocks) - depth])
    expected = networks.prefix(tiny, settings, f"{last}.pool")(photos)
    np.testing.assert_array_equal(network(photos), expected)


def test_a_network_keeps_at_least_one_block(tiny, settings):
    with pytest.raises(InvalidInput, match="At most 2 blocks of Tiny can be left out. Received: depth=3"):
        networks.network(tiny, settings, depth=3)


@pytest.mark.parametrize("cut", [*TINY.blocks, "pixels", "top"])
def test_what_follows_a_cut_shares_its_variables_with_the_network(tiny, settings, photos, cut):
    network = networks.network(tiny, settings)
    suffix = networks.suffix(network, cut)
    own = {id(variable) for variable in network.variables}
    assert all(id(variable) in own for variable in suffix.variables)
    below = photos if cut == "pixels" else np.asarray(networks.prefix(tiny, settings, cut)(photos))
    np.testing.assert_allclose(suffix(below), network(photos), rtol=1e-5)
    for variable in suffix.variables:
        variable.assign(variable + 0.5)
    np.testing.assert_allclose(suffix(below), network(photos), rtol=1e-5)


def test_a_network_cannot_be_cut_at_a_block_it_leaves_out(tiny, settings):
    with pytest.raises(InvalidInput, match="no block 'head' to cut at. Choose from: stem, block1"):
        networks.suffix(networks.network(tiny, settings, depth=1), "head")


def test_every_layer_that_learns_belongs_to_one_block(tiny, settings):
    network = networks.network(tiny, settings)
    found = networks.layers_by_block(network, TINY.blocks)
    assert {block: [layer.name for layer in layers if layer.weights] for block, layers in found.items()} == {
        "stem": ["stem_conv"],
        "block1": ["block1_conv"],
        "head": ["head_conv"],
    }
    shallow = networks.layers_by_block(networks.network(tiny, settings, depth=1), TINY.blocks)
    assert shallow["head"] == [] and [layer.name for layer in shallow["block1"]] == ["block1_conv", "block1_relu"]


def test_multiply_adds_count_convolutions_and_dense_layers(tiny, settings):
    stem, block, head = 8 * 8 * 3 * 3 * 3 * 8, 4 * 4 * 8 * 8, 4 * 4 * 8 * 8
    assert multiply_adds(networks.build(tiny, settings)) == stem + block + head
    assert multiply_adds(networks.classifier(tiny, settings)) == stem + block + head + 8 * 1000


def test_multiply_adds_count_depthwise_and_grouped_kernels_once_per_position():
    inputs = keras.Input((8, 8, 4))
    depthwise = keras.Model(inputs, keras.layers.DepthwiseConv2D(3, padding="same")(inputs))
    grouped = keras.Model(inputs, keras.layers.Conv2D(4, 3, padding="same", groups=4)(inputs))
    separable = keras.Model(inputs, keras.layers.SeparableConv2D(6, 3, padding="same")(inputs))
    assert multiply_adds(depthwise) == multiply_adds(grouped) == 64 * 9 * 4
    assert multiply_adds(separable) == 64 * (9 * 4 + 4 * 6)


def test_multiply_adds_count_attention_and_sums_over_named_axes():
    """17 tokens of 12 channels, 3 heads of 4: four projections, and two products of 17 x 17 x 12."""
    tokens = keras.Input((17, 12))
    attention = keras.layers.MultiHeadAttention(3, key_dim=4)(tokens, tokens)
    assert multiply_adds(keras.Model(tokens, attention)) == 4 * 17 * 12 * 12 + 2 * 17 * 17 * 12
    probe = keras.layers.Lambda(lambda x: x[:, :1])(tokens)
    pooled = keras.layers.MultiHeadAttention(3, key_dim=4)(probe, tokens)
    assert multiply_adds(keras.Model(tokens, pooled)) == (2 + 2 * 17) * 12 * 12 + 2 * 17 * 12
    heads = keras.layers.EinsumDense("abc,cde->abde", (17, 3, 4))(tokens)
    merged = keras.layers.EinsumDense("abde,dec->abc", (17, 5))(heads)
    assert multiply_adds(keras.Model(tokens, merged)) == 17 * 12 * 12 + 17 * 12 * 5


def test_there_is_no_cut_inside_a_branch():
    inputs = keras.Input((8, 8, 4))
    stem = keras.layers.Conv2D(4, 1, name="stem_conv")(inputs)
    left = keras.layers.Conv2D(4, 1, name="block1_left")(stem)
    right = keras.layers.Conv2D(4, 1, name="block1_right")(stem)
    joined = keras.layers.Add(name="joined")([left, right])
    model = keras.Model(inputs, keras.layers.Conv2D(2, 1, name="out")(joined))
    points = {model.operations[index].name for index in single_tensors(model)}
    assert {"stem_conv", "joined", "out"} <= points and not {"block1_left", "block1_right"} & points
    assert {block: end.name for block, end in block_ends(model).items()} == {
        "stem": "stem_conv",
        "block1": "joined",
        "head": "out",
    }


@pytest.mark.parametrize(
    "layer, block",
    [
        ("block2b_add", "block2b"),
        ("conv4_block12_concat", "conv4_block12"),
        ("pool3_conv", "transition3"),
        ("expanded_conv_10_project_bn", "block10"),
        ("expanded_conv_project_BN", "block0"),
        ("block_16_expand", "block16"),
        ("convnext_tiny_stage_2_block_8_layer_scale", "stage2_block8"),
        ("block35_10_conv", "block35_10"),
        ("mixed9", "mixed9"),
        ("mixed9_1", None),
        ("conv_pw_13_relu", "block13"),
        ("batch_normalization_7", None),
    ],
)
def test_blocks_are_read_off_the_layer_names(layer, block):
    assert block_of(layer) == block
