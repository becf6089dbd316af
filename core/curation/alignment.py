"""How well one picture lies on another: whole, as a part of it, or mirrored.

Normalised cross-correlation (Lewis 1995, "Fast normalized cross-correlation") is blind to brightness and contrast. One
picture, made smaller, is moved over the other: first grey and coarse, then in colour around the best place. So a crop
is found in the photo that it was cut from.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.curation.pictures import SIDE

_COARSE = 32
_SMALLEST = 26
"""Of 32: a part of 81 % of the side."""
_HOPELESS = 0.75
"""Coarse correlation below which a place is not looked at more closely."""
_SURE = 0.985


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """The best place of two pictures on each other; see ``core.curation.values.CopyLink``."""

    correlation: float
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
        best = Alignment(correlation=-1.0)
        for mirrored in (False, True):
            for inner, outer in (((first, mirrored), (second, False)), ((second, False), (first, mirrored))):
                correlation, share = self._within(inner, outer)
                if correlation > best.correlation:
                    best = Alignment(correlation=correlation, mirrored=mirrored, share=share)
                if best.correlation > _SURE:
                    return best
        return best

    def _within(self, inner: tuple[int, bool], outer: tuple[int, bool]) -> tuple[float, float]:
        """(correlation, side of the inner picture in the outer one, 0..1)."""
        whole = self._grey(*outer, _COARSE)
        best, side, place = -1.0, _COARSE, (0, 0)
        for smaller in range(_COARSE, _SMALLEST - 1, -1):
            found, at = _slide(self._grey(*inner, smaller), whole)
            if found > best:
                best, side, place = found, smaller, at
        if best < _HOPELESS:
            return best, side / _COARSE
        return self._refined(inner, outer, side, place)

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
