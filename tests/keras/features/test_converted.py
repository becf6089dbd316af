"""Convolutional networks of the hub as keras-hub builds them: the same outputs, whole and cut, and in LiteRT."""

import functools
import json

import keras
import numpy as np
import pytest

from core.backbones.values import Scaling
from core.errors import InvalidInput, Unavailable
from core.features import converted, networks
from core.features.cuts import block_ends
from core.features.export import export_model
from core.features.measuring import measured
from tests.core.registry.test_backbones import an_added
from tests.tiny_hub import keras_files, timm_files

pytestmark = pytest.mark.keras
keras_hub = pytest.importorskip("keras_hub")

IMAGENET = Scaling(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
FAMILIES = {
    "resnet18": ("ResNet", 9, "stack3_block1"),
    "mobilenetv3_small_100": ("MobileNetV3", 14, "head"),
    "hgnetv2_b0": ("HGNetV2", 6, "stage3_block0"),
}
"""Architecture: family, number of blocks, last block."""


@pytest.fixture(scope="module", params=FAMILIES)
def made(request, tmp_path_factory):
    """(row, folder with the repository, folder with the converted network)."""
    folder = tmp_path_factory.mktemp(request.param)
    for name, content in timm_files(request.param).items():
        (folder / name).write_bytes(content)
    family, _, _ = FAMILIES[request.param]
    row = _row(family)
    target = folder / "converted"
    target.mkdir()
    row = converted.convert(folder, target, row)
    return request.param, measured(row, converted.network(row, target)), folder, target


@pytest.fixture(scope="module")
def model(made):
    """The network with its weights, without a classifier; no test changes it."""
    _, row, _, target = made
    return loaded(row, target)


def _row(family):
    from dataclasses import replace

    return replace(
        an_added().backbone, name="tiny", family=family, input_size=64, scaling=IMAGENET, classes=True, blocks=(),
        block_shapes=(),
    )  # fmt: skip


def loaded(row, target, *, top=False):
    model = converted.network(row, target, top=top)
    converted.load(model, target)
    return model


def photos(size=64):
    return np.random.default_rng(1).uniform(0, 255, (2, size, size, 3)).astype(np.float32)


def relative(found, wanted):
    return float(np.abs(np.asarray(found) - np.asarray(wanted)).max() / np.abs(np.asarray(wanted)).max())


def test_it_equals_keras_hub(made, model):
    _, row, folder, target = made
    original = keras_hub.models.ImageClassifier.from_preset(str(folder), preprocessor=None)
    scaled = ((photos() / 255 - np.array(IMAGENET.mean)) / np.array(IMAGENET.deviation)).astype(np.float32)
    features = original.backbone(scaled, training=False)
    features = list(features.values())[-1] if isinstance(features, dict) else features
    assert relative(model(photos(), training=False), features) < 1e-5
    assert relative(loaded(row, target, top=True)(photos(), training=False), original(scaled, training=False)) < 1e-5


def test_its_blocks_are_found_and_every_cut_is_one(made, model):
    architecture, row, *_ = made
    _, count, last = FAMILIES[architecture]
    assert (len(row.blocks), row.blocks[0], row.blocks[-1]) == (count, "stem", last)
    ends = block_ends(model)
    *maps, whole = keras.Model(model.inputs[0], [ends[block].output for block in row.blocks])(photos(), training=False)
    assert relative(whole, model(photos(), training=False)) < 1e-5
    for block, below in zip(row.blocks[:-1], maps, strict=True):
        assert relative(networks.suffix(model, block)(below, training=False), whole) < 1e-5, block


def test_litert_runs_it(model, tmp_path):
    assert export_model(model, tmp_path / "tiny.tflite") < 1e-4


def test_it_takes_another_input_size(made):
    _, row, _, target = made
    from dataclasses import replace

    larger = replace(row, input_size=96)
    assert loaded(larger, target)(photos(96), training=False).shape[1] == 3


def test_random_weights_are_others(made):
    _, row, _, target = made
    first, second = (converted.network(row, target)(photos(), training=False) for _ in range(2))
    assert relative(first, second) > 1e-3


def test_a_network_that_keras_hub_does_not_know_is_refused(tmp_path):
    files = timm_files("mobilenetv3_small_100")
    config = json.loads(files["config.json"]) | {"architecture": "mobilenetv3_rw"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(files["model.safetensors"])
    with pytest.raises(InvalidInput, match="keras-hub cannot convert Tiny ViT"):
        converted.convert(tmp_path, tmp_path, _row("MobileNetV3"))


def test_weights_that_are_no_safetensors_are_refused(tmp_path):
    (tmp_path / "config.json").write_bytes(timm_files("mobilenetv3_small_100")["config.json"])
    (tmp_path / "model.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00notjson!")
    with pytest.raises(InvalidInput, match="keras-hub cannot convert"):
        converted.convert(tmp_path, tmp_path, _row("MobileNetV3"))


def test_a_missing_file_and_a_missing_classifier_are_told(tmp_path):
    from dataclasses import replace

    with pytest.raises(Unavailable, match="Add the backbone again"):
        converted.network(_row("ResNet"), tmp_path)
    with pytest.raises(InvalidInput, match="has no ImageNet classifier"):
        converted.network(replace(_row("ResNet"), classes=False), tmp_path, top=True)


def a_resnet(block="basic_block", stem=(64,)):
    return keras_hub.models.ResNetBackbone(
        list(stem), [3] * len(stem), [64, 16], [1, 1], [1, 2], block, image_shape=(32, 32, 3)
    )


def an_efficientnet_v2():
    """With a ``num_features`` that ``config.json`` does not have."""
    return keras_hub.models.EfficientNetBackbone(
        stackwise_kernel_sizes=[3, 3], stackwise_num_repeats=[1, 2], stackwise_input_filters=[8, 8],
        stackwise_output_filters=[8, 16], stackwise_expansion_ratios=[1, 4],
        stackwise_squeeze_and_excite_ratios=[0.0, 0.25], stackwise_strides=[1, 2],
        stackwise_block_types=["fused", "unfused"], width_coefficient=1.2, depth_coefficient=1.0,
        input_shape=(32, 32, 3), num_features=40,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "make"),
    [
        ("ResNet", a_resnet),
        ("ResNet", functools.partial(a_resnet, "basic_block_vd", (8, 8, 64))),
        ("EfficientNet", an_efficientnet_v2),
    ],
    ids=["ResNet", "ResNet-vd", "EfficientNetV2"],
)
def test_a_classifier_in_the_keras_layout_is_taken_and_litert_runs_it(tmp_path, family, make):
    from dataclasses import replace

    kind = getattr(keras_hub.models, f"{family}ImageClassifier")
    original = kind(backbone=make(), num_classes=1000, preprocessor=None)
    for variable in original.weights:
        variable.assign(variable + 0.02)
    files = keras_files(original, 32)
    assert {"task.json", "task.weights.h5"} <= set(files)
    (tmp_path / "converted").mkdir()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    row = converted.convert(tmp_path, tmp_path / "converted", replace(_row(family), input_size=32))
    scaled = ((photos(32) / 255 - np.array(IMAGENET.mean)) / np.array(IMAGENET.deviation)).astype(np.float32)
    found = loaded(row, tmp_path / "converted", top=True)(photos(32), training=False)
    assert found.shape == (2, 1000) and relative(found, original(scaled, training=False)) < 1e-5
    assert row.classes and not row.sized_classifier
    network = loaded(row, tmp_path / "converted")
    assert len(block_ends(network)) >= 3 and export_model(network, tmp_path / "tiny.tflite") < 1e-4


def test_the_classifier_of_a_vgg_is_taken_for_one_size_of_its_input(tmp_path, monkeypatch):
    from dataclasses import replace

    from keras_hub.src.utils.timm import convert_vgg

    tiny = {"stackwise_num_repeats": [1] * 5, "stackwise_num_filters": [2] * 5}
    monkeypatch.setattr(convert_vgg, "convert_backbone_config", lambda config: tiny)
    monkeypatch.setitem(convert_vgg.REPEATS_BY_SIZE, "vgg11", [1] * 5)
    smaller = functools.partialmethod(keras_hub.models.VGGImageClassifier.__init__, pooling_hidden_dim=4)
    monkeypatch.setattr(keras_hub.models.VGGImageClassifier, "__init__", smaller)
    for name, content in timm_files("vgg11", 224).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "converted").mkdir()
    row = converted.convert(tmp_path, tmp_path / "converted", replace(_row("VGG"), input_size=224))
    assert row.classes and row.sized_classifier
    model = loaded(row, tmp_path / "converted", top=True)
    original = keras_hub.models.ImageClassifier.from_preset(str(tmp_path), preprocessor=None)
    scaled = ((photos(224) / 255 - np.array(IMAGENET.mean)) / np.array(IMAGENET.deviation)).astype(np.float32)
    assert relative(model(photos(224), training=False), original(scaled, training=False)) < 1e-5
    assert not any(isinstance(layer, keras.Model) for layer in model.layers)
