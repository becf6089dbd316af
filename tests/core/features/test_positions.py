"""Interpolated positions: against Pillow where they are antialiased, else against the definition, cell by cell."""

import numpy as np
import pytest
from PIL import Image

from core.features.positions import bicubic_weights, interpolated


def grid(side: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(side, side, 3)).astype(np.float32)


@pytest.mark.parametrize(("old", "new"), [(16, 24), (37, 16), (14, 13), (4, 9)])
def test_antialiased_positions_are_those_of_pillow(old, new):
    positions = grid(old)
    channels = [
        np.asarray(Image.fromarray(positions[..., at], "F").resize((new, new), Image.Resampling.BICUBIC))
        for at in range(3)
    ]
    assert np.abs(interpolated(positions, new, antialias=True) - np.stack(channels, -1)).max() < 1e-5


def _by_definition(positions: np.ndarray, row: int, column: int, new: int) -> np.ndarray:
    """One cell as PyTorch's ``interpolate(mode="bicubic", align_corners=False)`` defines it."""
    old = len(positions)

    def weight(x: float) -> float:
        x, a = abs(x), -0.75
        if x <= 1:
            return (a + 2) * x**3 - (a + 3) * x**2 + 1
        return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0

    total = np.zeros(positions.shape[-1])
    centre = [(at + 0.5) * old / new - 0.5 for at in (row, column)]
    first = [int(np.floor(one)) for one in centre]
    for down in range(-1, 3):
        for right in range(-1, 3):
            y, x = first[0] + down, first[1] + right
            cell = positions[min(max(y, 0), old - 1), min(max(x, 0), old - 1)]
            total += weight(centre[0] - y) * weight(centre[1] - x) * cell
    return total


@pytest.mark.parametrize(("old", "new"), [(16, 20), (37, 16), (4, 5)])
def test_the_others_are_those_of_transformers(old, new):
    positions = grid(old)
    found = interpolated(positions, new, antialias=False)
    for row, column in ((0, 0), (1, new - 1), (new // 2, new // 3), (new - 1, new - 1)):
        assert np.allclose(found[row, column], _by_definition(positions, row, column, new), atol=1e-5)


@pytest.mark.parametrize("antialias", [False, True])
def test_weights_add_up_to_one_so_that_a_constant_stays(antialias):
    assert np.allclose(bicubic_weights(7, 12, antialias=antialias).sum(axis=1), 1)
    assert np.allclose(interpolated(np.ones((7, 7, 2)), 12, antialias=antialias), 1)


def test_the_own_grid_is_not_touched():
    assert np.array_equal(interpolated(grid(6), 6, antialias=False), grid(6))
