"""Is the difference between two runs real? Both answered the same test photos, so the answers are compared in pairs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from core.comparison.photos import PhotoResults
from core.errors import InvalidInput
from core.scores import wilson_interval

SIGNIFICANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two runs on the same n test photos.

    Args:
        a, b: run ids.
        both_right, only_a, only_b, both_wrong: photos.
        difference, low, high: accuracy of a minus accuracy of b with its 95 % interval, -1..1.
        p_value: of McNemar's exact test; adjusted_p: the same after Holm's correction for ``comparisons`` tests.
        only_a_digests, only_b_digests: the photos that only one of them got right.
    """

    a: str
    b: str
    n: int
    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    difference: float
    low: float
    high: float
    p_value: float
    adjusted_p: float
    comparisons: int = 1
    only_a_digests: tuple[str, ...] = ()
    only_b_digests: tuple[str, ...] = ()

    @property
    def tie(self) -> bool:
        """Whether a difference this large could well be chance."""
        return self.adjusted_p >= SIGNIFICANCE


def paired(a: PhotoResults, b: PhotoResults) -> Paired:
    """Compare the answers of two runs, photo by photo (rows are aligned by digest).

    Raises:
        InvalidInput: they did not answer the same photos of the same classes.
    """
    rows_a, rows_b = _aligned(a, b)
    right_a, right_b = a.right[rows_a], b.right[rows_b]
    digests = np.array(a.digests, dtype=object)[rows_a]
    both, neither = int((right_a & right_b).sum()), int((~right_a & ~right_b).sum())
    only_a, only_b = digests[right_a & ~right_b], digests[right_b & ~right_a]
    difference, low, high = newcombe(both, len(only_a), len(only_b), neither)
    p_value = mcnemar(len(only_a), len(only_b))
    return Paired(
        a=a.run_id,
        b=b.run_id,
        n=len(digests),
        both_right=both,
        only_a=len(only_a),
        only_b=len(only_b),
        both_wrong=neither,
        difference=difference,
        low=low,
        high=high,
        p_value=p_value,
        adjusted_p=p_value,
        only_a_digests=tuple(only_a),
        only_b_digests=tuple(only_b),
    )


def _aligned(a: PhotoResults, b: PhotoResults) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of a and b such that equal places mean the same photo."""
    rows_a, rows_b = np.argsort(np.array(a.digests)), np.argsort(np.array(b.digests))
    if not a.digests or [a.digests[row] for row in rows_a] != [b.digests[row] for row in rows_b]:
        raise InvalidInput(
            f"Only runs that answered the same test photos can be compared. Received: {a.run_id} with "
            f"{len(a.digests)} photos and {b.run_id} with {len(b.digests)}"
        )
    if (a.labels[rows_a] != b.labels[rows_b]).any():
        raise InvalidInput(f"Runs {a.run_id} and {b.run_id} do not agree on the true classes of the test photos.")
    return rows_a, rows_b


def against_best(results: Sequence[PhotoResults]) -> tuple[Paired, ...]:
    """The most accurate run (of equals the first given) against each other one, in the order given.

    ``adjusted_p`` is Holm's: the chance that *any* of these comparisons calls a difference real that is none stays
    below 5 %. Comparing with the best only, not all with all, is enough to say which runs may be the best (Hsu 1981).
    """
    if len(results) < 2:
        return ()
    top = max(range(len(results)), key=lambda index: results[index].accuracy)
    pairs = [paired(results[top], other) for index, other in enumerate(results) if index != top]
    adjusted = holm([pair.p_value for pair in pairs])
    return tuple(replace(pair, adjusted_p=p, comparisons=len(pairs)) for pair, p in zip(pairs, adjusted, strict=True))


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p-value of McNemar's exact test: photos that one run alone got right fall to either with chance 1/2."""
    n = only_a + only_b
    tail = term = 1
    for k in range(min(only_a, only_b)):
        term = term * (n - k) // (k + 1)  # the binomial coefficient of n and k + 1, from its neighbour
        tail += term
    return min(1.0, 2 * tail / 2**n)


def newcombe(both: int, only_a: int, only_b: int, neither: int) -> tuple[float, float, float]:
    """Difference of two paired shares with its 95 % interval: Newcombe 1998 (Stat. Med. 17:2635), method 10.

    Wilson intervals of both shares, combined with their correlation: unlike the usual formula it is sensible for few
    photos and near 0 and 1, where it also never leaves -1..1.
    """
    n = both + only_a + only_b + neither
    share_a, share_b = (both + only_a) / n, (both + only_b) / n
    low_a, high_a = wilson_interval(both + only_a, n)
    low_b, high_b = wilson_interval(both + only_b, n)
    phi = _correlation(both, only_a, only_b, neither)
    difference = share_a - share_b
    below = _hypotenuse(share_a - low_a, high_b - share_b, phi)
    above = _hypotenuse(high_a - share_a, share_b - low_b, phi)
    return difference, max(-1.0, difference - below), min(1.0, difference + above)


def _correlation(both: int, only_a: int, only_b: int, neither: int) -> float:
    """Correlation of the two answers, drawn towards 0 when positive (Newcombe's continuity correction)."""
    margins = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    if not margins:
        return 0.0
    excess = both * neither - only_a * only_b
    half = (both + only_a + only_b + neither) / 2
    return (excess if excess < 0 else max(0.0, excess - half)) / sqrt(margins)


def _hypotenuse(x: float, y: float, cosine: float) -> float:
    return sqrt(max(0.0, x * x - 2 * cosine * x * y + y * y))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values adjusted for being several (Holm 1979), in the order given."""
    adjusted = [0.0] * len(p_values)
    floor = 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        floor = max(floor, min(1.0, p_values[index] * (len(p_values) - place)))
        adjusted[index] = floor
    return tuple(adjusted)
