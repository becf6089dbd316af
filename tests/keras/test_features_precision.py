"""Half precision of stored maps does not change predictions, tested with real weights on the demo photos."""

import zipfile
from io import BytesIO

import keras
import numpy as np
import pytest
from PIL import Image

from core.backbones import get
from core.datasets import DEMO_ARCHIVE
from core.features import networks
from core.settings import Settings

pytestmark = pytest.mark.keras

LITE0 = get("efficientnet_lite0")
TOLERANCE = 2e-3
"""Largest change of a probability."""
CUTS = ("stem", "block3b", "block5c", "block6d", "block7a")


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    """Every eighth demo photo, as the network sees it."""
    with zipfile.ZipFile(DEMO_ARCHIVE) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))[::8]
        images = [Image.open(BytesIO(archive.read(name))).convert("RGB").resize((224, 224)) for name in names]
    return np.stack([np.asarray(image, np.float32) for image in images])


@pytest.fixture(scope="module")
def answers(photos, tmp_path_factory):
    """Probabilities of the whole network, and a function that computes them from a rounded map at a cut."""
    whole = networks.classifier(LITE0, Settings(home=tmp_path_factory.mktemp("home")))
    ends = networks.block_ends(whole)
    *maps, exact = keras.Model(whole.inputs[0], [*(ends[cut].output for cut in CUTS), whole.output])(photos)
    maps = dict(zip(CUTS, map(np.asarray, maps), strict=True))

    def from_rounded(cut: str, rounded) -> np.ndarray:
        rest = keras.Model(ends[cut].output, whole.output)
        return np.asarray(rest(rounded(maps[cut]), training=False))

    return np.asarray(exact), from_rounded


def in_half_precision(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float16).astype(np.float32)


def in_quarter_precision(x: np.ndarray) -> np.ndarray:
    """Rounded to three bits of mantissa, as in 8-bit floats."""
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.round(mantissa * 16) / 16, exponent).astype(np.float32)


@pytest.mark.parametrize("cut", CUTS)
def test_predictions_from_maps_in_half_precision_are_unchanged(answers, cut):
    exact, from_rounded = answers
    found = from_rounded(cut, in_half_precision)
    assert len(exact) >= 20
    assert np.array_equal(found.argmax(axis=1), exact.argmax(axis=1))
    assert 0 < np.abs(found - exact).max() < TOLERANCE


def test_maps_in_quarter_precision_would_be_noticed(answers):
    exact, from_rounded = answers
    assert np.abs(from_rounded("block3b", in_quarter_precision) - exact).max() > 5 * TOLERANCE
