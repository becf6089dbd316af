"""Prediction sets: the classes that cannot be excluded at a chosen confidence, with a promise about the true one.

Split conformal prediction: Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random World", chapter 4
(inductive conformal predictors, and Mondrian ones for one promise per class); Angelopoulos and Bates 2021, "A Gentle
Introduction to Conformal Prediction", sections 1, 3 and 4. Pure functions of arrays;
the tests compare them with ``crepes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np

from core.errors import InvalidInput
from core.text.units import listed

CONFIDENCE = 0.95
"""Of a prediction set, where no other is asked for."""

_SLACK = 1e-5
"""Nonconformity may differ by this much between the stored probabilities and those that are computed live: LiteRT and
Keras do not round alike. It only enlarges sets."""
_TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class PredictionSet:
    """The classes of one photo that are not excluded at ``confidence``.

    The promise: of new photos that were drawn as the validation photos were, at least ``confidence`` have their true
    class in the set; with ``by_class`` at least so many of each class.

    Args:
        classes: the most probable first. () if every class is less probable than the right one was for ``confidence``
            of the validation photos: an unusual photo, or one of those that the promise leaves out.
        photos: validation photos that it was fitted on.
        always: with ``by_class``, classes that are never excluded, because they have too few validation photos.
        problem: why there is no set at this confidence, one sentence; else empty.
    """

    confidence: float
    by_class: bool
    classes: tuple[str, ...] = ()
    photos: int = 0
    always: tuple[str, ...] = ()
    problem: str = ""

    @property
    def sentence(self) -> str:
        """For a person: what the set says."""
        if self.problem:
            return self.problem
        share = f"{100 * self.confidence:g} %"
        if not self.classes:
            return f"None at {share}: no class is as probable as the right one was for {share} of validation photos."
        if len(self.classes) == 1:
            return f"With {share} confidence: {self.classes[0]}."
        return f"With {share} confidence one of {len(self.classes)}: {listed(self.classes, 10)}."


@dataclass(frozen=True, kw_only=True)
class _Threshold:
    """What a fit says at one confidence.

    Args:
        limits: (classes,) the largest nonconformity that is not excluded, ``_SLACK`` included. always: the labels of
            classes with too few photos. problem: why there is no set; else "".
    """

    limits: np.ndarray
    always: tuple[int, ...]
    problem: str


class SetPredictor:
    """Prediction sets of one model, fitted on its predictions for n validation photos.

    The nonconformity of a class is 1 minus its probability. p-values are not smoothed, so equal photos have equal sets
    and the sets are at most 1 / (n + 1) larger than they need to be.

    Args:
        probabilities: (n, classes) of the model, without temperature: a temperature was fitted on the same photos, and
            does not change the order of the classes.
        labels: (n,) true labels.

    Raises:
        InvalidInput: the shapes do not fit together.
    """

    def __init__(self, probabilities: np.ndarray, labels: np.ndarray) -> None:
        probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels, np.int64)
        if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
            raise InvalidInput(
                "A set predictor needs one label for each row of probabilities. "
                f"Received: {probabilities.shape} probabilities and {labels.shape} labels"
            )
        self.classes = probabilities.shape[1]
        self._labels = labels
        self._scores = 1.0 - probabilities[np.arange(len(labels)), labels]
        self._threshold = lru_cache(maxsize=16)(self._fitted)  # every prediction asks

    @property
    def photos(self) -> int:
        """Number of validation photos."""
        return len(self._labels)

    def photos_of_classes(self) -> np.ndarray:
        """(classes,) number of validation photos."""
        return np.bincount(self._labels, minlength=self.classes)

    def sets(self, probabilities: np.ndarray, confidence: float = CONFIDENCE, *, by_class: bool = False) -> np.ndarray:
        """(m, classes) bool: which classes are not excluded for each of m photos.

        Args:
            probabilities: (m, classes) of the same model, or (classes,) of one photo. confidence: between 0 and 1.
            by_class: one threshold for each class, fitted on its own photos, instead of one for all. A class with
                too few photos (``photos_needed``) is in every set.
        """
        limits = self._threshold(checked_confidence(confidence), by_class).limits
        return np.asarray(1.0 - np.asarray(probabilities, np.float64) <= limits)

    def prediction_set(
        self,
        probabilities: np.ndarray,
        class_names: Sequence[str],
        confidence: float = CONFIDENCE,
        *,
        by_class: bool = False,
    ) -> PredictionSet:
        """The set of one photo with ``probabilities`` (classes,). It has a ``problem`` where every set would hold every
        class, because there are too few validation photos."""
        found = self._threshold(checked_confidence(confidence), by_class)
        if found.problem:
            return PredictionSet(confidence=confidence, by_class=by_class, photos=self.photos, problem=found.problem)
        kept = self.sets(probabilities, confidence, by_class=by_class).tolist()
        order = np.argsort(-probabilities, kind="stable").tolist()
        return PredictionSet(
            confidence=confidence,
            by_class=by_class,
            classes=tuple(class_names[label] for label in order if kept[label]),
            photos=self.photos,
            always=tuple(class_names[label] for label in found.always),
        )

    def _fitted(self, confidence: float, by_class: bool) -> _Threshold:
        known = self.photos_of_classes() if by_class else np.full(self.classes, self.photos)
        few = known < photos_needed(confidence)
        return _Threshold(
            limits=self._limits(confidence, by_class) + _SLACK,
            always=tuple(np.flatnonzero(few).tolist()),
            problem=_too_few(known, confidence, by_class) if few.all() else "",
        )

    def _limits(self, confidence: float, by_class: bool) -> np.ndarray:
        """(classes,) the largest nonconformity that is not excluded."""
        if not by_class:
            return np.full(self.classes, _limit(self._scores, confidence))
        return np.array([_limit(self._scores[self._labels == label], confidence) for label in range(self.classes)])


def photos_needed(confidence: float) -> int:
    """The fewest validation photos with which any class can be excluded: ceil(1 / (1 - confidence)) - 1, 19 for 95 %.

    With n photos no p-value is below 1 / (n + 1).
    """
    return ceil(1 / (1 - checked_confidence(confidence)) - _TINY) - 1


def checked_confidence(confidence: float) -> float:
    """``confidence``; raises InvalidInput where it is not between 0 and 1."""
    if not 0 < confidence < 1:
        raise InvalidInput(f"A confidence is above 0 and below 1, for example 0.95. Received: {confidence:g}")
    return float(confidence)


def expected_coverage(
    photos: int, new: int, confidence: float = CONFIDENCE, within: float = 0.95
) -> tuple[float, float]:
    """Between which fractions of ``new`` photos have their true class in the set, with probability ``within``, after
    a fit on ``photos`` validation photos.

    Both draws count: the number is beta-binomial (Angelopoulos and Bates 2021, sections 3.2 and 3.3), more spread than
    a binomial one. For probabilities without ties; equal ones raise the coverage.
    """
    left_out = int((1 - checked_confidence(confidence)) * (photos + 1) + _TINY)
    if not left_out:
        return 1.0, 1.0
    below = np.cumsum(_beta_binomial(new, photos + 1 - left_out, left_out))
    low, high = (int(np.searchsorted(below, tail - _TINY)) for tail in ((1 - within) / 2, (1 + within) / 2))
    return low / new, min(high, new) / new


def _beta_binomial(n: int, a: int, b: int) -> np.ndarray:
    """(n + 1,) probabilities of 0..n successes in n trials whose chance has a beta(``a``, ``b``) distribution."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + a + b)))])  # of 0!, 1!, ...
    k = np.arange(n + 1)
    ways = logs[n] - logs[k] - logs[n - k]
    return np.asarray(
        np.exp(
            ways
            + logs[k + a - 1]
            + logs[n - k + b - 1]
            - logs[n + a + b - 1]
            + logs[a + b - 1]
            - logs[a - 1]
            - logs[b - 1]
        )
    )


def _limit(scores: np.ndarray, confidence: float) -> float:
    """The largest nonconformity whose p-value is above 1 - ``confidence``; infinite where no photo reaches that far.

    The p-value of a score is (1 + photos whose score is at least as large) / (n + 1), and a class is excluded if it is
    at most the significance (Vovk et al. 2005, section 2.2): k = floor(significance * (n + 1)) scores may be as large.
    """
    may_be_as_large = int((1 - confidence + _TINY) * (len(scores) + 1))
    if not may_be_as_large:
        return float("inf")
    return float(np.sort(scores)[len(scores) - may_be_as_large])


def _too_few(known: np.ndarray, confidence: float, by_class: bool) -> str:
    needed, share = photos_needed(confidence), f"{100 * confidence:g} %"
    if by_class:
        return (
            f"Too few validation photos for {share} confidence in each class: {needed} of a class needed, "
            f"{int(known.max())} of the largest there."
        )
    return f"Too few validation photos for {share} confidence: {needed} needed, {int(known.max())} there."
