"""Likely label errors by confident learning on out-of-fold probabilities.

Confident learning: Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels", as
implemented by cleanlab 2.9 (``find_label_issues``, ``prune_by_class``: of each class, as many of the least probable
photos as the estimated joint of given and true classes says are wrong).

The photos of all splits are checked together, the test photos too. That chooses no model: the head is fitted with fixed
settings and thrown away, no run sees its probabilities, and a person decides on each photo. A test photo whose class is
corrected belongs to a new version of the dataset, whose runs are compared among themselves.
"""

import warnings
from dataclasses import dataclass

import numpy as np

LEAST_GIVEN = 0.09
"""A photo is shown only where its given class has a lower probability. Tuned on the clothing photos and the demo photos
with 5 % of the labels flipped."""


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """Photo ``index`` is probably of class ``suggested``; ``given`` and ``confidence`` are the two probabilities."""

    index: int
    suggested: int
    given: float
    confidence: float


def suspects_in(probabilities: np.ndarray, labels: np.ndarray) -> list[Suspect]:
    """The photos whose label is probably wrong, the least probable label first.

    Args:
        probabilities: (n, classes) out-of-fold. labels: (n,). Photos whose class had no score are left out: they are
            the only ones of their class.
    """
    own = probabilities[np.arange(len(labels)), labels]
    usable = np.flatnonzero((probabilities.sum(axis=1) > 0) & (own > 0))
    found = usable[_issues(probabilities[usable], labels[usable])] if len(usable) else usable
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -1
    suspects = [
        Suspect(
            index=int(index),
            suggested=int(others[index].argmax()),
            given=float(own[index]),
            confidence=float(others[index].max()),
        )
        for index in found
        if own[index] < LEAST_GIVEN and others[index].max() > own[index]
    ]
    return sorted(suspects, key=lambda one: (one.given, -one.confidence, one.index))


def _issues(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) whether cleanlab takes the label for wrong. It wants classes without gaps."""
    from cleanlab.filter import find_label_issues

    present, dense = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return np.zeros(len(labels), bool)
    rows = probabilities[:, present]
    rows = rows / rows.sum(axis=1, keepdims=True)
    with warnings.catch_warnings():  # a sentence for each class with a single photo
        warnings.filterwarnings("ignore", "May not flag all label issues", UserWarning)
        return np.asarray(find_label_issues(dense, rows, filter_by="prune_by_class", n_jobs=1), bool)
