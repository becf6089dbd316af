"""How well one picture lies on another: whole, as a part of it, or mirrored.

Normalised cross-correlation (Lewis 1995, "Fast normalized cross-correlation") is blind to brightness and contrast. One
picture, made smaller, is moved over the other: first grey and coarse, then in colour around the best place, or in grey
where one of both has no colours. So a crop is found in the photo that it was cut from, and a grey copy in its original.

Whole pixels are not exact enough for a crop of a photo with fine texture. Where the correlation leaves it open, place
and size are fitted to fractions of a pixel, by steps to better neighbours (Hooke & Jeeves 1961, "Direct search"), with
both pictures at the same lower resolution.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.curation.pictures import SIDE, is_grey

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_COARSE = 32
_MOST_KEPT = 256
"""Pictures of which what is computed once is kept: pairs come in the order of their first picture."""
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


Side = tuple[int, bool, bool]
"""A picture by its number, whether it is mirrored, and whether it is compared without colours."""
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
    """Aligns pairs of pictures; keeps the coarse versions of those it has seen last.

    Args:
        pixels: uint8 (SIDE, SIDE, 3) of each.
    """

    def __init__(self, pixels: Sequence[npt.ArrayLike]) -> None:
        self._pixels = pixels
        self._colours: dict[int, np.ndarray] = {}
        self._greys: dict[int, np.ndarray] = {}
        self._colourless: dict[int, bool] = {}
        self._coarse: dict[tuple[int, bool], _Coarse] = {}

    def align(self, first: int, second: int) -> Alignment:
        """The best of: as they are, the second in the first, and both with the first mirrored."""
        grey = self._is_grey(first) != self._is_grey(second)
        best, fit = Alignment(correlation=-1.0), None
        for mirrored in (False, True):
            one, other = (first, mirrored, grey), (second, False, grey)
            for inner, outer in ((one, other), (other, one)):
                correlation, share, window = self._within(inner, outer)
                if correlation > best.correlation:
                    best = Alignment(correlation=correlation, mirrored=mirrored, share=share)
                    fit = inner, outer, window
                if best.correlation > _SURE:
                    return best
        return best if fit is None or best.correlation < _OPEN else replace(best, fitted=self._fitted(*fit))

    def _within(self, inner: Side, outer: Side) -> tuple[float, float, Window]:
        """(correlation, side of the inner picture in the outer one, 0..1, roughly where)."""
        best, side, place = self._coarsely(*inner).best_within(self._coarsely(*outer))
        scale = SIDE / _COARSE
        window = scale * place[1], scale * place[0], scale * side
        if best < _HOPELESS:
            return best, side / _COARSE, window
        return *self._refined(inner, outer, side, place), window

    def _refined(self, inner: Side, outer: Side, side: int, place: tuple[int, int]) -> tuple[float, float]:
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

    def _fitted(self, inner: Side, outer: Side, window: Window) -> float:
        """The highest correlation near a part of the outer picture, with steps to better places and sizes."""
        whole = Image.fromarray(np.ascontiguousarray(self._colour(*outer)))
        small = _at(Image.fromarray(np.ascontiguousarray(self._colour(*inner))), (0, 0, SIDE))
        seen: dict[Window, float] = {}

        def correlation(window: Window) -> float:
            if window not in seen:
                seen[window] = float((small * _at(whole, window)).sum())
            return seen[window]

        best, found = window, correlation(window)
        for step in _STEPS:
            for _ in range(_MOST_MOVES):
                near = {_inside(tuple(a + step * b for a, b in zip(best, way, strict=True))) for way in _NEIGHBOURS}
                better = max((correlation(one), one) for one in near)
                if better[0] <= found:
                    break
                found, best = better
        return found

    def _colour(self, number: int, mirrored: bool, grey: bool) -> np.ndarray:
        pixels = self._grey(number) if grey else self._original(number)
        return pixels[:, ::-1] if mirrored else pixels

    def _original(self, number: int) -> np.ndarray:
        return _kept(self._colours, number, lambda: np.asarray(self._pixels[number]))

    def _is_grey(self, number: int) -> bool:
        return _kept(self._colourless, number, lambda: is_grey(self._original(number)))

    def _grey(self, number: int) -> np.ndarray:
        return _kept(self._greys, number, lambda: _without_colours(self._original(number)))

    def _coarsely(self, number: int, mirrored: bool, _grey: bool) -> "_Coarse":
        pixels = self._original(number)[:, ::-1] if mirrored else self._original(number)
        return _kept(self._coarse, (number, mirrored), lambda: _Coarse(pixels.mean(axis=2).astype(np.uint8)))


def _kept(found: dict[_Key, _Value], key: _Key, made: Callable[[], _Value]) -> _Value:
    """What is computed once; it is forgotten when there are many."""
    if key not in found:
        if len(found) >= _MOST_KEPT:
            found.clear()
        found[key] = made()
    return found[key]


def _without_colours(pixels: np.ndarray) -> np.ndarray:
    """The brightness, in three channels, as a file without colours has it."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L").convert("RGB"))


