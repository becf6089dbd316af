"""Near-copies: photos of one picture that was saved, cropped, mirrored or brightened again, and frames of one scene.

Candidates are the nearest photos by features and those with a similar perceptual hash (of the photo or its mirror
image; Zauner 2010, "Implementation and benchmarking of perceptual image hash functions"). Each pair is then compared by
its pixels (``core.curation.alignment``), and pairs that agree are joined to groups by union-find (Tarjan 1975).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.curation.alignment import Alignment
from core.curation.alignments import alignments
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

SAME_HASH = 4
"""Bits up to which it proposes a photo and one without colours all the same: their features may differ much. Grey
copies of the demo and of 800 clothing photos differ by 4 at most."""

NEAREST = 4
_BLOCK = 10_000_000
"""Numbers of a matrix that is in memory at once."""
_HASHES = 32, 4096
"""Hashes that are compared with so many others at once: what is computed of them stays in the cache of a core."""
_LARGE, _COMPONENTS = 8192, 256
"""Photos from which on rows are shortened, and to how many numbers."""
_PAIRS = 8192
_MANY = 0.05
"""Share of the pairs of a block from which on all of them are computed in full."""
_ROUNDING = 1e-4
"""Of float32, in the bound of a cosine."""


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

    def bits(first: int, second: int) -> int:
        return min(_distance(hashes[first], hashes[second]), _distance(hashes[first], mirrored[second]))

    if features is not None:
        there = np.asarray(features.any(axis=1))
        proposed = {
            (first, second)
            for first, second in proposed
            if not (there[first] and there[second])
            or features[first] @ features[second] >= LEAST_WITH_HASH
            or (pictures[first].grey != pictures[second].grey and bits(first, second) <= SAME_HASH)
        }
        proposed |= set(_by_features(features))
    compared = sorted(pair for pair in proposed if max(pair) >= new_from)
    found = []
    aligned = alignments([one.pixels for one in pictures], compared)
    for number, ((first, second), alignment) in enumerate(zip(compared, aligned, strict=True)):
        pair = Pair(
            first=first,
            second=second,
            similarity=None if features is None else float(features[first] @ features[second]),
            hash_distance=bits(first, second),
            alignment=alignment,
        )
        if pair.is_copy(family):
            found.append(pair)
        if progress is not None and number % 50 == 0:
            progress(number, len(compared))
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


def similar_rows(features: np.ndarray, least: float, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(m,) numbers of rows, (m,) numbers of rows that are similar to them, and (m,) their cosines: of each row at most
    ``most`` others, the nearest ones, all with a cosine of ``least`` or more.

    Exact, but few pairs of many are computed in full: the cosine of two rows is at most the product of their first
    principal components plus the product of the lengths of what is left of them (Cauchy-Schwarz).

    Args:
        features: (n, d) rows of length 1, or of zeros.
    """
    short = features if len(features) < _LARGE else _shortened(features)
    found = [_similar_to(start, features, short, least, most) for start in range(0, len(features), _rows(features))]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    rows, others, cosines = (np.concatenate(column) for column in zip(*found, strict=True))
    return rows, others, cosines


def _shortened(features: np.ndarray) -> np.ndarray:
    """(n, k + 1) rows whose products are at least those of the features: their parts in the k directions that have most
    of their length, and the length of what is left."""
    _, directions = np.linalg.eigh(features.T @ features)
    short = features @ np.ascontiguousarray(directions[:, -_COMPONENTS:])
    left = np.einsum("nd,nd->n", features, features) - np.einsum("nk,nk->n", short, short)
    return np.concatenate([short, np.sqrt(np.maximum(left, 0))[:, None]], axis=1)


def _rows(features: np.ndarray) -> int:
    """Rows that are compared with all others at once."""
    return int(np.clip(_BLOCK // max(1, len(features)), 1, 1024))


def _similar_to(
    start: int, features: np.ndarray, short: np.ndarray, least: float, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``similar_rows`` of one block of rows."""
    block = slice(start, start + _rows(features))
    bound = short[block] @ short.T
    own = np.arange(len(bound))
    bound[own, own + start] = -np.inf
    rows, others = np.nonzero(bound >= least - _ROUNDING)
    if len(rows) > _MANY * bound.size:  # near-copies of each other, all of them
        full = features[block] @ features.T
        cosines = full[rows, others]
    else:
        cosines = np.zeros(len(rows), np.float32)
        for at in range(0, len(rows), _PAIRS):
            part = slice(at, at + _PAIRS)
            cosines[part] = np.einsum("nd,nd->n", features[start + rows[part]], features[others[part]])
    there = cosines >= least
    rows, others, cosines = rows[there], others[there], cosines[there]
    order = np.lexsort((others, -cosines, rows))
    rows, others, cosines = rows[order], others[order], cosines[order]
    places = np.arange(len(rows)) - np.searchsorted(rows, rows)
    near = places < most
    return rows[near] + start, others[near], cosines[near]


def _by_features(features: np.ndarray) -> dict[tuple[int, int], float]:
    """Pairs of which one is among the nearest of the other, with their cosines; at most two a photo, the nearest."""
    rows, others, cosines = similar_rows(features, LEAST_SIMILARITY, NEAREST)
    found = {
        (min(first, second), max(first, second)): cosine
        for first, second, cosine in zip(rows.tolist(), others.tolist(), cosines.tolist(), strict=True)
    }
    kept = sorted(found, key=lambda pair: -found[pair])[: max(2 * len(features), 100)]
    return {pair: found[pair] for pair in kept}


def _by_hash(hashes: np.ndarray, mirrored: np.ndarray) -> set[tuple[int, int]]:
    """Pairs whose hashes differ by few bits; of photos with very many such pairs (plain backgrounds) the nearest."""
    found: set[tuple[int, int]] = set()
    for start in range(0, len(hashes), _HASHES[0]):
        first, second, distance = _similar_hashes(start, hashes, mirrored)
        order = np.lexsort((second, distance, first))
        first, second = first[order], second[order]
        near = np.arange(len(first)) - np.searchsorted(first, first) < NEAREST
        found |= {
            (min(one, other), max(one, other))
            for one, other in zip((first[near] + start).tolist(), second[near].tolist(), strict=True)
        }
    return found


def _similar_hashes(start: int, hashes: np.ndarray, mirrored: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(m,) rows of a block from ``start`` on, (m,) numbers of others with a similar hash, and their (m,) distances."""
    height, width = _HASHES
    rows, parts = hashes[start : start + height, None], []
    for left in range(0, len(hashes), width):
        some = slice(left, left + width)
        distance = np.minimum(np.bitwise_count(rows ^ hashes[some]), np.bitwise_count(rows ^ mirrored[some]))
        first, second = np.nonzero(distance <= MOST_DISTANT_HASH)
        parts.append((first, second + left, distance[first, second]))
    first, second, distances = (np.concatenate(column) for column in zip(*parts, strict=True))
    others = first + start != second
    return first[others], second[others], distances[others]


def _distance(first: np.uint64, second: np.uint64) -> int:
    return int(np.bitwise_count(first ^ second))
