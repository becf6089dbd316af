"""Where the names of points fit into a chart: beside their points, clear of all other points, intervals and names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WIDTH, PHONE_WIDTH, HEIGHT = 300, 200, 245
"""Pixels between the outermost points of a plot beside a table, and on a phone. A wider one leaves more room between
its names."""
_LETTER, _LINE, _AWAY = 6.9, 16, 7
"""Pixels of a letter, of a line of text, and between a point and its name."""
_MARKER = 7
_OVERHANG = 14
"""Pixels that a name may reach beyond the axes."""

Box = tuple[float, float, float, float]
"""Left, right, bottom, top in pixels."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point with its vertical interval, as fractions of the plot: 0, 0 is its lower left corner."""

    x: float
    y: float
    low: float
    high: float


def placed(
    marks: Mapping[str, Mark], names: Mapping[str, Sequence[str]], *, width: float = WIDTH, height: float = HEIGHT
) -> dict[str, tuple[str, str]]:
    """By key of a mark the name that fits and its side as Plotly calls it (``top right``); others are left out.

    Args:
        marks: all that are drawn. names: of those to be named, the most important first: by key the long form of the
            name and shorter ones.
    """
    taken = {key: list(_boxes(mark, width, height)) for key, mark in marks.items()}
    found: dict[str, tuple[str, str]] = {}
    for key, forms in names.items():
        others = [box for other, boxes in taken.items() if other != key for box in boxes]
        fitting = (
            (form, side, box)
            for form in forms
            for side, box in _around(marks[key], form, width, height)
            if _inside(box, width, height) and not any(_overlap(box, other) for other in others)
        )
        if first := next(fitting, None):
            form, side, box = first
            found[key] = (form, side)
            taken[key].append(box)
    return found


def _boxes(mark: Mark, width: float, height: float) -> Iterable[Box]:
    x, y = mark.x * width, mark.y * height
    yield x - _MARKER, x + _MARKER, y - _MARKER, y + _MARKER
    yield x - 3, x + 3, mark.low * height, mark.high * height


def _around(mark: Mark, name: str, width: float, height: float) -> Iterable[tuple[str, Box]]:
    """The sides of a mark, towards the middle of the plot first."""
    x, y, wide = mark.x * width, mark.y * height, _LETTER * len(name)
    right, left = (x + _AWAY, x + _AWAY + wide), (x - _AWAY - wide, x - _AWAY)
    for word, (start, end) in (("right", right), ("left", left))[:: 1 if mark.x <= 0.5 else -1]:
        yield f"top {word}", (start, end, y + 1, y + 1 + _LINE)
        yield f"bottom {word}", (start, end, y - 1 - _LINE, y - 1)


def _inside(box: Box, width: float, height: float) -> bool:
    left, right, bottom, top = box
    return left >= -_OVERHANG and right <= width + _OVERHANG and bottom >= 0 and top <= height + _OVERHANG


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
