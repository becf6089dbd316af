"""Networks of tokens can be cut at every block and pooled in every way, and are exported for LiteRT."""

import keras
import numpy as np
import pytest

from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.errors import InvalidInput
from core.features import networks
from core.features.export import export
from core.features.sizes import shape_at
from core.recipes.program import CLASSES, TOP
from tests import tiny_tokens

pytestmark = pytest.mark.keras

ONE_OF_EVERY_FAMILY = ("vit", "deit", "dinov2_registers", "clip", "siglip")


def noise(side: int, n: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (n, side, side, 3)).astype(np.float32)


def difference(found: object, expected: object) -> float:
    one, other = np.asarray(found), np.asarray(expected)
    assert one.shape == other.shape
    return float(np.abs(one - other).max() / np.abs(other).max())


@pytest.mark.parametrize("name", tiny_tokens.NAMES)
def test_the_network_is_its_part_before_every_cut_and_its_part_after_it(settings, name):
    for pooling in (Pooling.OWN, Pooling.MEAN):
        backbone = with_input(tiny_tokens.added(settings, name), pooling=pooling)
        photos = noise(backbone.input_size)
        whole = networks.network(backbone, settings)
        expected = np.asarray(whole(photos))
        assert expected.shape[1:] == shape_at(backbone, TOP)
        for block in backbone.blocks:
            before = np.asarray(networks.prefix(backbone, settings, block)(photos))
            assert before.shape[1:] == shape_at(backbone, block)
            assert difference(networks.suffix(whole, block)(before), expected) < 1e-5
        assert difference(networks.prefix(backbone, settings, TOP)(photos), expected) < 1e-5


@pytest.mark.parametrize("name", ONE_OF_EVERY_FAMILY)
def test_a_shorter_network_gives_the_pooled_features_of_its_last_block(settings, name):
    backbone = tiny_tokens.added(settings, name)
    photos = noise(backbone.input_size)
    for depth, block in enumerate(reversed(backbone.blocks)):
        if depth:
            found = networks.network(backbone, settings, depth=depth)(photos)
            assert difference(found, networks.prefix(backbone, settings, f"{block}.pool")(photos)) < 1e-6


def test_pooling_takes_the_tokens_it_names(settings):
    own = tiny_tokens.added(settings, "dinov2_registers")
    photos = noise(own.input_size)
    rows = np.asarray(networks.build(own, settings)(photos))
    assert difference(networks.network(own, settings)(photos), rows[:, 0]) < 1e-6
    mean = with_input(own, pooling=Pooling.MEAN)
    assert difference(networks.network(mean, settings)(photos), rows[:, 5:].mean(1)) < 1e-6
    stem = np.asarray(networks.prefix(own, settings, "stem")(photos))
    assert difference(networks.prefix(own, settings, "stem.pool")(photos), stem[:, 5:].mean(1)) < 1e-6


def test_attention_pooling_is_left_out_where_the_mean_is_chosen(settings):
    siglip = tiny_tokens.added(settings, "siglip")
    photos = noise(siglip.input_size)
    rows = np.asarray(networks.prefix(siglip, settings, "block3")(photos))
    mean = with_input(siglip, pooling=Pooling.MEAN)
    assert difference(networks.network(mean, settings)(photos), rows.mean(1)) < 1e-6
    with pytest.raises(InvalidInput, match="has no block 'head' to cut at"):
        networks.prefix(mean, settings, "head")


@pytest.mark.parametrize("name", ["vit", "deit", "timm_vit", "timm_deit"])
def test_the_imagenet_classifier_is_that_of_the_checkpoint(settings, name):
    backbone = tiny_tokens.added(settings, name)
    photos, tensors = noise(backbone.input_size), tiny_tokens.tensors_of(name)
    rows = np.asarray(networks.build(backbone, settings)(photos))
    heads = {
        "vit": ["classifier"], "deit": ["cls_classifier", "distillation_classifier"], "timm_vit": ["head"],
        "timm_deit": ["head", "head_dist"],
    }[name]  # fmt: skip
    logits = [rows[:, at] @ tensors[f"{head}.weight"].T + tensors[f"{head}.bias"] for at, head in enumerate(heads)]
    expected = np.asarray(keras.ops.softmax(np.mean(logits, axis=0)))
    assert difference(networks.prefix(backbone, settings, CLASSES)(photos), expected) < 1e-5


@pytest.mark.parametrize("name", tiny_tokens.NAMES)
def test_litert_gives_the_same_features(settings, name, tmp_path):
    backbone = tiny_tokens.added(settings, name)
    assert export(backbone, settings, TOP, tmp_path / "top.tflite") < 1e-5
    assert export(backbone, settings, "block2", tmp_path / "map.tflite") < 1e-5


@pytest.mark.parametrize("name", ["vit", "timm_vit"])
def test_another_input_size_has_interpolated_positions(settings, name, tmp_path):
    from core.features.positions import interpolated

    own = tiny_tokens.added(settings, name)
    larger = with_input(own, 48)
    positions = np.asarray(networks.build(own, settings).get_layer("stem_tokens").bias)
    found = np.asarray(networks.build(larger, settings).get_layer("stem_tokens").bias)
    grid = interpolated(positions[1:].reshape(4, 4, -1), 6, antialias=name == "timm_vit")
    assert difference(found[1:], grid.reshape(36, -1)) < 1e-5
    assert np.array_equal(found[0], positions[0])
    assert export(larger, settings, TOP, tmp_path / "top.tflite") < 1e-5


def test_blocks_are_the_only_places_to_cut(settings):
    backbone = tiny_tokens.added(settings, "dinov2")
    for cut in ("block1_attention", "block4", "block1_add1.pool"):
        with pytest.raises(InvalidInput, match="has no block '.*' to cut at. Choose from: stem, block1, block2"):
            networks.prefix(backbone, settings, cut)
    with pytest.raises(InvalidInput, match="At most 3 blocks of Tiny dinov2 can be left out. Received: depth=4"):
        networks.network(backbone, settings, depth=4)
