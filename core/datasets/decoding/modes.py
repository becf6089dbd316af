"""Every colour mode of a decoded picture as RGB or RGBA, and the brightness of grey with more than 8 bits.

Grey with 9 to 16 bits lies in containers of 16 bits, whatever the camera or scanner measured: the pixels of a 12-bit
microscope end at 4,095 of 65,535. Which of the 16 bits are used is not said in the file, but seen in the pixels of all
such photos of a dataset together (``grey_bits_of``). Their upper 8 are stored.
"""

from collections.abc import Iterable

from PIL import Image, TiffImagePlugin

from core.datasets.decoding.tiff import BITS, PHOTOMETRIC, PLANAR
from core.errors import InvalidInput

FULL_GREY = 16
"""Bits of 16-bit grey that uses its whole range."""

_WHITE_IS_ZERO = 0
_NEARLY_BLACK = 63
"""Of 255: where the brightest value of a 16-bit colour photo lies when at most 14 of its 16 bits are used."""

# Pillow's decoders read these as well; its table lacks them: big-endian 12-bit and white-is-zero grey.
TiffImagePlugin.OPEN_INFO[(TiffImagePlugin.MM, 0, (1,), 1, (16,), ())] = ("I;16B", "I;16B")
TiffImagePlugin.OPEN_INFO[(TiffImagePlugin.MM, 1, (1,), 1, (32,), ())] = ("I", "I;32B")


def grey_bits_of(highest: Iterable[int]) -> int | None:
    """The bits that 16-bit grey photos use, from the highest value of each; None without any. At least 8."""
    most = max(highest, default=None)
    return None if most is None else max(8, most.bit_length())


def is_deep_grey(image: Image.Image) -> bool:
    """Whether it is grey with more than 8 bits."""
    return image.mode == "I" or image.mode.startswith("I;16")


def has_deep_colours(image: Image.Image) -> bool:
    """Whether its file has 16 bits per colour, of which Pillow keeps the upper 8. Ask before ``load``."""
    return not is_deep_grey(image) and any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))


def check_readable(image: Image.Image) -> None:
    """Refuse TIFF pages that Pillow would read wrongly. Call it before ``load``.

    Raises:
        InvalidInput: with the reason as a sentence fragment.
    """
    if image.mode == "F":
        raise InvalidInput(
            "has floating-point pixels, which do not say what is black and white; save it with 8 or 16 bits"
        )
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(BITS, (1,))
    if tags.get(PLANAR) == 2 and max(bits) > 8:
        raise InvalidInput(
            f"has {max(bits)}-bit colours in separate planes, which Graft does not read; save it with 8 bits per colour"
        )


def grey_values(image: Image.Image) -> tuple[Image.Image, int]:
    """Deep grey as 32-bit integers, and its highest value, 0..65535.

    Raises:
        InvalidInput: its values are no 16-bit grey; the reason has the figures.
    """
    values = image if image.mode == "I" else image.convert("I")
    low, high = values.getextrema()
    assert isinstance(low, int) and isinstance(high, int)
    if low < 0 or high > 65535:
        raise InvalidInput(
            f"has grey values from {low:,} to {high:,}, and those of a photo lie between 0 and 65,535; "
            "save it with 8 or 16 bits"
        )
    return values, high


def scaled_grey(image: Image.Image, values: Image.Image, bits: int) -> Image.Image:
    """The upper 8 of ``bits`` bits as mode L; what is brighter than ``bits`` allow becomes white."""
    scale = 1 / 2 ** (bits - 8)
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == _WHITE_IS_ZERO:
        white = (2**bits - 1) * scale
        return values.point(lambda value: value * -scale + white).convert("L")
    return values.point(lambda value: value * scale + 0.0).convert("L")


def plain(image: Image.Image, *, deep: bool) -> Image.Image:
    """RGB or RGBA, which can be resized without mixing palette indices. Not for deep grey.

    Args:
        deep: the file has 16 bits per colour (``has_deep_colours``).

    Raises:
        InvalidInput: it uses so few of them that it would be almost black; the reason has the figure.
    """
    if image.mode == "La":  # premultiplied, for which Pillow has one conversion
        image = image.convert("LA")
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    colours = image if image.mode == wanted else image.convert(wanted)  # a copy costs a tenth of the decoding
    if deep:
        highest = max(colours.getchannel(band).getextrema()[1] for band in "RGB")
        assert isinstance(highest, int)
        if 0 < highest <= _NEARLY_BLACK:
            raise InvalidInput(
                f"has 16 bits per colour and uses the lowest {8 + highest.bit_length()} of them, so it would be almost "
                "black; save it with 8 bits per colour"
            )
    return colours


def over_white(image: Image.Image) -> Image.Image:
    """Without transparency: what shows through is white."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white
