"""How a rectangular photo becomes a square."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.fit import PADDING, Fit, framed, pixels

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)


def photo(width=96, height=64):
    """Three stripes side by side: red, a green square, blue."""
    image = Image.new("RGB", (width, height), GREEN)
    image.paste(RED, (0, 0, (width - height) // 2, height))
    image.paste(BLUE, (width - (width - height) // 2, 0, width, height))
    return image


def jpeg(image):
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def near(square, row, column, colour):
    return np.abs(square[row, column].astype(int) - colour).max() < 25


def test_squash_is_the_whole_photo_in_other_proportions():
    square = pixels(jpeg(photo()), 48)
    assert square.shape == (48, 48, 3)
    assert near(square, 24, 2, RED) and near(square, 24, 24, GREEN) and near(square, 24, 45, BLUE)
    assert near(square, 1, 24, GREEN)


def test_crop_is_the_square_in_the_middle():
    square = pixels(jpeg(photo()), 48, Fit.CROP)
    assert all(near(square, 24, column, GREEN) for column in (2, 24, 45))


def test_pad_is_the_whole_photo_between_bars():
    square = pixels(jpeg(photo()), 48, Fit.PAD)
    assert near(square, 2, 24, PADDING) and near(square, 45, 24, PADDING)
    assert near(square, 24, 2, RED) and near(square, 24, 24, GREEN) and near(square, 24, 45, BLUE)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [(96, 64), (64, 96), (65, 64), (1, 300)])
def test_a_frame_is_square_unless_it_is_squashed(fit, size):
    frame = framed(Image.new("RGB", size), fit)
    assert frame.size == (size if fit is Fit.SQUASH else (max(size),) * 2 if fit is Fit.PAD else (min(size),) * 2)


@pytest.mark.parametrize("fit", Fit)
def test_a_square_photo_is_the_same_in_every_fit(fit):
    square = jpeg(photo().resize((64, 64)))
    assert np.array_equal(pixels(square, 32, fit), pixels(square, 32))


@pytest.mark.parametrize("fit", Fit)
def test_a_large_photo_is_decoded_no_smaller_than_its_input(fit):
    noise = np.random.default_rng(0).integers(0, 256, (600, 768, 3), np.uint8)
    large = jpeg(Image.fromarray(noise))
    exact = framed(Image.open(BytesIO(large)).convert("RGB"), fit).resize((500, 500), Image.Resampling.BICUBIC)
    assert np.array_equal(pixels(large, 500, fit), np.asarray(exact))
