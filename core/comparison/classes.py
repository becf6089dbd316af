"""Two runs class by class: whose photos does the better one get right?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison.paired import require_same_photos
from core.comparison.statistics import SIGNIFICANCE, holm, level, mcnemar, paired_interval
from core.runs.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class ClassDifference:
    """Recall of two runs on one class. All but the name and the number of photos is None where there are none.

    Args:
        recall_a, recall_b: share of the class's photos that a run got right.
        difference, low, high: a minus b with an interval that excludes 0 exactly when ``adjusted_p`` is below 0.05.
        p_value: of McNemar's exact test on these photos; adjusted_p: corrected for all classes (Holm).
    """

    class_name: str
    photos: int
    recall_a: float | None = None
    recall_b: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None

    @property
    def tie(self) -> bool | None:
        """Whether a difference this large could well be chance; None without photos."""
        return None if self.adjusted_p is None else self.adjusted_p >= SIGNIFICANCE


def class_differences(a: Predictions, b: Predictions, class_names: Sequence[str]) -> tuple[ClassDifference, ...]:
    """Every class in the order of the labels.

    Raises:
        InvalidInput: they are not for the same photos, or know other classes than ``class_names``.
    """
    a.require_classes(class_names)
    b.require_classes(class_names)
    require_same_photos(a, b)
    labels, right_a, right_b = a.sorted.labels, a.sorted.correct, b.sorted.correct
    tables = [_fourfold(right_a[labels == label], right_b[labels == label]) for label in range(len(class_names))]
    tested = [mcnemar(only_a, only_b) for _, only_a, only_b, _ in tables]
    there = [label for label, table in enumerate(tables) if sum(table)]
    corrected = dict(zip(there, holm([tested[label] for label in there]), strict=True))
    return tuple(
        _difference(name, tables[label], tested[label], corrected[label], len(there))
        if label in corrected
        else ClassDifference(class_name=name, photos=0)
        for label, name in enumerate(class_names)
    )


def _fourfold(a: np.ndarray, b: np.ndarray) -> tuple[int, int, int, int]:
    """Photos that both, only a, only b and neither got right."""
    return int((a & b).sum()), int((a & ~b).sum()), int((b & ~a).sum()), int((~a & ~b).sum())


def _difference(
    name: str, table: tuple[int, int, int, int], p_value: float, corrected: float, classes: int
) -> ClassDifference:
    both, only_a, only_b, _ = table
    photos = sum(table)
    low, high = paired_interval(photos, only_a, only_b, level(p_value, corrected, classes))
    return ClassDifference(
        class_name=name,
        photos=photos,
        recall_a=(both + only_a) / photos,
        recall_b=(both + only_b) / photos,
        difference=(only_a - only_b) / photos,
        low=low,
        high=high,
        p_value=p_value,
        adjusted_p=corrected,
    )
