"""Tests and intervals for paired proportions: pure functions on counts and arrays, each with its source."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

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
    fewer, more = np.minimum(only_a, only_b).astype(np.int64), np.maximum(only_a, only_b).astype(np.int64)
    base = int(more.max()) + 1
    pairs, place = np.unique(fewer * base + more, return_inverse=True)  # one number a pair: rows are sorted slowly
    n, terms = pairs // base + pairs % base, pairs // base + 1
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


def level(p_value: float, adjusted_p: float, comparisons: int) -> float:
    """The significance level at which a single test decides as the corrected one does: an interval with 1 minus it
    excludes 0 exactly when ``adjusted_p`` is below 0.05.

    Of a rejected hypothesis the share of 0.05 that Holm's steps left to it, else Bonferroni's share (Holm rejects
    whatever Bonferroni rejects).
    """
    share = SIGNIFICANCE * p_value / adjusted_p if adjusted_p > 0 else SIGNIFICANCE / comparisons
    return share if adjusted_p < SIGNIFICANCE else min(share, SIGNIFICANCE / comparisons)


@lru_cache(maxsize=65_536)
def paired_interval(n: int, only_a: int, only_b: int, alpha: float = SIGNIFICANCE) -> tuple[float, float]:
    """Interval of the difference of two accuracies (a minus b, -1..1) on the same photos; confidence 1 - ``alpha``.

    It agrees with McNemar's exact test: it excludes 0 exactly when the p-value is below ``alpha``. Fay & Lumbard 2021
    (Stat. Med. 40:1147): the exact (Clopper-Pearson) confidence distributions of the share of the photos that only one
    run got right, and of a's share of those, are combined ("melded"). Conservative for few photos.

    Args:
        n: photos. only_a, only_b: photos that only run a, or only run b, got right.
    """
    return _lower_limit(n, only_a, only_b, alpha), -_lower_limit(n, only_b, only_a, alpha)


_HALVINGS = 24
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def _lower_limit(n: int, only_a: int, only_b: int, alpha: float) -> float:
    """The ``alpha`` / 2 quantile of the lower confidence distribution of (2 t - 1) s, with t the share of a among the
    photos that only one run got right, and s the share of these photos."""
    decided = only_a + only_b
    if not only_a:
        return (
            -1.0
            if decided == n
            else -_halved(lambda share: float(_at_least(decided + 1, n, np.array(share))), 1 - alpha / 2, 0.0, 1.0)
        )
    positive = bool(_at_least(only_a, decided, np.array(0.5)) < alpha / 2)
    shares, weights = _beta_nodes(decided, n - decided + 1) if positive else _beta_nodes(decided + 1, n - decided)

    def below(limit: float) -> float:
        return float(weights @ _at_least(only_a, decided, np.clip((1 + limit / shares) / 2, 0.0, 1.0)))

    return _halved(below, alpha / 2, *((0.0, 1.0) if positive else (-1.0, 0.0)))


def _halved(rising: Callable[[float], float], level: float, low: float, high: float) -> float:
    """Where ``rising`` reaches ``level``: of the last interval the limit that is nearer to 0."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return low if low >= 0 else high


def _at_least(successes: int, trials: int, share: NDArray) -> NDArray:
    """Probability of so many successes or more; also that of a beta(successes, trials - successes + 1) below ``share``.

    The shorter of the two sides of the binomial distribution is summed.
    """
    upper = trials - successes < successes
    counts = np.arange(successes, trials + 1) if upper else np.arange(successes)
    logs = _log_factorials(trials)
    share = share[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.where(counts > 0, counts * np.log(share), 0.0)
        powers = powers + np.where(counts < trials, (trials - counts) * np.log1p(-share), 0.0)
    summed: NDArray = np.exp(logs[trials] - logs[counts] - logs[trials - counts] + powers).sum(-1)
    return summed if upper else 1 - summed


def _beta_nodes(a: int, b: int) -> tuple[NDArray, NDArray]:
    """Values and weights with which the mean of a function of a beta(a, b) variable is a sum; b = 0: the constant 1."""
    if not b:
        return np.ones(1), np.ones(1)
    mean = a / (a + b)
    reach = 20 * sqrt(mean * (1 - mean) / (a + b + 1))
    low, high = max(0.0, mean - reach), min(1.0, mean + reach)
    values = low + (high - low) * (_NODES + 1) / 2
    logs = (a - 1) * np.log(values) + (b - 1) * np.log1p(-values)
    weights = _WEIGHTS * np.exp(logs - logs.max())
    return values, weights / weights.sum()


@lru_cache(maxsize=64)
def _log_factorials(n: int) -> NDArray:
    """Logarithms of 0!, 1!, ..., n!."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def photos_needed(n: int, only_a: int, only_b: int, alpha: float = SIGNIFICANCE, power: float = 0.8) -> int | None:
    """Test photos with which McNemar's test would find a difference as large as the one seen, with this power.

    Connor 1987 (Biometrics 43:207, equation 2), with the shares seen among ``n`` photos. None where both runs got
    equally many photos right: there is no difference to find. An estimate: the shares are known from n photos only.
    """
    difference, decided = abs(only_a - only_b) / n, (only_a + only_b) / n
    if not difference:
        return None
    z_level, z_power = NormalDist().inv_cdf(1 - alpha / 2), NormalDist().inv_cdf(power)
    root = z_level * sqrt(decided) + z_power * sqrt(max(0.0, decided - difference**2))
    return ceil((root / difference) ** 2)
