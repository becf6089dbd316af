"""A photo of any size inside the graph is rendered as Pillow renders it."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from core.datasets.decoding.fit import Fit, framed
from core.exports.assembling import PhotoInput
from core.exports.pixels import rendered

pytestmark = pytest.mark.keras

SIZES = [
    (32, 32),
    (100, 20),
    (20, 100),
    (9, 13),
    (13, 9),
    (300, 200),
    (200, 301),
    (33, 31),
    (1, 1),
    (1, 500),
    (120, 70),
    (120, 80),
    (400, 90),
]


def photo(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", SIZES)
def test_every_size_and_fit_is_as_pillow_gives_it(size, fit):
    given = photo(*size)
    expected = framed(Image.fromarray(given), fit).resize((32, 32), Image.Resampling.BICUBIC)
    found = rendered(tf.constant(given, tf.float32), PhotoInput(size=32, fit=fit)).numpy()
    difference = np.abs(found - np.asarray(expected, np.float32))
    # Pillow's weights are whole numbers of 22 bits: a value at the middle between two may be rounded the other way.
    assert difference.max() <= 1 and (difference > 0).mean() < 0.002
