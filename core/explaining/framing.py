"""Heat maps in the photo's own coordinates: what of a photo a network saw, the map laid over it, and parts hidden.

The grid of a map lies on the square input of a network. ``Fit.SQUASH`` puts the whole photo there, ``CROP`` the square
in its middle, ``PAD`` the photo and two bars; a network of tokens may leave out less than one patch at the right and
below (``covered``).
"""

from collections.abc import Sequence
from copy import copy
from io import BytesIO

import numpy as np
from PIL import Image

from core.datasets.decoding.fit import Fit, framed
from core.explaining.values import HeatMap

_COLOURS = np.array(
    [
        (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85), (227, 89, 51), (249, 140, 10),
        (249, 201, 50), (252, 255, 164),
    ],
    np.float32,
)  # fmt: skip
"""Inferno of Matplotlib at nine equal steps: its lightness rises evenly, also for the colour-blind."""

UNSEEN = 0.25
"""What is left of the brightness of a part that the network did not see."""


def box_of(size: tuple[int, int], fit: Fit, covered: float = 1.0) -> tuple[float, float, float, float]:
    """(left, upper, right, lower) of a map in a photo of ``size`` (width, height); beyond it where there are bars."""
    width, height = size
    if fit is Fit.SQUASH:
        left, upper, across, down = 0.0, 0.0, float(width), float(height)
    else:
        across = down = float(min(size) if fit is Fit.CROP else max(size))
        left, upper = float((width - int(across)) // 2), float((height - int(down)) // 2)
    return left, upper, left + across * covered, upper + down * covered


def on_photo(heat: HeatMap, size: tuple[int, int]) -> np.ndarray:
    """(height, width) float32: the map between its places interpolated; NaN where the network did not see the photo."""
    width, height = size
    left, upper, right, lower = (round(edge) for edge in box_of(size, heat.fit, heat.covered))
    grid = Image.fromarray(np.asarray(heat.values, np.float32))
    large = np.asarray(grid.resize((right - left, lower - upper), Image.Resampling.BILINEAR))
    found = np.full((height, width), np.nan, np.float32)
    rows, columns = slice(max(upper, 0), min(lower, height)), slice(max(left, 0), min(right, width))
    found[rows, columns] = large[rows.start - upper : rows.stop - upper, columns.start - left : columns.stop - left]
    return found


def together(maps: Sequence[HeatMap], size: tuple[int, int]) -> np.ndarray:
    """(height, width) float32: the mean of several maps; 0 where no network saw the photo."""
    return np.asarray(np.mean([np.nan_to_num(on_photo(one, size)) for one in maps], axis=0), np.float32)


def hottest_place(heat: HeatMap) -> str:
    """Where in the photo the hottest place is, in words: ``upper left``, ``middle``; "" where none stands out."""
    if not heat.values.any():
        return ""
    row, column = np.unravel_index(np.argmax(heat.values), heat.values.shape)
    down, across = (
        3 * (2 * int(at) + 1) // (2 * length) for at, length in zip((row, column), heat.values.shape, strict=True)
    )
    words = (("upper", "middle", "lower")[down], ("left", "middle", "right")[across])
    return " ".join(dict.fromkeys(words)) if down == across == 1 else " ".join(words)


def overlay(jpeg: bytes, heat: HeatMap, opacity: float = 0.6, kind: str = "PNG") -> bytes:
    """The photo under its heat map. Cold places stay as they are, parts that the network did not see are dark.

    Args:
        opacity: of the hottest place, 0..1. kind: of the file, "PNG" or "JPEG".
    """
    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        photo = np.asarray(image.convert("RGB"), np.float32)
    hot = on_photo(heat, (photo.shape[1], photo.shape[0]))
    unseen, hot = np.isnan(hot), np.clip(np.nan_to_num(hot), 0, 1)
    alpha = (opacity * np.sqrt(hot))[..., None]
    mixed = photo * (1 - alpha) + coloured(hot) * alpha
    mixed[unseen] *= 1 - opacity * (1 - UNSEEN)
    buffer = BytesIO()
    Image.fromarray(np.asarray(np.rint(mixed), np.uint8)).save(buffer, kind, quality=90)
    return buffer.getvalue()


def coloured(values: np.ndarray) -> np.ndarray:
    """(..., 3) float32 colours of values 0..1."""
    at = np.clip(values, 0, 1) * (len(_COLOURS) - 1)
    steps = np.arange(len(_COLOURS))
    return np.stack([np.interp(at, steps, _COLOURS[:, channel]) for channel in range(3)], axis=-1).astype(np.float32)


# --- hiding ---


class SeenPhoto:
    """A photo whose parts can be hidden, as input of an inference graph. Every size and fit is rendered once.

    Args:
        pixels: (height, width, 3) uint8.
    """

    def __init__(self, pixels: np.ndarray) -> None:
        self._pixels = pixels
        self._colour = np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8)
        self._squares: dict[tuple[int, Fit], np.ndarray] = {}
        self._hidden: np.ndarray | None = None

    @classmethod
    def of(cls, jpeg: bytes) -> "SeenPhoto":
        with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
            return cls(np.asarray(image.convert("RGB")))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._pixels.shape[1], self._pixels.shape[0]

    def square(self, size: int, fit: Fit, /) -> np.ndarray:
        """uint8 (size, size, 3)."""
        if (size, fit) not in self._squares:
            picture = framed(Image.fromarray(self._pixels), fit).resize((size, size), Image.Resampling.BICUBIC)
            self._squares[size, fit] = np.asarray(picture, np.uint8)
        whole = self._squares[size, fit]
        if self._hidden is None:
            return whole
        return np.where(self._hidden_in(size, fit)[..., None], self._colour, whole)

    def without(self, hidden: np.ndarray) -> "SeenPhoto":
        """The photo with the mean of its colours where ``hidden`` (height, width) is True."""
        other = copy(self)  # with the same squares
        other._hidden = hidden
        return other

    def _hidden_in(self, size: int, fit: Fit) -> np.ndarray:
        """(size, size) bool: what is hidden of a square; of bars nothing."""
        assert self._hidden is not None
        left, upper, right, lower = box_of(self.size, fit)
        middles = (np.arange(size) + 0.5) / size
        columns = np.floor(left + middles * (right - left)).astype(int)
        rows = np.floor(upper + middles * (lower - upper)).astype(int)
        width, height = self.size
        inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
        found: np.ndarray = self._hidden[rows.clip(0, height - 1)][:, columns.clip(0, width - 1)]
        return found & inside
