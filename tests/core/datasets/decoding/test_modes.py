"""Which bits 16-bit grey uses, and which pictures are refused before they are decoded wrongly."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.modes import (
    check_readable,
    grey_bits_of,
    grey_values,
    has_deep_colours,
    is_deep_grey,
    over_white,
    plain,
    scaled_grey,
)
from core.errors import InvalidInput
from tests.photo_files import encoded, grey_tiff, picture


@pytest.mark.parametrize(
    ("highest", "bits"),
    [([], None), ([0], 8), ([255], 8), ([256], 9), ([1023], 10), ([1024], 11), ([4095, 12], 12), ([7, 65535], 16)],
)
def test_all_photos_together_decide_which_bits_are_used(highest, bits):
    assert grey_bits_of(highest) == bits


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "La", "RGBa"])
def test_every_mode_becomes_rgb_or_rgba(mode):
    image = picture(2, (8, 8)).convert("L").convert("LA").convert("La") if mode == "La" else None
    image = image or picture(2, (8, 8)).convert("RGBA" if mode == "RGBa" else "RGB").convert(mode)
    assert over_white(plain(image, deep=False)).mode == "RGB" and not is_deep_grey(image)


def test_deep_grey_is_known_before_and_after_loading():
    with Image.open(BytesIO(grey_tiff(np.arange(64, dtype=np.uint16).reshape(8, 8) * 60))) as image:
        assert is_deep_grey(image) and not has_deep_colours(image)
        check_readable(image)
        values, high = grey_values(image)
        assert high == 63 * 60 and np.asarray(scaled_grey(image, values, 12)).max() == high >> 4
    with Image.open(BytesIO(encoded(picture(1), "PNG"))) as image:
        assert not is_deep_grey(image) and not has_deep_colours(image)


def test_floating_point_is_refused():
    with pytest.raises(InvalidInput, match="floating-point"):
        check_readable(Image.new("F", (4, 4)))
