"""Decoding, used alike for photos of training, evaluation and prediction."""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

from core.datasets.decoding.kinds import is_cut_off, kind_of, not_a_photo, unreadable
from core.datasets.decoding.modes import (
    FULL_GREY,
    check_readable,
    grey_bits_of,
    grey_values,
    has_deep_colours,
    is_deep_grey,
    over_white,
    plain,
    scaled_grey,
)
from core.datasets.decoding.tiff import first_page
from core.errors import InvalidInput

# These two are not among the plugins Pillow loads at first; without this import it would load all of its forty.
_LOADED = (TiffImagePlugin, WebPImagePlugin)

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
"""Most known vulnerabilities of Pillow are in its other decoders. HEIF and AVIF are loaded when a file needs them."""

ISOLATED = "HEIF"
"""The kind whose decoder needs a process per photo (``core.datasets.decoding.decoder``)."""

STORED_SIDE = 768
"""Longest side of a stored photo in pixels: enough for every network of the catalogue."""

STORED_QUALITY = 90
PIXEL_LIMIT = 89_478_485
"""Pixels a photo may have; from here on Pillow itself warns of a decompression bomb."""

SECONDS_PER_PHOTO = 30.0
"""Time limit of a decoder process for one photo; a large one takes well under a second."""

# PIXEL_LIMIT is checked instead; what else Pillow warns of is a detail of a file that is read or refused.
warnings.filterwarnings("ignore", module="PIL")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

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


@dataclass(frozen=True, kw_only=True)
class StoredPhoto:
    """A photo as it is stored.

    Args:
        jpeg: upright RGB JPEG without metadata, its longest side at most ``STORED_SIDE`` pixels.
        width, height: of the original after EXIF orientation, in pixels.
        grey_max: of grey with more than 8 bits, its highest value; None for every other photo.
        route: how a large photo was made smaller and upright. Of two photos with equal pixels and different routes,
            the stored JPEGs may differ slightly; "" where nothing was made smaller.
    """

    jpeg: bytes
    width: int
    height: int
    grey_max: int | None = None
    route: str = ""


def decode(data: bytes, *, grey_bits: int | None = FULL_GREY) -> StoredPhoto:
    """Decode the bytes of an upload to a stored photo.

    JPEG, PNG, WebP, HEIC, AVIF, BMP, GIF and TIFF are read; of an animation the first frame is used, of a HEIC
    collection its primary photo. Transparency becomes white, colour profiles are ignored. Call it for untrusted bytes
    in a child process (``core.datasets.decoding.sandbox``).

    Args:
        grey_bits: how many of its 16 bits a 16-bit grey photo uses, 8 to 16: the upper 8 of these are kept.
            None for the bits that its highest value needs.

    Raises:
        InvalidInput: with the reason as a sentence fragment ("is not a photo ...", "is damaged ...").
    """
    with _opened(data) as photo:
        return photo.stored(grey_bits)


def exact_digest(data: bytes, *, grey_bits: int | None = FULL_GREY) -> str:
    """SHA-256 (hex) over all pixels of the upright picture, before it is made smaller.

    Raises:
        InvalidInput: as for ``decode``.
    """
    with _opened(data) as photo:
        return photo.exact_digest(grey_bits)


