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
import numpy.typing as npt

CURVE_METHOD = 3
"""Raised whenever the same photos would give another curve, or more is kept of it."""

BAND = (0.1, 0.9)
"""Quantiles of the bootstrap between which a forecast lies in 80 % of its draws."""

USUAL_EXPONENT, EXPONENT_SPREAD = 0.5, 0.5
"""Centre of the exponents before anything is measured, and the standard deviation of their logarithm: 0.3 to 0.8 are
likely. 0.5 is the rate at which the error of an estimated model usually falls in statistical learning theory."""

NOISE = 0.01
"""Of a sample's accuracy around the law, as a standard deviation: the probes of a few hundred validation photos."""

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


def fitted(photos: Sequence[int], errors: npt.ArrayLike) -> PowerLaw:
    """The power law that errors (0..1) at these numbers of photos speak for; see ``all_fitted``."""
    return all_fitted(photos, np.asarray(errors, np.float64)[None])[0]


def all_fitted(photos: Sequence[int], errors: np.ndarray) -> list[PowerLaw]:
    """The power law of every row of errors.

    A few noisy accuracies hardly say which exponent is right, and the one with the smallest squared differences is
    often a very small one, with which errors seem to fall for ever. So the exponent is the mean of all, each weighted
    by how well it fits and by how likely it is before (``USUAL_EXPONENT``): the mean of the posterior rather than its
    maximum. The other two numbers are the linear least-squares solution for that exponent. A sample counts by its size:
    large ones vary less, and a forecast is nearer to them.

    Args:
        photos: (k,) of each sample. errors: (m, k), 0..1.
    """
    counts = np.asarray(photos, np.float64)
    weights = counts / counts.sum()
    away = np.log(_EXPONENTS / USUAL_EXPONENT) / EXPONENT_SPREAD
    found = []
    for wanted in np.asarray(errors, np.float64):
        _, _, loss = _solved(counts, wanted, weights, _EXPONENTS)
        evidence = -0.5 * (len(counts) * loss / NOISE**2 + away**2)
        likely = np.exp(evidence - evidence.max())
        exponent = np.exp(likely @ np.log(_EXPONENTS) / likely.sum())
        a, c, _ = _solved(counts, wanted, weights, np.array([exponent]))
        found.append(PowerLaw(a=float(a[0]), b=float(exponent), c=float(c[0])))
    return found


def _solved(
    counts: np.ndarray, errors: np.ndarray, weights: np.ndarray, exponents: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each exponent the a and the c of the smallest weighted mean of squared differences from the errors, neither
    negative, and that mean."""
    x = counts ** -exponents[:, None]
    centre, middle = x @ weights, float(weights @ errors)
    apart = x - centre[:, None]
    a = (apart * (errors - middle)) @ weights / (apart**2 @ weights)
    c = middle - a * centre
    without_c = np.maximum((x * errors) @ weights / (x**2 @ weights), 0.0)
    a, c = np.where(a < 0, 0.0, np.where(c < 0, without_c, a)), np.where(a < 0, middle, np.maximum(c, 0.0))
    return a, c, (a[:, None] * x + c[:, None] - errors) ** 2 @ weights


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
    draws = all_fitted(photos, 1 - resampled(right))
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
    drawn = np.array([_gains(photos, resampled(right[..., labels == one], 60)) for one in shown])
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
                gain=_gains(photos, own[None])[0],
                share=float(firsts[place]),
            )
        )
    return tuple(sorted(found, key=lambda one: -one.gain))


LEAST_OF_A_CLASS, MOST_CLASSES = 5, 20
"""Validation photos that a class must have, and classes that are fitted: those with the most errors."""


def _gains(photos: Sequence[int], accuracies: np.ndarray) -> list[float]:
    """In accuracy, by twice as many photos, of every row."""
    laws = all_fitted(photos, 1 - accuracies)
    return [law.accuracy(2 * photos[-1]) - law.accuracy(photos[-1]) for law in laws]
