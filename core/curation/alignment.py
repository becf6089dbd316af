"""How well one picture lies on another: whole, as a part of it, or mirrored.

Normalised cross-correlation (Lewis 1995, "Fast normalized cross-correlation") is blind to brightness and contrast. One
picture, made smaller, is moved over the other: first grey and coarse, then in colour around the best place. So a crop
is found in the photo that it was cut from.

Whole pixels are not exact enough for a crop of a photo with fine texture. Where the correlation leaves it open, place
and size are fitted to fractions of a pixel, by steps to better neighbours (Hooke & Jeeves 1961, "Direct search"), with
both pictures at the same lower resolution.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from core.curation.pictures import SIDE

_COARSE = 32
_SMALLEST = 26
"""Of 32: a part of 81 % of the side."""
_HOPELESS = 0.75
"""Coarse correlation below which a place is not looked at more closely."""
_SURE = 0.985
_OPEN = 0.8
"""Correlation from which on place and size are fitted to fractions of a pixel."""
_FITTED = 40
"""Side at which pictures are compared there: below the resolution of the part of the larger one."""
_STEPS = 1.0, 0.5, 0.25
"""Pixels of ``SIDE``."""
_MOST_MOVES = 8
"""Of each size of step."""
_NEIGHBOURS = (
    (1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1), (-0.5, -0.5, 1), (0.5, 0.5, -1),
)  # fmt: skip
"""Of (left, top, side); the last two change the size around the middle."""


Window = tuple[float, float, float]
"""Left, top and side of a part of a picture, in pixels of ``SIDE``."""


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """The best place of two pictures on each other; see ``core.curation.values.CopyLink``.

    Args:
        fitted: correlation with place and size fitted to fractions of a pixel; None where that was not worth while.
    """

    correlation: float
    fitted: float | None = None
    mirrored: bool = False
    share: float = 1.0


class Aligner:
    """Aligns pairs of pictures; keeps the coarse versions of those it has seen.

    Args:
        pixels: uint8 (n, SIDE, SIDE, 3).
    """

    def __init__(self, pixels: np.ndarray) -> None:
        self._pixels = pixels
        self._coarse: dict[tuple[int, bool, int], np.ndarray] = {}

    def align(self, first: int, second: int) -> Alignment:
        """The best of: as they are, the second in the first, and both with the first mirrored."""
        best, fit = Alignment(correlation=-1.0), None
        for mirrored in (False, True):
            for inner, outer in (((first, mirrored), (second, False)), ((second, False), (first, mirrored))):
                correlation, share, window = self._within(inner, outer)
                if correlation > best.correlation:
                    best = Alignment(correlation=correlation, mirrored=mirrored, share=share)
                    fit = inner, outer, window
                if best.correlation > _SURE:
                    return best
        return best if fit is None or best.correlation < _OPEN else replace(best, fitted=self._fitted(*fit))

    def _within(self, inner: tuple[int, bool], outer: tuple[int, bool]) -> tuple[float, float, Window]:
        """(correlation, side of the inner picture in the outer one, 0..1, roughly where)."""
        whole = self._grey(*outer, _COARSE)
        best, side, place = -1.0, _COARSE, (0, 0)
        for smaller in range(_COARSE, _SMALLEST - 1, -1):
            found, at = _slide(self._grey(*inner, smaller), whole)
            if found > best:
                best, side, place = found, smaller, at
        scale = SIDE / _COARSE
        window = scale * place[1], scale * place[0], scale * side
        if best < _HOPELESS:
            return best, side / _COARSE, window
        return *self._refined(inner, outer, side, place), window

    def _refined(
        self, inner: tuple[int, bool], outer: tuple[int, bool], side: int, place: tuple[int, int]
    ) -> tuple[float, float]:
        whole = self._colour(*outer).astype(np.float32)
        scale = SIDE // _COARSE
        best, share = -1.0, 1.0
        for exact in range(max(scale * side - 1, scale * _SMALLEST - 2), min(scale * side + 1, SIDE) + 1):
            room = SIDE - exact
            top, left = (min(max(0, scale * at - 2), room) for at in place)
            bottom, right = (min(room, scale * at + 2) for at in place)
            window = whole[top : max(top, bottom) + exact, left : max(left, right) + exact]
            found, _ = _slide(_smaller(self._colour(*inner), exact), window)
            if found > best:
                best, share = found, exact / SIDE
        return best, share

    def _fitted(self, inner: tuple[int, bool], outer: tuple[int, bool], window: Window) -> float:
        """The highest correlation near a part of the outer picture, with steps to better places and sizes."""
        whole = Image.fromarray(np.ascontiguousarray(self._colour(*outer)))
        small = _at(Image.fromarray(np.ascontiguousarray(self._colour(*inner))), (0, 0, SIDE))
        best, found = window, float((small * _at(whole, window)).sum())
        for step in _STEPS:
            for _ in range(_MOST_MOVES):
                near = {_inside(tuple(a + step * b for a, b in zip(best, way, strict=True))) for way in _NEIGHBOURS}
                better = max((float((small * _at(whole, one)).sum()), one) for one in near)
                if better[0] <= found:
                    break
                found, best = better
        return found

    def _colour(self, number: int, mirrored: bool) -> np.ndarray:
        pixels: np.ndarray = self._pixels[number]
        return pixels[:, ::-1] if mirrored else pixels

    def _grey(self, number: int, mirrored: bool, side: int) -> np.ndarray:
        key = number, mirrored, side
        if key not in self._coarse:
            if len(self._coarse) > 20_000:
                self._coarse.clear()
            grey = self._colour(number, mirrored).mean(axis=2).astype(np.uint8)
            self._coarse[key] = _smaller(grey, side)
        return self._coarse[key]


def _inside(window: tuple[float, ...]) -> Window:
    """The nearest window that lies in a picture and is not too small."""
    left, top, side = window
    side = min(max(side, SIDE * _SMALLEST / _COARSE), SIDE)
    return min(max(left, 0), SIDE - side), min(max(top, 0), SIDE - side), side


def _at(image: Image.Image, window: Window) -> np.ndarray:
    """A part of a picture at a lower resolution, every channel without its mean, of length 1."""
    left, top, side = window
    box = (left, top, left + side, top + side)
    small = np.asarray(image.resize((_FITTED, _FITTED), Image.Resampling.BILINEAR, box=box), np.float32)
    small = small - small.mean(axis=(0, 1))
    return np.asarray(small / (np.sqrt((small**2).sum()) + 1e-3))


def _smaller(pixels: np.ndarray, side: int) -> np.ndarray:
    """float32 of a square picture with another side."""
    if len(pixels) == side:
        return pixels.astype(np.float32)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32)


def _slide(inner: np.ndarray, outer: np.ndarray) -> tuple[float, tuple[int, int]]:
    """The highest correlation of ``inner`` with a part of ``outer`` of its size, and (top, left) of that part.

    Every channel has its mean taken off, so that a cast of colour does not count.
    """
    side = inner.shape[:2]
    inner = inner.reshape(*side, -1)
    outer = outer.reshape(*outer.shape[:2], -1)
    own = np.moveaxis(inner - inner.mean(axis=(0, 1)), 2, 0).reshape(-1)
    windows = np.lib.stride_tricks.sliding_window_view(outer, side, axis=(0, 1))
    places = windows.shape[:2]
    parts = windows.reshape(places[0] * places[1], inner.shape[2], -1)
    parts = (parts - parts.mean(axis=2, keepdims=True)).reshape(len(parts), -1)
    length = np.sqrt(np.einsum("nd,nd->n", parts, parts)) * np.sqrt(own @ own)
    correlations = parts @ own / (length + 1e-3)
    best = int(correlations.argmax())
    return float(correlations[best]), (best // places[1], best % places[1])
