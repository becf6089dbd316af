"""Accuracy against the number of training photos: an inverse power law, and what it forecasts.

The error of a classifier falls with the number n of training photos about as a n^-b + c (Cortes et al. 1993, "Learning
curves: asymptotic values and rate of convergence"; Mukherjee et al. 2003, "Estimating dataset size requirements for
classifying DNA microarray data"; Figueroa et al. 2012, "Predicting sample size required for classification
performance"; Hestness et al. 2017, arXiv 1712.00409).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

CURVE_METHOD = 2
"""Raised whenever the same photos would give another curve, or more is kept of it."""

BAND = (0.1, 0.9)
"""Quantiles of the bootstrap between which a forecast lies in 80 % of its draws."""

_EXPONENTS = np.linspace(0.05, 1.5, 59)


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """The error a n^-b + c with n training photos.

    Args:
        a, b, c: not negative.
    """

    a: float
    b: float
    c: float

    def accuracy(self, photos: float) -> float:
        """Share of photos that are named correctly after training on so many, 0..1."""
        return float(np.clip(1 - self.a * photos**-self.b - self.c, 0, 1))


def fitted(photos: Sequence[int], errors: np.ndarray) -> PowerLaw:
    """The power law with the smallest sum of squared differences from errors (0..1) at these numbers of photos.

    A sample counts by its size: large ones vary less, and a forecast is nearer to them. For each exponent of a grid the
    other two numbers are a linear least-squares problem; where that has a negative solution, the best one at the border
    is taken.
    """
    counts, wanted = np.asarray(photos, np.float64), np.asarray(errors, np.float64)
    weights = counts / counts.sum()
    best: tuple[float, PowerLaw] | None = None
    for b in _EXPONENTS:
        x = counts**-b
        for a, c in _solutions(x, wanted, weights):
            loss = float((weights * (a * x + c - wanted) ** 2).sum())
            if best is None or loss < best[0]:
                best = loss, PowerLaw(a=a, b=float(b), c=c)
    assert best is not None
    return best[1]


def _solutions(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> list[tuple[float, float]]:
    """Of y = a x + c with a and c not negative: the free one where it is allowed, else those with a zero."""
    centre, middle = float(weights @ x), float(weights @ y)
    spread = float(weights @ (x - centre) ** 2)
    a = float(weights @ ((x - centre) * (y - middle))) / spread if spread > 0 else 0.0
    c = middle - a * centre
    if a >= 0 and c >= 0:
        return [(a, c)]
    return [(max(0.0, float(weights @ (x * y)) / float(weights @ (x * x))), 0.0), (0.0, max(0.0, middle))]


@dataclass(frozen=True, kw_only=True)
class ForecastOfPhotos:
    """Accuracy on the validation photos with more training photos, by the power law.

    Args:
        factor: times the training photos that there are. photos: so many. accuracy, low, high: 0..1, with the band of
            80 % of the bootstrap's draws.
    """

    factor: float
    photos: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ClassGrowth:
    """What one class would gain from twice its photos, by the power law of its own errors.

    Args:
        recall: share of its validation photos that are named correctly now, 0..1. gain: in recall, 0..1.
        share: of the bootstrap's draws in which it gains most, 0..1.
    """

    class_name: str
    photos: int
    validation: int
    recall: float
    gain: float
    share: float


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """The curve of one backbone.

    Args:
        title, size: of the backbone and of its input in pixels.
        photos, accuracies: training photos of the nested samples, and the mean accuracy of their probes, 0..1.
        law: fitted to them. forecasts: by factor. band: the same from the smallest sample to twice the photos, to draw.
        classes: the largest gain first.
    """

    title: str
    size: int
    photos: tuple[int, ...]
    accuracies: tuple[float, ...]
    law: PowerLaw
    forecasts: tuple[ForecastOfPhotos, ...]
    band: tuple[ForecastOfPhotos, ...]
    classes: tuple[ClassGrowth, ...]

    @property
    def twice(self) -> ForecastOfPhotos:
        """With twice the training photos."""
        return next(one for one in self.forecasts if one.factor == 2)

    @property
    def some_class_gains(self) -> bool:
        """Whether the forecast of any class is better than now, by what is shown: a tenth of a point."""
        return any(one.gain >= 0.0005 for one in self.classes)

    @property
    def gains_most(self) -> ClassGrowth | None:
        """The class that gains most in more than half of the draws; None where that is not clear."""
        clear = [one for one in self.classes if one.share > 0.5 and one.gain > 0]
        return clear[0] if clear else None


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Whether more photos would help.

    Args:
        curves: the backbone with the highest accuracy first; () where the photos are too few to fit a curve.
        photos, validation: of the dataset. seconds: it took. problem: why there is no curve.
    """

    dataset_id: str
    curves: tuple[LearningCurve, ...]
    photos: int
    validation: int
    seconds: float
    problem: str = ""
    method: int = field(default=CURVE_METHOD)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Reverse of ``to_json``."""
        return cls(**content | {"curves": tuple(map(_curve, content["curves"]))})


def _curve(content: dict[str, Any]) -> LearningCurve:
    return LearningCurve(
        **content
        | {
            "photos": tuple(content["photos"]),
            "accuracies": tuple(content["accuracies"]),
            "law": PowerLaw(**content["law"]),
            "forecasts": tuple(ForecastOfPhotos(**one) for one in content["forecasts"]),
            "band": tuple(ForecastOfPhotos(**one) for one in content["band"]),
            "classes": tuple(ClassGrowth(**one) for one in content["classes"]),
        }
    )


def curve_of(
    right: np.ndarray, photos: Sequence[int], factors: Sequence[float]
) -> tuple[PowerLaw, tuple[ForecastOfPhotos, ...]]:
    """The power law of probes and its forecasts, with the band of a bootstrap (Efron and Tibshirani 1993).

    Args:
        right: (repetitions, sizes, validation photos) whether each was named correctly. photos: of each size.
        factors: of the largest size.
    """
    law = fitted(photos, 1 - right.mean(axis=(0, 2)))
    draws = [fitted(photos, 1 - accuracies) for accuracies in resampled(right)]
    found = []
    for factor in factors:
        count = round(factor * photos[-1])
        low, high = np.quantile([one.accuracy(count) for one in draws], BAND)
        middle = law.accuracy(count)
        band = {"low": min(float(low), middle), "high": max(float(high), middle)}
        found.append(ForecastOfPhotos(factor=factor, photos=count, accuracy=middle, **band))
    return law, tuple(found)


def resampled(right: np.ndarray, draws: int = 200) -> np.ndarray:
    """(draws, sizes) accuracies by drawing repetitions and validation photos with replacement."""
    generator = np.random.default_rng(0)
    repetitions, _, photos = right.shape
    found = []
    for _ in range(draws):
        rows = generator.integers(repetitions, size=repetitions)
        times = np.bincount(generator.integers(photos, size=photos), minlength=photos)
        found.append(right[rows].mean(axis=0) @ times / photos)
    return np.array(found)


def gains_of(
    right: np.ndarray, photos: Sequence[int], labels: np.ndarray, class_names: Sequence[str], counts: Sequence[int]
) -> tuple[ClassGrowth, ...]:
    """What each class would gain if all training photos were twice as many, the largest gain first.

    Args:
        right, photos: as in ``curve_of``. labels: of the validation photos. counts: training photos of each class.
    """
    there = [label for label in range(len(class_names)) if (labels == label).sum() >= LEAST_OF_A_CLASS]
    errors = {label: int((~right[:, -1, labels == label]).sum()) for label in there}
    shown = sorted(there, key=lambda label: -errors[label])[:MOST_CLASSES]
    if not shown:
        return ()
    drawn = np.array([[_gain(photos, row) for row in resampled(right[..., labels == one], 60)] for one in shown])
    firsts = np.bincount(drawn.argmax(axis=0), minlength=len(shown)) / drawn.shape[1]
    found = []
    for place, label in enumerate(shown):
        own = right[..., labels == label].mean(axis=(0, 2))
        found.append(
            ClassGrowth(
                class_name=class_names[label],
                photos=counts[label],
                validation=int((labels == label).sum()),
                recall=float(own[-1]),
                gain=_gain(photos, own),
                share=float(firsts[place]),
            )
        )
    return tuple(sorted(found, key=lambda one: -one.gain))


LEAST_OF_A_CLASS, MOST_CLASSES = 5, 20
"""Validation photos that a class must have, and classes that are fitted: those with the most errors."""


def _gain(photos: Sequence[int], accuracies: np.ndarray) -> float:
    """In accuracy, by twice as many photos."""
    law = fitted(photos, 1 - accuracies)
    return law.accuracy(2 * photos[-1]) - law.accuracy(photos[-1])
