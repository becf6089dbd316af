"""Occlusion finds what a classifier looks at, and the deletion test tells a right map from a wrong one."""

import numpy as np
import pytest

from core.datasets.decoding.fit import Fit
from core.explaining.framing import SeenPhoto, on_photo
from core.explaining.occlusion import CELLS, deletion_test, hottest_part, occlusion


def brightness_of(rows: slice, columns: slice):
    """A classifier that only looks at one part of a square of 40 pixels: (dark, bright)."""

    def predict(photo: SeenPhoto) -> np.ndarray:
        bright = photo.square(40, Fit.SQUASH)[rows, columns].mean() / 255
        return np.array([1 - bright, bright])

    return predict


@pytest.fixture
def photo() -> SeenPhoto:
    """Dark, with two bright spots."""
    pixels = np.zeros((80, 120, 3), np.uint8)
    pixels[:20, 90:] = 255
    pixels[60:, :30] = 255
    return SeenPhoto(pixels)


def test_the_hottest_place_is_the_one_that_decides(photo):
    predict = brightness_of(slice(0, 10), slice(30, None))
    heat = occlusion(predict, photo, label=1)
    assert heat.values.shape == (CELLS, CELLS) and heat.values.max() == 1
    assert heat.values[:2, 6:].min() > 0.3 and heat.values[4:].max() == 0 and heat.values[:, :4].max() == 0


def test_where_hiding_nothing_lowers_the_probability_the_map_is_empty(photo):
    assert not occlusion(lambda photo: np.array([0.2, 0.8]), photo, label=1).values.any()
    assert not occlusion(brightness_of(slice(0, 10), slice(30, None)), photo, label=0).values.any()


def test_the_deletion_test_tells_a_right_map_from_a_wrong_one(photo):
    predict = brightness_of(slice(0, 10), slice(30, None))
    heat = on_photo(occlusion(predict, photo, label=1), photo.size)
    right, wrong = (deletion_test(predict, photo, one, label=1) for one in (heat, heat[::-1, ::-1]))
    assert right.whole > 0.95 and right.hottest < 0.3 < right.elsewhere and right.holds
    assert wrong.hottest > 0.95 and not wrong.holds
    assert right == deletion_test(predict, photo, heat, label=1)


def test_the_hottest_part_is_a_fifth_at_most():
    heat = np.arange(100.0).reshape(10, 10)
    assert hottest_part(heat).sum() == 20 and hottest_part(heat)[8:].all()
    assert hottest_part(np.eye(10)).sum() == 10
