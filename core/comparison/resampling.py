"""Difference of two runs in any metric with its interval: photos are resampled, the same ones for both runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison.paired import require_same_photos
from core.runs.metrics import nll_per_photo
from core.runs.predictions import Predictions

DRAWS, FEWEST_DRAWS = 10_000, 1_000
_MOST_NUMBERS = 20_000_000
"""Photos drawn in all; for more than 2,000 test photos there are fewer resamples instead."""
_AT_ONCE = 1_000_000
"""Numbers drawn at a time: few enough to stay in the caches of a processor."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric that follows from sums over photos, so that resamples are one matrix product.

    Args:
        parts: (probabilities (n, classes), labels (n,)) -> (n, sums), what each photo adds.
        combine: (resamples, sums), photos in each -> (resamples,) the metric.
        percent: whether it reads as percent.
    """

    key: str
    title: str
    parts: Callable[[np.ndarray, np.ndarray], np.ndarray]
    combine: Callable[[np.ndarray, int], np.ndarray]
    percent: bool = True


def _correct(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.asarray(probabilities.argmax(axis=1) == labels, np.float64)[:, None]


def _nll(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return nll_per_photo(probabilities, labels)[:, None]


def _mean(sums: np.ndarray, n: int) -> np.ndarray:
    return sums[:, 0] / n


def _by_class(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Hits, photos and predictions of every class, side by side."""
    every = np.arange(probabilities.shape[1])
    true, predicted = labels[:, None] == every, probabilities.argmax(axis=1)[:, None] == every
    return np.concatenate([true & predicted, true, predicted], axis=1).astype(np.float64)


def _mean_recall(sums: np.ndarray, _n: int) -> np.ndarray:
    hits, photos, _ = np.split(sums, 3, axis=1)
    return _mean_of_some(hits, photos)


def _mean_f1(sums: np.ndarray, _n: int) -> np.ndarray:
    hits, photos, predictions = np.split(sums, 3, axis=1)
    return _mean_of_some(2 * hits, photos + predictions)


def _mean_of_some(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Mean over the classes that are there of ``above / below``."""
    there = below > 0
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=there).sum(axis=1) / there.sum(axis=1))


TEST_METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric(key="accuracy", title="test accuracy", parts=_correct, combine=_mean),
        Metric(key="balanced_accuracy", title="balanced accuracy", parts=_by_class, combine=_mean_recall),
        Metric(key="macro_f1", title="macro-F1", parts=_by_class, combine=_mean_f1),
        Metric(key="log_loss", title="log-loss", parts=_nll, combine=_mean, percent=False),
    )
}
"""The metrics of the leaderboard that are measured on the test photos; each equals its function in ``runs.metrics``.

Not the calibration error: resampling inflates it (bins of few photos), so such an interval would mislead.
"""


@dataclass(frozen=True, kw_only=True)
class MetricDifference:
    """One metric of two runs, a minus b, with the 95 % interval of the difference."""

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float


def metric_differences(a: Predictions, b: Predictions, *, draws: int | None = None) -> tuple[MetricDifference, ...]:
    """Every metric of two runs with the 95 % percentile interval of its difference (paired bootstrap).

    Photos are resampled with replacement, the same ones for both runs and all metrics (Efron & Tibshirani 1993,
    section 13.3).

    Args:
        draws: by default 10,000; fewer for more than 2,000 photos, but at least 1,000.

    Raises:
        InvalidInput: they did not answer the same photos of the same classes.
    """
    require_same_photos(a, b)
    one, other = (found.probabilities[found.by_digest] for found in (a, b))
    return _differences(one, other, a.sorted.labels, draws or _draws(len(one)))


def _draws(n: int) -> int:
    return max(FEWEST_DRAWS, min(DRAWS, _MOST_NUMBERS // n))


def _differences(a: np.ndarray, b: np.ndarray, labels: np.ndarray, draws: int) -> tuple[MetricDifference, ...]:
    n, rng, metrics = len(labels), np.random.default_rng(0), list(TEST_METRICS.values())
    kinds = list(dict.fromkeys(metric.parts for metric in metrics))  # metrics may follow from the same sums
    parts = [kind(one, labels) for kind in kinds for one in (a, b)]
    ends = np.cumsum([part.shape[1] for part in parts])[:-1]
    every = np.concatenate(parts, axis=1)
    places = [2 * kinds.index(metric.parts) for metric in metrics]
    whole = _values(metrics, places, np.split(every.sum(axis=0)[None], ends, axis=1), n)[:, :, 0]
    again = []
    for left in range(draws, 0, -_per_step(n)):
        sums = _times_drawn(rng, min(left, _per_step(n)), n) @ every
        of_a, of_b = _values(metrics, places, np.split(sums, ends, axis=1), n).swapaxes(0, 1)
        again.append(of_a - of_b)
    low, high = np.quantile(np.concatenate(again, axis=1), [0.025, 0.975], axis=1)
    return tuple(
        MetricDifference(
            metric=metric.key,
            a=float(whole[place, 0]),
            b=float(whole[place, 1]),
            difference=float(whole[place, 0] - whole[place, 1]),
            low=float(low[place]),
            high=float(high[place]),
        )
        for place, metric in enumerate(metrics)
    )


def _values(metrics: Sequence[Metric], places: Sequence[int], sums: Sequence[np.ndarray], n: int) -> np.ndarray:
    """(metrics, 2, resamples): each metric of a and of b; the sums of a stand at its place, those of b behind them."""
    return np.array(
        [[metric.combine(sums[at + which], n) for which in (0, 1)] for metric, at in zip(metrics, places, strict=True)]
    )


def _per_step(n: int) -> int:
    return max(1, _AT_ONCE // n)


def _times_drawn(rng: np.random.Generator, draws: int, n: int) -> np.ndarray:
    """(draws, n) how often each photo was drawn when n photos are drawn with replacement."""
    drawn = rng.integers(n, size=(draws, n), dtype=np.int32) + n * np.arange(draws, dtype=np.int32)[:, None]
    return np.bincount(drawn.reshape(-1), minlength=draws * n).reshape(draws, n).astype(np.float64)
