"""The head of k nearest neighbours: it stores all training features; the most similar ones vote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

WEIGHTS = ("uniform", "distance")


@dataclass(frozen=True, kw_only=True)
class NeighboursHead:
    """As scikit-learn's ``KNeighborsClassifier(metric="cosine")``: (n, d) -> (n, classes) float32.

    Args:
        directions: (photos, d) float32, training features scaled to length 1. labels: (photos,) int64.
        class_weights: (classes,) weight of a vote for each class.
        k: neighbours that vote. weights: ``uniform``, or ``distance`` for votes of 1 / distance.
    """

    KIND: ClassVar = "neighbours"

    directions: np.ndarray
    labels: np.ndarray
    class_weights: np.ndarray
    k: int
    weights: str

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        distances = np.clip(1.0 - unit(np.asarray(rows, np.float32)) @ self.directions.T, 0.0, 2.0)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
        votes = self._votes(np.take_along_axis(distances, nearest, axis=1).astype(np.float64))
        counts = np.zeros((len(votes), len(self.class_weights)))
        np.add.at(counts, (np.arange(len(votes))[:, None], self.labels[nearest]), votes)
        counts *= self.class_weights
        return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float32)

    def _votes(self, distances: np.ndarray) -> np.ndarray:
        """Weight of each neighbour. Where some have distance 0 (copies of a training photo), only these count."""
        if self.weights == "uniform":
            return np.ones_like(distances)
        same = distances <= _SAME
        copies = same.any(axis=1, keepdims=True)
        return np.where(copies, same, 1 / np.maximum(distances, _SAME))

    def arrays(self) -> dict[str, np.ndarray]:
        return vars(self) | {"k": np.array(self.k), "weights": np.array(self.weights)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "NeighboursHead":
        values: dict[str, Any] = dict(arrays)
        return cls(**values | {"k": int(arrays["k"]), "weights": str(arrays["weights"])})


_SAME = 1e-6
"""Cosine distances below this are rounding of float32."""


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
