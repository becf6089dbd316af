"""EfficientNet-Lite in Keras gives the outputs of the original.

``lite_reference.json`` has logits that were computed once with PyTorch 2.13 (CPU) from the same weight files, by the
model code of the PyPI package ``efficientnet-lite-pytorch`` 0.1.0, with RGB pixels scaled as (x - 127) / 128: for a
synthetic pattern and four demo photos (Pillow bicubic) the five highest logits and every fiftieth of the 1,000.
"""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from core.backbones import get, imagenet_classes, obtain, torch_file
from core.features import lite, networks
from core.settings import REPOSITORY, Settings

pytestmark = pytest.mark.keras

REFERENCE = json.loads((Path(__file__).parent / "lite_reference.json").read_text())
PHOTOS = REPOSITORY / "core" / "datasets" / "demo" / "demo-photos.zip"


def pattern(size: int) -> np.ndarray:
    y, x, channel = np.mgrid[:size, :size, :3]
    return ((3 * x + 5 * y + 7 * channel + x * y // 16) % 256).astype(np.float32)


def photo(name: str, size: int) -> np.ndarray:
    with zipfile.ZipFile(PHOTOS) as archive, archive.open(name) as file:
        return np.asarray(Image.open(file).convert("RGB").resize((size, size), Image.Resampling.BICUBIC), np.float32)


def pixels(name: str, size: int) -> np.ndarray:
    return pattern(size) if name == "pattern" else photo(name, size)


def with_top(name: str) -> keras.Model:
    """The network up to its logits."""
    model = lite.network(get(name), top=True)
    lite.load(model, obtain(get(name), Settings()))
    return model


def answers(model: keras.Model, batch: np.ndarray) -> np.ndarray:
    """Without ``predict``, which would take seconds to compile for five photos."""
    return keras.ops.convert_to_numpy(model(batch, training=False))


def logits(model: keras.Model, inputs: list[str]) -> np.ndarray:
    size = model.input.shape[1]
    return answers(model, np.stack([pixels(name, size) for name in inputs]))


def largest_difference(model: keras.Model, reference: dict) -> float:
    differences = []
    for mine, theirs in zip(logits(model, list(reference)), reference.values(), strict=True):
        differences += [mine[::50] - theirs["every_50th"], mine[theirs["top5"]] - theirs["top5_logits"]]
    return float(np.abs(np.concatenate(differences)).max())


@pytest.fixture(scope="module")
def lite0() -> keras.Model:
    return with_top("efficientnet_lite0")


@pytest.mark.parametrize("name", REFERENCE)
def test_the_logits_are_those_of_the_original(name):
    assert largest_difference(with_top(name), REFERENCE[name]) < 2e-3


def test_ignoring_the_strides_of_the_tensors_would_be_noticed(monkeypatch):
    def flat(view, elements):
        return elements[view.offset :][: np.prod(view.size, dtype=int)].reshape(view.size).copy()

    monkeypatch.setattr(torch_file._View, "read", flat)
    assert largest_difference(with_top("efficientnet_lite0"), REFERENCE["efficientnet_lite0"]) > 1


@pytest.mark.parametrize("scale, offset", [(1 / 127.5, -1.0), (1 / 255, 0.0), (1 / (255 * 0.226), -0.449 / 0.226)])
def test_another_scaling_of_the_pixels_would_be_noticed(lite0, monkeypatch, scale, offset):
    layer = lite0.get_layer("scaling")
    monkeypatch.setattr(layer, "scale", scale)
    monkeypatch.setattr(layer, "offset", offset)
    assert largest_difference(lite0, REFERENCE["efficientnet_lite0"]) > 0.01


def test_demo_photos_get_sensible_imagenet_classes(settings):
    classifier = networks.classifier(get("efficientnet_lite0"), settings)
    expected = {
        "animal/farm_chicken.jpg": "hen",
        "animal/world_crocodile.jpg": "African crocodile",
        "tool/cat_hammer7.jpg": "hammer",
        "monument/cat_IndiaGate.jpg": "triumphal arch",
    }
    probabilities = answers(classifier, np.stack([photo(name, 224) for name in expected]))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert [imagenet_classes()[best] for best in probabilities.argmax(axis=1)] == list(expected.values())


def test_multiply_adds_are_near_the_published_figure(lite0):
    """407 M are published for Lite0; that includes about three operations per normalised value, Graft's does not."""
    assert networks.multiply_adds(lite0) == pytest.approx(407e6, rel=0.06)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_the_row_of_the_catalogue_says_what_the_network_is(name, settings):
    row, model = get(name), networks.build(get(name), settings, weights=False)
    assert row.parameters == model.count_params()
    assert model.output.shape[-1] == row.feature_size
    assert tuple(networks.block_ends(model)) == row.blocks
