"""Near-copies: photos of one picture that was saved, cropped, mirrored or brightened again, and frames of one scene.

Candidates are the nearest photos by features and those with a similar perceptual hash (of the photo or its mirror
image; Zauner 2010, "Implementation and benchmarking of perceptual image hash functions"). Each pair is then compared by
its pixels (``core.curation.alignment``), and pairs that agree are joined to groups by union-find (Tarjan 1975).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.curation.alignment import Aligner, Alignment
from core.curation.pictures import Picture

LEAST_CORRELATION = 0.955
"""From here on two photos are near-copies. Tuned on the clothing and the demo photos with planted near-copies (JPEG
quality 50, 90 % crop, mirrored, 20 % brighter)."""

LEAST_FITTED = 0.975
"""The same with place and size fitted to fractions of a pixel: crops of photos with fine texture. Chosen on crops that
``tests.bench.bench_curation`` does not plant (125 of the clothing photos, 12 of the demo), and on the 3,000 pairs of
different clothing photos whose brightness at 16 x 16 pixels is most similar, which reach 0.970."""

FAMILY, VERY_SIMILAR, LESS_CORRELATION = "EfficientNet-Lite", 0.93, 0.91
"""By features of this family, which the limits were tuned with, very similar photos need less correlation: crops."""

LEAST_SIMILARITY = 0.85
"""Of features (cosine), below which two photos are not compared by pixels: planted near-copies had 0.86 at least."""

MOST_DISTANT_HASH = 10
"""Bits of 64."""

LEAST_WITH_HASH = 0.7
"""Cosine of features below which a similar hash proposes nothing: half of such pairs, plain backgrounds."""

NEAREST = 4
_ROWS = 512


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Photos ``first`` < ``second``, by number, that were compared by pixels."""

    first: int
    second: int
    similarity: float | None
    hash_distance: int
    alignment: Alignment

    def is_copy(self, family: str = "") -> bool:
        """Whether they are near-copies; ``family`` of the backbone whose features they are compared by."""
        very_similar = family == FAMILY and self.similarity is not None and self.similarity >= VERY_SIMILAR
        least = LESS_CORRELATION if very_similar else LEAST_CORRELATION
        return self.alignment.correlation >= least or (self.alignment.fitted or 0.0) >= LEAST_FITTED


def copies_of(
    pictures: Sequence[Picture],
    features: np.ndarray | None,
    family: str = "",
    progress: Callable[[int, int], None] | None = None,
    new_from: int = 0,
) -> list[Pair]:
    """The pairs of photos that are near-copies.

    Args:
        features: (n, d) rows of length 1 (``folds.unit_rows``); None where there are none: hashes alone propose pairs
            then. family: of the backbone that they are of.
        progress: called with (pairs done, total); may raise to stop.
        new_from: number of the first new photo; pairs of which none is new are left out.
    """
    hashes = np.array([one.hash for one in pictures], np.uint64)
    mirrored = np.array([one.mirrored_hash for one in pictures], np.uint64)
    proposed = _by_hash(hashes, mirrored)
    if features is not None:
        there = np.asarray(features.any(axis=1))
        proposed = {
            (first, second)
            for first, second in proposed
            if not (there[first] and there[second]) or features[first] @ features[second] >= LEAST_WITH_HASH
        }
        proposed |= set(_by_features(features))
    proposed = {pair for pair in proposed if max(pair) >= new_from}
    aligner = Aligner(np.stack([one.pixels for one in pictures])) if pictures else None
    found = []
    for number, (first, second) in enumerate(sorted(proposed)):
        assert aligner is not None
        bits = min(_distance(hashes[first], hashes[second]), _distance(hashes[first], mirrored[second]))
        pair = Pair(
            first=first,
            second=second,
            similarity=None if features is None else float(features[first] @ features[second]),
            hash_distance=bits,
            alignment=aligner.align(first, second),
        )
        if pair.is_copy(family):
            found.append(pair)
        if progress is not None and number % 50 == 0:
            progress(number, len(proposed))
    return found


def groups_of(count: int, pairs: Sequence[Pair]) -> np.ndarray:
    """(count,) the smallest number of the group that each photo belongs to; its own where it has no near-copy."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for pair in pairs:
        first, second = sorted((root(pair.first), root(pair.second)))
        parent[second] = first
    return np.array([root(number) for number in range(count)], np.int64)


def nearest_rows(features: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, most) numbers of the nearest other photos, the nearest first, and (n, most) their cosines.

    Args:
        features: (n, d) rows of length 1. ``most`` becomes n - 1 where that is less.
    """
    count = len(features)
    most = max(0, min(most, count - 1))
    numbers, cosines = np.zeros((count, most), np.int64), np.zeros((count, most), np.float32)
    for start in range(0, count if most else 0, _ROWS):
        block = features[start : start + _ROWS] @ features.T
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -2
        near = np.argpartition(-block, most - 1, axis=1)[:, :most]
        values = np.take_along_axis(block, near, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        numbers[start : start + len(block)] = np.take_along_axis(near, order, axis=1)
        cosines[start : start + len(block)] = np.take_along_axis(values, order, axis=1)
    return numbers, cosines


def _by_features(features: np.ndarray) -> dict[tuple[int, int], float]:
    """Pairs of which one is among the nearest of the other, with their cosines; at most two a photo, the nearest."""
    numbers, cosines = nearest_rows(features, NEAREST)
    found = {
        (min(first, second), max(first, second)): cosine
        for first in range(len(numbers))
        for second, cosine in zip(numbers[first].tolist(), cosines[first].tolist(), strict=True)
        if cosine >= LEAST_SIMILARITY
    }
    kept = sorted(found, key=lambda pair: -found[pair])[: max(2 * len(features), 100)]
    return {pair: found[pair] for pair in kept}


def _by_hash(hashes: np.ndarray, mirrored: np.ndarray) -> set[tuple[int, int]]:
    """Pairs whose hashes differ by few bits; of photos with very many such pairs (plain backgrounds) the nearest."""
    found: set[tuple[int, int]] = set()
    for start in range(0, len(hashes), _ROWS):
        rows = hashes[start : start + _ROWS, None]
        distance = np.minimum(np.bitwise_count(rows ^ hashes), np.bitwise_count(rows ^ mirrored)).astype(np.int16)
        distance[np.arange(len(rows)), np.arange(start, start + len(rows))] = 99
        for first, row in enumerate(distance, start):
            near = np.flatnonzero(row <= MOST_DISTANT_HASH)
            near = near[np.argsort(row[near], kind="stable")][:NEAREST]
            found |= {(min(first, other), max(first, other)) for other in near.tolist()}
    return found


def _distance(first: np.uint64, second: np.uint64) -> int:
    return int(np.bitwise_count(first ^ second))
