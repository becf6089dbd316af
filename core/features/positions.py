"""Positions of patches for another input size: bicubic interpolation of the grid the network was trained with.

Transformers interpolates with PyTorch's bicubic filter (Keys 1981 with a = -0.75, centres of the cells at halves, the
border repeated, not antialiased); timm, and Transformers for DINOv2 with registers, antialiased with a = -0.5, as
Pillow does.
"""

import numpy as np


def interpolated(grid: np.ndarray, side: int, *, antialias: bool) -> np.ndarray:
    """(old, old, d) -> (side, side, d) float32."""
    if len(grid) == side:
        return np.asarray(grid, np.float32)
    weights = bicubic_weights(len(grid), side, antialias=antialias)
    found = np.einsum("ai,bj,ijd->abd", weights, weights, grid.astype(np.float64), optimize=True)
    return np.asarray(found, np.float32)


def bicubic_weights(old: int, new: int, *, antialias: bool) -> np.ndarray:
    """(new, old): how much every old cell of a row contributes to every new one; rows add up to 1."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale - 0.5
    if antialias:
        stretch = max(scale, 1.0)
        weights = _keys((np.arange(old) - centres[:, None]) / stretch, -0.5)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
    weights = np.zeros((new, old))
    first = np.floor(centres).astype(int)
    for offset in (-1, 0, 1, 2):
        cells = np.clip(first + offset, 0, old - 1)  # the border is repeated
        np.add.at(weights, (np.arange(new), cells), _keys(first + offset - centres, -0.75))
    return weights


def _keys(distance: np.ndarray, a: float) -> np.ndarray:
    """The cubic convolution kernel of Keys (1981)."""
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x**2 + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
