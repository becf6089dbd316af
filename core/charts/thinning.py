"""Fewer points of a long line, and the same shape."""

import math
from collections.abc import Sequence


def thinned(values: Sequence[float | None], keep: int | None = None, most: int = 200) -> tuple[int, ...]:
    """Indices that keep the shape of a line: the lowest and highest point of every stretch, both ends, and ``keep``.

    At most ``most`` of them (and ``keep``), in order.
    """
    if len(values) <= most:
        return tuple(range(len(values)))
    width = math.ceil(len(values) / (most // 2 - 2))
    kept = {0, len(values) - 1} | ({keep} if keep is not None else set())
    for start in range(0, len(values), width):
        stretch = [index for index in range(start, min(start + width, len(values))) if values[index] is not None]
        if stretch:
            kept |= {min(stretch, key=lambda i: values[i] or 0.0), max(stretch, key=lambda i: values[i] or 0.0)}
    return tuple(sorted(kept))
