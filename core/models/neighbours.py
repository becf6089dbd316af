"""The training photos nearest to a photo, by the features that the model itself computes. Pure functions of arrays.

Distances are Euclidean, between features of length 1 (0 for equal directions, 1.41 for features with nothing in
common, at most 2), as in Sun, Ming, Zhu and Li 2022, "Out-of-distribution detection with deep nearest neighbors",
section 3. Features of several networks or cuts are scaled to length 1 each, then put side by side.
"""

from collections.abc import Sequence

import numpy as np


def pooled_rows(rows: np.ndarray) -> np.ndarray:
    """(n, d) of vectors (n, d), unchanged; or float32 of maps or tokens (n, ..., d), averaged over their positions."""
    if rows.ndim == 2:
        return rows
    return np.stack([np.asarray(row, np.float32).reshape(-1, rows.shape[-1]).mean(axis=0) for row in rows])


class FeatureColumns:
    """Features of n photos from one network at one cut.

    Args:
        rows: (n, d), or (n, ..., d) of maps or tokens. A memory-mapped array is not read into memory.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = np.asarray(pooled_rows(rows))  # of a memory-mapped array what it maps: its class is slow
        self._lengths = _lengths(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """The length d of a photo's features."""
        return int(self.rows.shape[1])

    def cosines(self, photos: np.ndarray) -> np.ndarray:
        """(m, n) cosines between m photos (m, d) and these; 0 where all features of a photo are 0."""
        photos = np.asarray(photos, np.float32)
        return np.asarray(photos @ self.rows.T / _lengths(photos)[:, None] / self._lengths)


def distances(photos: Sequence[np.ndarray], columns: Sequence[FeatureColumns]) -> np.ndarray:
    """(m, n) distances of m photos to n others.

    Args:
        photos: (m, d) for each of ``columns``, of the same network and cut.
    """
    cosines = sum(one.cosines(own) for own, one in zip(photos, columns, strict=True))
    return np.asarray(np.sqrt(np.maximum(2 - cosines * np.float32(2 / len(columns)), 0)))


FEW = 1000
"""Numbers that are sorted whole sooner than the smallest are searched for."""


def nearest(row: np.ndarray, most: int) -> np.ndarray:
    """The numbers of the ``most`` smallest of ``row`` (n,), the smallest first."""
    most = min(most, len(row))
    if len(row) <= FEW:
        return np.asarray(np.argsort(row, kind="stable")[:most])
    found = np.argpartition(row, most - 1)[:most]
    return np.asarray(found[np.lexsort((found, row[found]))])


def _lengths(rows: np.ndarray) -> np.ndarray:
    """(n,) Euclidean lengths; 1 instead of 0."""
    lengths = np.asarray(np.sqrt(np.vecdot(rows, rows)), np.float32)
    lengths[lengths == 0] = 1
    return lengths
