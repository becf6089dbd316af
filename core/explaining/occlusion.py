"""Heat maps without gradients: how far the probability of the class falls when a part of the photo is hidden.

Zeiler and Fergus 2014. For heads that have no gradient (nearest neighbours, trees) and networks that are no Keras
models (ONNX). Also the test of any heat map: hide the hottest fifth, and the same shape elsewhere.
"""

from collections.abc import Callable

import numpy as np

from core.datasets.decoding.fit import Fit
from core.explaining.framing import SeenPhoto
from core.explaining.values import DeletionTest, HeatMap

CELLS = 8
"""Rows and columns of an occlusion map."""
WINDOW = 2
"""Sides of the hidden window in cells; it moves by one cell."""

HIDDEN = 0.2
"""Fraction of the photo that the test hides."""
ELSEWHERE = 5
"""Other places for the same shape."""

Probabilities = Callable[[SeenPhoto], np.ndarray]
"""A model: photo -> (classes,)."""


def occlusion(predict: Probabilities, photo: SeenPhoto, label: int) -> HeatMap:
    """The mean fall of the probability of ``label`` over the windows that hide a cell; 0 where it does not fall."""
    whole = predict(photo)[label]
    falls, windows = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
    rows, columns = (np.arange(length) * CELLS // length for length in photo.size[::-1])
    for row in range(CELLS - WINDOW + 1):
        for column in range(CELLS - WINDOW + 1):
            down, across = (rows >= row) & (rows < row + WINDOW), (columns >= column) & (columns < column + WINDOW)
            fall = whole - predict(photo.without(down[:, None] & across))[label]
            cells = slice(row, row + WINDOW), slice(column, column + WINDOW)
            falls[cells] += fall
            windows[cells] += 1
    values = np.maximum(falls / windows, 0)
    highest = values.max()
    return HeatMap(title="", values=(values / (highest or 1)).astype(np.float32), fit=Fit.SQUASH)


def deletion_test(predict: Probabilities, photo: SeenPhoto, heat: np.ndarray, label: int) -> DeletionTest:
    """Hides the hottest fifth of ``heat`` (height, width), and the same shape moved elsewhere, always equally far."""
    hottest = hottest_part(heat)
    random = np.random.default_rng(0)
    shifts = [tuple(int(random.integers(length // 5, length - length // 5 + 1)) for length in heat.shape)
              for _ in range(ELSEWHERE)]  # fmt: skip
    moved = [np.roll(hottest, shift, axis=(0, 1)) for shift in shifts]
    whole, without = (float(predict(one)[label]) for one in (photo, photo.without(hottest)))
    elsewhere = float(np.mean([predict(photo.without(one))[label] for one in moved]))
    return DeletionTest(whole=whole, hottest=without, elsewhere=elsewhere)


def hottest_part(heat: np.ndarray, fraction: float = HIDDEN) -> np.ndarray:
    """(height, width) bool: the given fraction of the pixels, the hottest ones; fewer where the others are cold."""
    order = np.argsort(-heat, axis=None, kind="stable")
    found = np.zeros(heat.size, bool)
    found[order[: round(fraction * heat.size)]] = True
    return found.reshape(heat.shape) & (heat > 0)