class _Coarse:
    """A grey picture of ``_COARSE`` x ``_COARSE`` pixels, and itself in every smaller size at every place of such a
    picture: all places and sizes of two pictures are compared by one product of a matrix and a vector.

    Args:
        grey: uint8 (SIDE, SIDE).
    """

    def __init__(self, grey: np.ndarray) -> None:
        self._grey = grey
        whole = _smaller(grey, _COARSE)
        self._flat = (whole - whole.mean()).ravel()
        sums = [_lengths(whole, side).ravel() for side, _, _ in _PLACES]
        self._lengths = np.concatenate(sums).astype(np.float32) + 1e-3
        self._rows: np.ndarray | None = None

    def best_within(self, outer: "_Coarse") -> tuple[float, int, tuple[int, int]]:
        """The highest correlation as a part of ``outer``, the side of that part, and its (top, left)."""
        if self._rows is None:
            self._rows = self._in_every_place()
        correlations = (self._rows @ outer._flat) / outer._lengths
        number = int(correlations.argmax())
        side, start, across = next(one for one in reversed(_PLACES) if one[1] <= number)
        return float(correlations[number]), side, divmod(number - start, across)

    def _in_every_place(self) -> np.ndarray:
        """(places, pixels) float32: for each side and place the smaller picture without its mean, of length 1, in a
        frame of zeros."""
        rows = np.zeros((_PLACES[-1][1] + _PLACES[-1][2] ** 2, _COARSE, _COARSE), np.float32)
        for side, start, across in _PLACES:
            small = _smaller(self._grey, side)
            small = small - small.mean()
            small = small / max(float(np.sqrt((small**2).sum())), 1e-9)
            for number in range(across * across):
                top, left = divmod(number, across)
                rows[start + number, top : top + side, left : left + side] = small
        return rows.reshape(len(rows), -1)


def _places() -> tuple[tuple[int, int, int], ...]:
    """(side, number of its first place, places across), the largest side first."""
    found, start = [], 0
    for side in range(_COARSE, _SMALLEST - 1, -1):
        across = _COARSE - side + 1
        found.append((side, start, across))
        start += across * across
    return tuple(found)


_PLACES = _places()


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
    side = len(inner)
    own = inner - inner.mean(axis=(0, 1))
    lengths = _lengths(outer, side) * float(np.sqrt((own**2).sum())) + 1e-3
    row = outer.reshape(len(outer), -1)
    channels = row.shape[1] // outer.shape[1]
    parts = np.lib.stride_tricks.sliding_window_view(row, (side, channels * side))[:, ::channels]
    correlations = (parts.reshape(lengths.size, -1) @ own.ravel()) / lengths.ravel()
    best = int(correlations.argmax())
    return float(correlations[best]), divmod(best, lengths.shape[1])


def _lengths(outer: np.ndarray, side: int) -> np.ndarray:
    """(places down, places across): the length of every part with this side, each channel without its mean."""
    down, across = _band(len(outer), side), _band(outer.shape[1], side).T
    channels = np.atleast_3d(outer).transpose(2, 0, 1).astype(np.float64)
    sums, squares = down @ channels @ across, down @ channels**2 @ across
    return np.asarray(np.sqrt(np.maximum(squares - sums**2 / side**2, 0).sum(axis=0)))


@cache
def _band(size: int, side: int) -> np.ndarray:
    """(places, size): ones where a part of this side lies, so that a product sums over it."""
    starts, at = np.arange(size - side + 1)[:, None], np.arange(size)
    return ((at >= starts) & (at < starts + side)).astype(np.float64)
