"""One small rendering of every stored photo, with what is measured on it: read once, for near-copies and odd photos.

Brightness and information are measured as cleanvision 0.3 does (github.com/cleanlab/cleanvision,
``issue_managers/image_property.py``, Apache-2.0), on Graft's stored photos; cleanvision itself would bring matplotlib.
Blur is the blur effect of Crete, Dolmiere, Ladret and Nicolas 2007, "The blur effect: perception and estimation with a
new no-reference perceptual blur metric": how little a photo changes when it is blurred once more.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import NotFound

SIDE = 64
"""Pixels of a rendering, which is squeezed to a square."""

_MEASURED_SIDE = 160
"""Longest side of the picture that blur and brightness are measured on."""
_TAPS = 9
"""Pixels of the mean that blurs once more, as in the paper."""
_COLOURLESS = 0.5
"""Mean distance of the channels from their mean, of 255, below which a picture is grey: 0 in files without colours, at
least 1.1 in 99 % of photos with some."""
_AT_ONCE = 256
MOST_IN_MEMORY = 20_000
"""Photos up to which the renderings stay in memory (250 MB)."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One stored photo, small.

    Args:
        pixels: uint8 (SIDE, SIDE, 3), or what ``np.asarray`` makes of it.
        hash, mirrored_hash: 64 bits, the perceptual hash of the photo and of its mirror image (imagehash's ``phash``).
        dark: brightness that 99 % of the pixels do not exceed, 0..1. bright: brightness that 95 % exceed, 0..1.
        blur: 0..1, about 0.3 of a sharp photo. information: entropy of the brightness, 0..1. grey: it has no colours.
    """

    pixels: npt.ArrayLike
    hash: int
    mirrored_hash: int
    dark: float
    bright: float
    blur: float
    information: float
    grey: bool


def read_pictures(paths: Sequence[Path], progress: Callable[[int, int], None] | None = None) -> list[Picture]:
    """The pictures at ``paths``, in their order; ``progress`` is called with (done, total) and may raise to stop.

    Raises:
        NotFound: a stored photo is missing.
    """
    found: list[Picture] = []
    kept = PixelFile(paths[0].parent) if len(paths) > MOST_IN_MEMORY else None
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(paths), _AT_ONCE):
            for one in pool.map(read_picture, paths[start : start + _AT_ONCE]):
                found.append(one if kept is None else replace(one, pixels=kept.add(one.pixels)))
            if progress is not None:
                progress(len(found), len(paths))
    return found


class PixelFile:
    """Renderings in a file without a name: 12 kB each, which is 1.2 GB of memory for 100,000 photos.

    Args:
        folder: on a disk with room; where it has none, they stay in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (closed with its last reader)
        self._count = 0

    def add(self, pixels: npt.ArrayLike) -> npt.ArrayLike:
        """What is read as an array when it is needed."""
        data = np.ascontiguousarray(pixels, np.uint8).tobytes()
        try:
            if os.pwrite(self._file.fileno(), data, self._count * len(data)) != len(data):
                return pixels
        except OSError:
            return pixels
        self._count += 1
        return _Stored(self, self._count - 1)

    def read(self, number: int) -> np.ndarray:
        """Those that were written as the ``number``-th, from 0."""
        size = SIDE * SIDE * 3
        data = os.pread(self._file.fileno(), size, number * size)
        return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE, 3)


@dataclass(frozen=True)
class _Stored:
    """Pixels in a file, which NumPy reads as an array."""

    file: PixelFile
    number: int

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return self.file.read(self.number).astype(dtype or np.uint8, copy=bool(copy))


def read_picture(path: Path) -> Picture:
    """The picture of one stored JPEG."""
    try:
        with Image.open(path, formats=("JPEG",)) as image:
            image.draft("RGB", (SIDE * 2, SIDE * 2))
            small = image.convert("RGB")
    except OSError as error:
        raise NotFound(f"The stored photo {path.name} cannot be read: {error.strerror or error}.") from None
    return picture_of(small)


def picture_of(image: Image.Image) -> Picture:
    """The picture of an RGB image."""
    from imagehash import phash

    if max(image.size) > _MEASURED_SIDE:
        image.thumbnail((_MEASURED_SIDE, _MEASURED_SIDE), Image.Resampling.BOX)
    grey = image.convert("L")
    dark, bright = _brightness(image)
    pixels = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))
    return Picture(
        pixels=pixels,
        hash=_bits(phash(grey).hash),
        mirrored_hash=_bits(phash(grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).hash),
        dark=dark,
        bright=bright,
        blur=_blur(np.asarray(grey, np.float32)),
        information=grey.entropy() / 8,
        grey=is_grey(pixels),
    )


def is_grey(pixels: np.ndarray) -> bool:
    """Whether a picture, uint8 (h, w, 3), has no colours."""
    channels = pixels.astype(np.float32)
    return bool(np.abs(channels - channels.mean(axis=2, keepdims=True)).mean() < _COLOURLESS)


def _bits(bits: np.ndarray) -> int:
    return int.from_bytes(np.packbits(bits.ravel()).tobytes(), "big")


def _brightness(image: Image.Image) -> tuple[float, float]:
    """99th and 5th percentile of the perceived brightness, sqrt(0.241 R^2 + 0.691 G^2 + 0.068 B^2)."""
    pixels = np.asarray(image, np.float32)
    brightness = np.sqrt(pixels**2 @ np.array([0.241, 0.691, 0.068], np.float32)) / 255
    high, low = np.percentile(brightness, [99, 5])
    return float(high), float(low)


def _blur(grey: np.ndarray) -> float:
    """The blur effect of (h, w) brightness, that of the sharper direction; 0 of a photo without any edge."""
    effects = []
    for rows in (grey, grey.T):
        if rows.shape[1] <= _TAPS:
            continue
        sums = np.cumsum(np.pad(rows, ((0, 0), (1, 0))), axis=1)
        again = (sums[:, _TAPS:] - sums[:, :-_TAPS]) / _TAPS
        inner = rows[:, _TAPS // 2 : _TAPS // 2 + again.shape[1]]
        edges, softer = np.abs(np.diff(inner, axis=1)), np.abs(np.diff(again, axis=1))
        total = float(edges.sum())
        effects.append(1 - float(np.maximum(0, edges - softer).sum()) / total if total else 0.0)
    return min(effects, default=0.0)
