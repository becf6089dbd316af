"""Decoding, used alike for photos of training, evaluation and prediction."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

from core.errors import InvalidInput

if TYPE_CHECKING:  # the decoder children never need numpy, and start twice as fast without it
    import numpy as np

# These two are not among the plugins Pillow loads at first; without this import it would load all of its forty.
_LOADED = (TiffImagePlugin, WebPImagePlugin)

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
"""Most known vulnerabilities of Pillow are in its other decoders."""

STORED_SIDE = 768
"""Longest side of a stored photo in pixels: enough for every network of the catalogue."""

STORED_QUALITY = 90
PIXEL_LIMIT = 89_478_485
"""Pixels a photo may have; from here on Pillow itself warns of a decompression bomb."""

SECONDS_PER_PHOTO = 30.0
"""Time limit of a decoder process for one photo; a large one takes well under a second."""

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # PIXEL_LIMIT is checked instead

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Raised by Pillow on thousands of hostile files in tests, and what its pure Python parsers can raise.
_DAMAGED = (
    *(OSError, ValueError, SyntaxError, NotImplementedError),
    *(LookupError, TypeError, AttributeError, EOFError, ArithmeticError, RuntimeError),
)

_MAGIC = (
    (0, b"PK\x03\x04", "is an archive inside the upload; unpack it first"),
    (0, b"%PDF", "is a PDF document, not a photo"),
    (4, b"ftypheic", "is a HEIC photo, which Graft does not read; export it as JPEG"),
    (4, b"ftypheix", "is a HEIC photo, which Graft does not read; export it as JPEG"),
    (4, b"ftypmif1", "is a HEIF photo, which Graft does not read; export it as JPEG"),
    (4, b"ftypavif", "is an AVIF photo, which Graft does not read; export it as JPEG"),
    (4, b"ftyp", "is a video, not a photo"),
)


@dataclass(frozen=True, kw_only=True)
class StoredPhoto:
    """A photo as it is stored.

    Args:
        jpeg: upright RGB JPEG without metadata, its longest side at most ``STORED_SIDE`` pixels.
        width, height: of the original after EXIF orientation, in pixels.
    """

    jpeg: bytes
    width: int
    height: int


def decode(data: bytes) -> StoredPhoto:
    """Decode the bytes of an upload to a stored photo.

    JPEG, PNG, WebP, BMP, GIF and TIFF are read; of an animation the first frame is used. Transparency becomes
    white, 16-bit grey keeps its upper 8 bits, colour profiles are ignored. Call it for untrusted bytes
    in a child process (``core.datasets.sandbox``).

    Raises:
        InvalidInput: with the reason as a sentence fragment ("is not a photo ...", "is damaged ...").
    """
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return _stored(image)
    except UnidentifiedImageError:
        raise InvalidInput(_not_a_photo(data)) from None
    except Image.DecompressionBombError:
        raise InvalidInput(f"has more than {PIXEL_LIMIT // 10**6} million pixels") from None
    except MemoryError:
        raise InvalidInput("needs more memory than a photo may take") from None
    except _DAMAGED as error:
        raise InvalidInput(f"is damaged ({_short(error)})") from None


def _stored(image: Image.Image) -> StoredPhoto:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        limit = PIXEL_LIMIT // 10**6
        raise InvalidInput(f"has {width} x {height} pixels; a photo may have {limit} million")
    size = _fitting(width, height)
    image.draft(None, size)  # JPEG only: decode at 1/2, 1/4 or 1/8 as long as that stays above ``size``
    image.load()
    orientation = _orientation(image)
    picture = _plain(image)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    picture = _over_white(picture)
    if orientation in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[orientation])
    if orientation >= 5:
        width, height = height, width
    picture.info = {}  # Pillow would write a JPEG comment it finds here
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=STORED_QUALITY)
    return StoredPhoto(jpeg=buffer.getvalue(), width=width, height=height)


def _fitting(width: int, height: int) -> tuple[int, int]:
    """Size with the longest side at most ``STORED_SIDE``; smaller photos keep theirs."""
    scale = min(1.0, STORED_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if the EXIF block is damaged. Read after ``load``: Pillow has rotated
    TIFF then, and removed the tag."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGED:
        return 1
    return value if value in _UPRIGHT else 1


def _plain(image: Image.Image) -> Image.Image:
    """RGB or RGBA, which can be resized without mixing palette indices or clipping 16-bit grey."""
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value * (1 / 256) + 0.0).convert("L")
    if image.mode in ("I", "F"):
        raise InvalidInput("has 32-bit pixels; save it with 8 or 16 bits")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _not_a_photo(data: bytes) -> str:
    if not data:
        return "is empty (0 bytes)"
    for offset, magic, reason in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return reason
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<"):
        return "is a web page or drawing (HTML, SVG or XML), not a photo"
    if b"\0" not in start and all(byte >= 32 or byte in b"\t\r\n\f" for byte in start):
        return "is a text file, not a photo"
    return "is not a photo that Graft can read (JPEG, PNG, WebP, BMP, GIF or TIFF)"


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 80 else text[:79] + "…"


def thumbnail(path: Path, side: int, *, quality: int = 80) -> bytes:
    """JPEG bytes of a stored photo, square crop from its middle. ``side`` in pixels; OSError when it is gone."""
    with Image.open(path, formats=("JPEG",)) as photo:
        photo.draft("RGB", (2 * side, 2 * side))
        square = min(photo.size)
        left, top = (photo.width - square) // 2, (photo.height - square) // 2
        box = (left, top, left + square, top + square)
        small = photo.convert("RGB").resize((side, side), Image.Resampling.BICUBIC, box)
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def pixels(jpeg: bytes, size: int) -> "np.ndarray":
    """Network input of a stored photo: the whole photo, resized to a square (bicubic, antialiased).

    Args:
        jpeg: a stored photo. size: side of the square.

    Returns:
        Array (size, size, 3), uint8, RGB.
    """
    import numpy as np

    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        image.draft("RGB", (size, size))  # never below the square, halves the time for small networks
        square = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(square, np.uint8)
