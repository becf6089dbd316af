"""How far apart two runs are in any metric, with its interval: photos drawn again, for both runs the same ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison.paired import require_same_photos
from core.errors import InvalidInput
from core.runs.metrics import nll_per_photo
from core.runs.predictions import Predictions

DRAWS, FEWEST_DRAWS = 10_000, 1_000
_MOST_NUMBERS = 20_000_000
"""Photos drawn in all; beyond 2,000 test photos there are fewer drawings instead."""
_AT_ONCE = 1_000_000
"""Numbers drawn at a time: few enough to stay in the caches of a processor."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A figure of test answers that follows from sums over photos, so that resamples are one matrix product.

    Args:
        parts: (probabilities (n, classes), labels (n,)) -> (n, sums), what each photo adds.
        combine: (resamples, sums), photos in each -> (resamples,) the figure.
        lower_is_better: of the figure; share: whether it reads as percent.
    """

    key: str
    title: str
    parts: Callable[[np.ndarray, np.ndarray], np.ndarray]
    combine: Callable[[np.ndarray, int], np.ndarray]
    lower_is_better: bool = False
    share: bool = True


def _right(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (probabilities.argmax(axis=1) == labels).astype(np.float64)[:, None]


def _surprise(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return nll_per_photo(probabilities, labels)[:, None]


def _mean(sums: np.ndarray, n: int) -> np.ndarray:
    return sums[:, 0] / n


def _by_class(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Hits, photos and answers of every class, side by side."""
    every = np.arange(probabilities.shape[1])
    true, given = labels[:, None] == every, probabilities.argmax(axis=1)[:, None] == every
    return np.concatenate([true & given, true, given], axis=1).astype(np.float64)


def _mean_recall(sums: np.ndarray, _n: int) -> np.ndarray:
    hits, photos, _ = np.split(sums, 3, axis=1)
    return _mean_of_some(hits, photos)


def _mean_f1(sums: np.ndarray, _n: int) -> np.ndarray:
    hits, photos, answers = np.split(sums, 3, axis=1)
    return _mean_of_some(2 * hits, photos + answers)


def _mean_of_some(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Mean over the classes that are there of ``above / below``."""
    there = below > 0
    return np.divide(above, below, out=np.zeros_like(above), where=there).sum(axis=1) / there.sum(axis=1)


TEST_METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric(key="accuracy", title="test accuracy", parts=_right, combine=_mean),
        Metric(key="balanced_accuracy", title="balanced accuracy", parts=_by_class, combine=_mean_recall),
        Metric(key="macro_f1", title="macro-F1", parts=_by_class, combine=_mean_f1),
        Metric(
            key="log_loss", title="log-loss", parts=_surprise, combine=_mean, lower_is_better=True, share=False
        ),
    )
}  # fmt: skip
"""The metrics of the leaderboard that are measured on the test photos; each equals its function in ``runs.metrics``.

Not the calibration error: drawing photos again inflates it (bins of few photos), so such an interval would mislead.
"""


@dataclass(frozen=True, kw_only=True)
class MetricDifference:
    """One figure of two runs, a minus b, with the 95 % interval of the difference."""

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float


def metric_of(key: str) -> Metric:
    """The row of ``TEST_METRICS``, or an error that lists the choices."""
    if key not in TEST_METRICS:
        raise InvalidInput(f"There is no test metric {key!r}. Choose from: {', '.join(TEST_METRICS)}")
    return TEST_METRICS[key]


def bootstrap_metric(
    metric: str,
    a: np.ndarray,
    b: np.ndarray,
    labels: np.ndarray,
    *,
    draws: int | None = None,
    seed: int = 0,
    confidence: float = 0.95,
) -> MetricDifference:
    """Difference of a metric, a minus b, with its percentile interval (paired bootstrap).

    Photos are drawn again with replacement, the same ones for both runs (Efron & Tibshirani 1993, section 13.3).

    Args:
        metric: a key of ``TEST_METRICS``. a, b: (n, classes) probabilities for the same photos; labels: (n,).
        draws: by default 10,000, for more than 2,000 photos fewer, but at least 1,000.
    """
    return _differences([metric_of(metric)], a, b, labels, draws or _draws(len(labels)), seed, confidence)[0]


def metric_differences(a: Predictions, b: Predictions, *, draws: int | None = None) -> tuple[MetricDifference, ...]:
    """Every metric of ``TEST_METRICS`` of two runs with the 95 % interval of its difference, from the same drawings.

    Raises:
        InvalidInput: they did not answer the same photos of the same classes.
    """
    require_same_photos(a, b)
    one, other = a.sorted, b.sorted
    metrics, draws = list(TEST_METRICS.values()), draws or _draws(len(one.labels))
    return _differences(metrics, one.probabilities, other.probabilities, one.labels, draws, 0, 0.95)


def _draws(n: int) -> int:
    return max(FEWEST_DRAWS, min(DRAWS, _MOST_NUMBERS // n))


def _differences(
    metrics: Sequence[Metric],
    a: np.ndarray,
    b: np.ndarray,
    labels: np.ndarray,
    draws: int,
    seed: int,
    confidence: float,
) -> tuple[MetricDifference, ...]:
    n, rng = len(labels), np.random.default_rng(seed)
    kinds = list(dict.fromkeys(metric.parts for metric in metrics))  # metrics may follow from the same sums
    parts = [kind(one, labels) for kind in kinds for one in (a, b)]
    ends = np.cumsum([part.shape[1] for part in parts])[:-1]
    every = np.concatenate(parts, axis=1)
    places = [2 * kinds.index(metric.parts) for metric in metrics]
    whole = _figures(metrics, places, np.split(every.sum(axis=0)[None], ends, axis=1), n)[:, :, 0]
    again = []
    for left in range(draws, 0, -_per_step(n)):
        sums = _times_drawn(rng, min(left, _per_step(n)), n) @ every
        of_a, of_b = _figures(metrics, places, np.split(sums, ends, axis=1), n).swapaxes(0, 1)
        again.append(of_a - of_b)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(np.concatenate(again, axis=1), tails, axis=1)
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


def _figures(metrics: Sequence[Metric], places: Sequence[int], sums: Sequence[np.ndarray], n: int) -> np.ndarray:
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