class _Photo:
    """An opened file. Its orientation and pixels are known after ``load``."""

    def __init__(self, image: Image.Image, data: bytes, kind: str) -> None:
        self.image, self.data, self.kind = image, data, kind
        self.width, self.height = image.size
        self.orientation = 1
        self.grey_max: int | None = None

    def stored(self, grey_bits: int | None) -> StoredPhoto:
        size = _fitting(self.width, self.height)
        picture = self._picture(grey_bits, draft=size)
        route = f"{self.image.size} {self.orientation}" if size != (self.width, self.height) else ""
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
        picture = self._upright(over_white(picture))
        width, height = (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)
        picture.info = {}  # Pillow would write a JPEG comment it finds here
        buffer = BytesIO()
        picture.save(buffer, "JPEG", quality=STORED_QUALITY)
        return StoredPhoto(jpeg=buffer.getvalue(), width=width, height=height, grey_max=self.grey_max, route=route)

    def exact_digest(self, grey_bits: int | None) -> str:
        picture = self._upright(over_white(self._picture(grey_bits, draft=None)))
        return hashlib.sha256(f"{picture.size}".encode() + picture.tobytes()).hexdigest()

    def _picture(self, grey_bits: int | None, *, draft: tuple[int, int] | None) -> Image.Image:
        """RGB or RGBA; with ``draft`` a JPEG is decoded at 1/2, 1/4 or 1/8 as long as that stays above this size."""
        image = self.image
        deep = has_deep_colours(image)
        with _decoding(self.data, self.kind):
            if draft:
                image.draft(None, draft)
            image.load()
        self.orientation = _orientation(image)
        if not is_deep_grey(image):
            return plain(image, deep=deep)
        values, self.grey_max = grey_values(image)
        bits = grey_bits_of([self.grey_max]) if grey_bits is None else grey_bits
        assert bits is not None
        return scaled_grey(image, values, bits).convert("RGB")

    def _upright(self, picture: Image.Image) -> Image.Image:
        return picture.transpose(_UPRIGHT[self.orientation]) if self.orientation in _UPRIGHT else picture


@contextmanager
def _opened(data: bytes) -> Iterator[_Photo]:
    """The file as a photo whose header is plausible. What fails in the code that uses it is an error of Graft."""
    kind = kind_of(data)
    if not kind:
        raise InvalidInput(not_a_photo(data))
    if kind in ("HEIF", "AVIF") and is_cut_off(data, kind):
        raise InvalidInput(unreadable(data, kind))
    with _decoding(data, kind):
        image = Image.open(BytesIO(data), formats=load_plugin(kind))
    try:
        with image:
            _check(image, data, kind)
            yield _Photo(image, data, kind)
    except (InvalidInput, MemoryError):
        raise
    except (*_DAMAGED, AssertionError) as error:
        raise InvalidInput(
            f"could not be processed because of an error in Graft ({_short(error)}); please report it with this file"
        ) from error


@contextmanager
def _decoding(data: bytes, kind: str) -> Iterator[None]:
    """Around calls of Pillow's decoders: what they raise is a fault of the file, said in words without their jargon."""
    try:
        yield
    except Image.DecompressionBombError:
        raise InvalidInput(f"has more than {PIXEL_LIMIT // 10**6} million pixels") from None
    except UnidentifiedImageError:
        raise InvalidInput(_unidentified(data, kind)) from None
    except MemoryError:
        raise InvalidInput("needs more memory than a photo may take") from None
    except _DAMAGED:
        raise InvalidInput(unreadable(data, kind)) from None


@cache
def load_plugin(kind: str) -> tuple[str, ...]:
    """The decoders to try for this kind. Those of HEIC and AVIF cost time to load: only where such a file is read."""
    if kind == "AVIF":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # there is one decoder process per core already
        return ("AVIF",)
    if kind == "HEIF":
        import pi_heif

        pi_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
        return ("HEIF",)
    return FORMATS


def _unidentified(data: bytes, kind: str) -> str:
    if kind == "TIFF" and (page := first_page(data)).values and page.end <= len(data):
        if page.is_raw:
            return "is a raw file of a camera; develop it and export it as JPEG"
        return "is a TIFF file of a kind that Graft does not read; save it as PNG, or as TIFF with 8 bits per colour"
    return unreadable(data, kind)


def _check(image: Image.Image, data: bytes, kind: str) -> None:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        limit = PIXEL_LIMIT // 10**6
        raise InvalidInput(f"has {width} x {height} pixels; a photo may have {limit} million")
    if kind == "TIFF":
        if first_page(data).is_raw:
            raise InvalidInput("is a raw file of a camera; develop it and export it as JPEG")
        check_readable(image)


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


def _short(error: Exception) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 120 else text[:119] + "…"


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
