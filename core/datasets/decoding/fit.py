"""How a rectangular photo becomes the square input of a network, alike in training, evaluation and prediction."""

from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the decoder children and the registry never need them
    import numpy as np
    from PIL import Image

LARGEST_INPUT = 768
"""Largest side of an input in pixels: a stored photo has no more (``photos.STORED_SIDE``)."""

PADDING = (124, 116, 104)
"""Colour of the bars of a padded photo: the mean of ImageNet's photos, close to 0 in the scaling of every network."""


class Fit(StrEnum):
    """Which part of a photo becomes the square, and in which proportions."""

    SQUASH = "squash"  # the whole photo, its sides scaled independently
    CROP = "crop"  # the largest square in its middle
    PAD = "pad"  # the whole photo in its proportions, between bars


def pixels(jpeg: bytes, size: int, fit: Fit = Fit.SQUASH) -> "np.ndarray":
    """Network input of a stored photo, resized to a square (bicubic, antialiased).

    Args:
        jpeg: a stored photo. size: side of the square.

    Returns:
        Array (size, size, 3), uint8, RGB.
    """
    import numpy as np
    from PIL import Image

    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        image.draft("RGB", (size, size))  # no side is decoded below the square; halves the time for small networks
        picture = image if image.mode == "RGB" else image.convert("RGB")  # which would copy it
        square = framed(picture, fit).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square, np.uint8)


def framed(picture: "Image.Image", fit: Fit) -> "Image.Image":
    """What of an RGB picture becomes the square: the picture itself, the square in its middle, or itself on a square
    with bars."""
    if fit is Fit.SQUASH or picture.width == picture.height:
        return picture
    if fit is Fit.CROP:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        return picture.crop((left, top, left + side, top + side))
    from PIL import Image

    side = max(picture.size)
    canvas = Image.new("RGB", (side, side), PADDING)
    canvas.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return canvas
