"""The card's words on how pixels are made give the very pixels of training: with Pillow and NumPy only."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.fit import Fit, pixels
from core.datasets.decoding.photos import decode
from core.models.preprocessing import preprocessing
from tests.preprocessing_by_hand import network_input


def photo(width: int, height: int, mode: str = "RGB", *, kind: str = "JPEG", orientation: int = 1) -> bytes:
    rng = np.random.default_rng(width)
    small = rng.integers(0, 255, (max(2, height // 9), max(2, width // 9), len(mode)), np.uint8)
    image = Image.fromarray(small.squeeze(), mode).resize((width, height), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = BytesIO()
    image.save(buffer, kind, **({"exif": exif, "quality": 95} if kind == "JPEG" else {}))
    return buffer.getvalue()


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [224, 96])
@pytest.mark.parametrize(
    "original",
    [
        photo(640, 480),
        photo(3000, 2001),
        photo(1700, 2300, orientation=6),
        photo(901, 333, orientation=3),
        photo(1000, 800, kind="PNG"),
        photo(900, 1200, "RGBA", kind="PNG"),
        photo(70, 50, "L", kind="PNG"),
        photo(50, 2000, "L"),
    ],
)
def test_the_steps_of_the_card_give_the_pixels_of_training(original, size, fit):
    by_hand = network_input(original, size, preprocessing(fit))
    np.testing.assert_array_equal(by_hand, pixels(decode(original).jpeg, size, fit))


def test_the_card_names_the_decoder_and_that_values_are_not_to_be_scaled():
    card = preprocessing()
    assert card["decoder"].startswith("Pillow ")
    assert card["stored"]["longest_side"] == 768 and card["stored"]["quality"] == 90
    assert card["input"]["values"] == [0, 255] and "inside" in card["input"]["scaling"]
