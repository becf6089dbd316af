"""Prediction sets on the test photos: how often the true class is in them, and how many classes they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.models.conformal import SetPredictor, expected_coverage, photos_needed
from core.runs.metrics import wilson_interval
from core.runs.predictions import Predictions

CONFIDENCES = (*(round(0.8 + 0.01 * step, 2) for step in range(20)),)
"""0.80 to 0.99."""
SHOWN = (0.9, 0.95)
"""Of these pages and commands show figures."""


@dataclass(frozen=True, kw_only=True)
class SetMeasure:
    """The prediction sets of a run at one confidence, on its n test photos.

    Args:
        by_class: whether each class has its own threshold.
        photos: n. covered: those whose set holds the true class.
        classes: mean number of classes in a set. single, empty: fractions of the sets with one class, and with none.
        expected: between which fractions ``coverage`` is with a probability of 95 %, if validation and test photos are
            drawn alike; both draws count. None with ``by_class``.
    """

    confidence: float
    by_class: bool
    photos: int
    covered: int
    classes: float
    single: float
    empty: float
    expected: tuple[float, float] | None = None

    @property
    def coverage(self) -> float:
        """Fraction of the test photos whose set holds the true class."""
        return self.covered / self.photos

    @property
    def ci95(self) -> tuple[float, float]:
        """Of ``coverage``, as of accuracies: how far the test photos show it."""
        return wilson_interval(self.covered, self.photos)


@dataclass(frozen=True, kw_only=True)
class SetMeasures:
    """Of one run, in the order of the confidences; without those that need more validation photos than there are.

    Args:
        validation: number of validation photos. overall, by_class: with one threshold, and with one for each class.
    """

    run_id: str
    validation: int
    overall: Sequence[SetMeasure]
    by_class: Sequence[SetMeasure]

    def at(self, confidence: float, *, by_class: bool = False) -> SetMeasure | None:
        """That of one confidence; None where there are too few validation photos for it."""
        measures = self.by_class if by_class else self.overall
        return next((one for one in measures if one.confidence == confidence), None)


def measure_sets(predictor: SetPredictor, test: Predictions, confidences: Sequence[float] = CONFIDENCES) -> SetMeasures:
    """The sets of ``predictor``, which was fitted on validation photos, for the test photos of the same run.

    Raises:
        InvalidInput: they are for different numbers of classes.
    """
    if predictor.classes != test.probabilities.shape[1]:
        raise InvalidInput(
            f"The validation and test predictions of run {test.run_id} are for {predictor.classes} and "
            f"{test.probabilities.shape[1]} classes. Train it again."
        )
    largest = int(predictor.photos_of_classes().max(initial=0))
    return SetMeasures(
        run_id=test.run_id,
        validation=predictor.photos,
        overall=[_measure(predictor, test, one) for one in confidences if predictor.photos >= photos_needed(one)],
        by_class=[_measure(predictor, test, one, True) for one in confidences if largest >= photos_needed(one)],
    )


def _measure(predictor: SetPredictor, test: Predictions, confidence: float, by_class: bool = False) -> SetMeasure:
    sets = predictor.sets(test.probabilities, confidence, by_class=by_class)
    sizes, photos = sets.sum(axis=1), len(test.labels)
    return SetMeasure(
        confidence=confidence,
        by_class=by_class,
        photos=photos,
        covered=int(sets[np.arange(photos), test.labels].sum()),
        classes=float(sizes.mean()),
        single=float((sizes == 1).mean()),
        empty=float((sizes == 0).mean()),
        expected=None if by_class else expected_coverage(predictor.photos, photos, confidence),
    )
