"""Tests and intervals for paired proportions: pure functions on counts and arrays, each with its source."""

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt

import numpy as np

from core.runs.metrics import wilson_interval

SIGNIFICANCE = 0.05


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided p-value of McNemar's exact test (McNemar 1947; the binomial form: Agresti 2013, section 11.1.2).

    Of the photos that one run alone got right, each falls to either run with chance 1/2 if the runs are equally good.
    """
    n = only_a + only_b
    tail = term = 1
    for k in range(min(only_a, only_b)):
        term = term * (n - k) // (k + 1)  # the binomial coefficient of n and k + 1, from its neighbour
        tail += term
    return min(1.0, float(2 * tail / 2**n))


def mcnemar_many(only_a: np.ndarray, only_b: np.ndarray) -> np.ndarray:
    """``mcnemar`` of many pairs at once: (m,) and (m,) counts -> (m,) p-values. Equal pairs are computed once."""
    if not len(only_a):
        return np.zeros(0)
    counts = np.stack([np.minimum(only_a, only_b), np.maximum(only_a, only_b)], axis=1)
    pairs, place = np.unique(counts, axis=0, return_inverse=True)
    n, terms = pairs.sum(axis=1), pairs[:, 0] + 1
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n.max() + 1)))])
    starts = np.cumsum(terms) - terms
    k = np.arange(terms.sum()) - np.repeat(starts, terms)  # 0..fewer of every pair, one behind the other
    of = np.repeat(n, terms)
    logs: np.ndarray = log_factorial[of] - log_factorial[k] - log_factorial[of - k] - of * np.log(2)
    return np.asarray(np.minimum(1.0, 2 * np.add.reduceat(np.exp(logs), starts))[place.reshape(-1)])


def holm(p_values: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    """P-values adjusted for being several (Holm 1979, Scand. J. Statist. 6:65), in the order given."""
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    steps = np.minimum(1.0, given[order] * np.arange(len(given), 0, -1))
    adjusted = np.empty_like(steps)
    adjusted[order] = np.maximum.accumulate(steps)
    return tuple(adjusted.tolist())


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


@lru_cache(maxsize=65_536)
def bootstrap_interval(n: int, only_a: int, only_b: int, confidence: float = 0.95) -> tuple[float, float]:
    """Percentile interval of the difference of two accuracies when photos are resampled with replacement (Efron 1979).

    The distribution over all possible resamples is computed, not sampled (Efron's first method), so there is no seed
    and no noise: a million draws would come close to it.

    Args:
        n: photos. only_a, only_b: photos that only run a, or only run b, predicted correctly.
    """
    cumulated = np.cumsum(_drawn_again(n, only_a, only_b))
    tail = (1 - confidence) / 2
    low, high = np.searchsorted(cumulated, [tail, 1 - tail])
    return (int(low) - n) / n, min(1.0, (int(high) - n) / n)


def _drawn_again(n: int, only_a: int, only_b: int) -> np.ndarray:
    """(2n + 1,) chance that n draws sum to -n..n: the n-th power of the characteristic function, turned back."""
    size = 2 * n + 1
    circle = np.exp(-2j * np.pi * np.arange(n + 1) / size)
    one_draw = (n - only_a - only_b + only_a * circle + only_b * circle.conj()) / n
    chances = np.fft.irfft(one_draw**n, size)
    return np.maximum(0.0, np.roll(chances, n))
