"""In which order photos without a class are best labelled: those the model is least sure of, and no two alike.

The margin is the difference between the probabilities of the two most probable classes (Scheffer et al. 2001, "Active
hidden Markov models for information extraction"; Settles 2009, "Active learning literature survey"). A block of the
order is chosen among ``PER_PLACE`` times as many photos with the smallest margins: they are divided into as many
clusters as the block has places, by k-means on features that is weighted by one minus the margin, and of each cluster
the photo next to its centre is taken (Zhdanov 2019, "Diverse mini-batch active learning", arXiv 1901.05954; compare
the core sets of Sener and Savarese 2018, arXiv 1708.00489, and the clusters of Citovsky et al. 2021, arXiv 2107.14263).
Margins alone give blocks of photos of one scene. Taking the farthest photo first, as a core set does, gave odd photos:
it was no better than random order on the clothing photos (docs/knowledge.md).
"""

from dataclasses import dataclass

import numpy as np

BLOCK, PER_PLACE = 50, 10
"""Photos of a block, and how many are considered for each place of it, as in the paper."""

_ROWS = 2048
_LEAST_WEIGHT = 1e-3
"""Of a photo that the model is sure of: k-means needs some weight."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelSteps:
    """The order.

    Args:
        chosen: (k,) numbers of photos, the first to label first.
        nearest, similarity: (n,) number of the nearest labelled photo of every photo, and the cosine of their features;
            -1 and 0 where none is labelled.
    """

    chosen: np.ndarray
    nearest: np.ndarray
    similarity: np.ndarray


def margins_of(probabilities: np.ndarray) -> np.ndarray:
    """(n,) the difference between the two highest of (n, classes) probabilities, 0..1; 1 of a single class."""
    if probabilities.shape[1] < 2:
        return np.ones(len(probabilities))
    highest = np.partition(probabilities, -2, axis=1)[:, -2:]
    return np.asarray(highest[:, 1] - highest[:, 0])


def label_steps(margins: np.ndarray, rows: np.ndarray, labelled: np.ndarray, most: int) -> LabelSteps:
    """At most ``most`` photos, in the order in which they are best labelled.

    Args:
        margins: (n,) 0..1. rows: (n, d) features of length 1; photos with rows of zeros come last.
        labelled: (m, d) features of the photos that have a class.
    """
    nearest, similarity = nearest_labelled(rows, labelled)
    there = np.asarray(rows.any(axis=1))
    order = np.lexsort((similarity, margins, ~there))
    left, without = order[there[order]], order[~there[order]]
    chosen: list[int] = []
    while len(left) and len(chosen) < most:
        size = min(BLOCK, most - len(chosen), len(left))
        block = _block(left[: PER_PLACE * size], margins, rows, size)
        chosen += block
        left = left[~np.isin(left, block)]
    chosen += without[: max(0, most - len(chosen))].tolist()
    return LabelSteps(chosen=np.array(chosen, np.int64), nearest=nearest, similarity=similarity)


def _block(candidates: np.ndarray, margins: np.ndarray, rows: np.ndarray, size: int) -> list[int]:
    """``size`` of the candidates, one of each cluster, that of the cluster with most uncertainty first."""
    if len(candidates) <= size:
        return [int(one) for one in candidates]
    from sklearn.cluster import KMeans

    weights = np.maximum(1 - margins[candidates], _LEAST_WEIGHT)
    clusters = KMeans(size, n_init=1, random_state=0).fit(rows[candidates], sample_weight=weights)
    distances = clusters.transform(rows[candidates])
    heaviest = np.argsort(-np.bincount(clusters.labels_, weights, minlength=size), kind="stable")
    found: list[int] = []
    for cluster in heaviest.tolist():
        nearest = np.argsort(distances[:, cluster], kind="stable")
        found.append(next(int(candidates[one]) for one in nearest if candidates[one] not in found))
    return found


def nearest_labelled(rows: np.ndarray, labelled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) number of the nearest of the labelled photos, and the cosine; -1 and 0 where there is none."""
    nearest, similarity = np.full(len(rows), -1, np.int64), np.zeros(len(rows), np.float32)
    if len(labelled):
        for start in range(0, len(rows), _ROWS):
            cosines = rows[start : start + _ROWS] @ labelled.T
            nearest[start : start + _ROWS] = cosines.argmax(axis=1)
            similarity[start : start + _ROWS] = cosines.max(axis=1)
    return nearest, similarity
