"""EfficientNet-Lite in Keras gives the outputs of the original.

``lite_reference.json`` has logits that were computed once with PyTorch 2.13 (CPU) from the same weight files, by the
model code of the PyPI package ``efficientnet-lite-pytorch`` 0.1.0, with RGB pixels scaled as (x - 127) / 128: for a
synthetic pattern and four demo photos (Pillow bicubic) the five highest logits and every fiftieth of the 1,000.
"""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from core.backbones import get, torch_file
from core.features.measuring import multiply_adds
from tests.keras.logits import largest_difference, with_top

pytestmark = pytest.mark.keras

REFERENCE = json.loads((Path(__file__).parent / "lite_reference.json").read_text())


@pytest.fixture(scope="module")
def lite0() -> keras.Model:
    return with_top(get("efficientnet_lite0"))


@pytest.mark.parametrize("name", REFERENCE)
def test_the_logits_are_those_of_the_original(name):
    assert largest_difference(with_top(get(name)), REFERENCE[name]) < 2e-3


def test_ignoring_the_strides_of_the_tensors_would_be_noticed(monkeypatch):
    def flat(view, elements):
        return elements[view.offset :][: np.prod(view.size, dtype=int)].reshape(view.size).copy()

    monkeypatch.setattr(torch_file._View, "read", flat)
    assert largest_difference(with_top(get("efficientnet_lite0")), REFERENCE["efficientnet_lite0"]) > 1


@pytest.mark.parametrize("scale, offset", [(1 / 127.5, -1.0), (1 / 255, 0.0), (1 / (255 * 0.226), -0.449 / 0.226)])
def test_another_scaling_of_the_pixels_would_be_noticed(lite0, monkeypatch, scale, offset):
    layer = lite0.get_layer("scaling")
    monkeypatch.setattr(layer, "scale", scale)
    monkeypatch.setattr(layer, "offset", offset)
    assert largest_difference(lite0, REFERENCE["efficientnet_lite0"]) > 0.01


def test_multiply_adds_are_near_the_published_figure(lite0):
    """407 M are published for Lite0; that includes about three operations per normalised value, Graft's does not."""
    assert multiply_adds(lite0) == pytest.approx(407e6, rel=0.06)
