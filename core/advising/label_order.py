"""In which order photos without a class are best labelled: those the model is least sure of, and no two alike.

The margin is the difference between the probabilities of the two most probable classes (Scheffer et al. 2001, "Active
hidden Markov models for information extraction"; Settles 2009, "Active learning literature survey"). A block of the
order is chosen among ``PER_PLACE`` times as many photos with the smallest margins, farthest first: the next photo is
always that whose nearest labelled or chosen photo is least similar, as in the core-set approach (Sener and Savarese
2018, arXiv 1708.00489). First the margin and then diversity is the scheme of Zhdanov 2019 (arXiv 1901.05954) and
Citovsky et al. 2021 (arXiv 2107.14263); margins alone give a block of photos of one scene, distances alone odd photos.
"""

from dataclasses import dataclass

import numpy as np

BLOCK, PER_PLACE = 50, 3
"""Photos of a block, and how many are considered for each place of it. Chosen on the clothing photos with features of
EfficientNet-Lite0 (``tests.bench.bench_label_next``; docs/knowledge.md has it on others)."""

_ROWS = 2048


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
    closest = np.where(rows.any(axis=1), similarity, 2.0)  # beyond any cosine: without features nothing is known
    left = np.lexsort((similarity, margins, closest == 2.0))
    chosen: list[int] = []
    while len(left) and len(chosen) < most:
        size = min(BLOCK, most - len(chosen), len(left))
        block = _farthest_first(left[: PER_PLACE * size], rows, closest, size)
        chosen += block
        left = left[~np.isin(left, block)]
    return LabelSteps(chosen=np.array(chosen, np.int64), nearest=nearest, similarity=similarity)


def _farthest_first(candidates: np.ndarray, rows: np.ndarray, closest: np.ndarray, size: int) -> list[int]:
    """``size`` of the candidates; ``closest`` (n,), the highest cosine of each photo to one that is labelled or chosen,
    is brought up to date."""
    found: list[int] = []
    open_ = np.ones(len(candidates), bool)
    for _ in range(size):
        place = int(np.where(open_, closest[candidates], np.inf).argmin())
        open_[place] = False
        chosen = int(candidates[place])
        found.append(chosen)
        np.maximum(closest, rows @ rows[chosen], out=closest, casting="unsafe")
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
