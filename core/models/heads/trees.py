"""The head of gradient boosting: small trees, each of which adds to the score of one class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from core.models.heads.dense import softmax


@dataclass(frozen=True, kw_only=True)
class TreesHead:
    """All trees' nodes in one list, each tree's root first: (n, d) -> (n, classes) float32.

    A photo goes ``left`` where its feature is at most the threshold; a leaf is its own left and right.

    Args:
        feature, threshold, left, right, value: (nodes,) one entry per node; left and right are indices into this list.
        roots: (rounds, scores) index of every tree's root; scores is 1 for two classes, else the number of classes.
        baseline: (scores,) initial scores. depth: most steps from a root to a leaf.
    """

    KIND: ClassVar = "trees"

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    baseline: np.ndarray
    depth: int

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        rows = np.asarray(rows, np.float64)
        return np.concatenate([self._some(rows[at : at + _ROWS]) for at in range(0, max(len(rows), 1), _ROWS)])

    def _some(self, rows: np.ndarray) -> np.ndarray:
        place = np.tile(self.roots.reshape(-1), (len(rows), 1))
        number = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            goes_left = rows[number, self.feature[place]] <= self.threshold[place]
            place = np.where(goes_left, self.left[place], self.right[place])
        added = self.value[place].reshape(len(rows), *self.roots.shape)
        scores = self.baseline + added.sum(axis=1)
        if scores.shape[1] == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        return softmax(scores).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        return vars(self) | {"depth": np.array(self.depth)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "TreesHead":
        values: dict[str, Any] = dict(arrays)
        return cls(**values | {"depth": int(arrays["depth"])})


_ROWS = 256
"""Photos at a time: 256 photos in 1,000 trees are 2 MB a step."""
