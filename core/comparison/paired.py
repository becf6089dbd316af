"""Paired tests: is the difference in accuracy between two runs on the same test photos more than chance?"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from core.comparison.statistics import SIGNIFICANCE, level, mcnemar, paired_interval
from core.errors import InvalidInput
from core.runs.predictions import Predictions


class Family(StrEnum):
    """The hypotheses that a test is one of, and is corrected for."""

    BEST = "the best run against each other one"
    EVERY = "every two of the runs"
    ALONE = "these two alone"


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two runs on the same n test photos.

    Args:
        a, b: run ids.
        both_right, only_a, only_b, both_wrong: photos.
        difference, low, high: accuracy of a minus accuracy of b, -1..1, with an interval that excludes 0 exactly when
            ``adjusted_p`` is below 0.05: its confidence is 95 % for two runs alone, and higher among several.
        p_value: of McNemar's exact test; adjusted_p: the same after Holm's correction for the ``comparisons`` tests of
            the ``family``.
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
    family: Family = Family.ALONE
    only_a_digests: tuple[str, ...] = ()
    only_b_digests: tuple[str, ...] = ()

    @property
    def tie(self) -> bool:
        """Whether a difference this large could well be chance."""
        return self.adjusted_p >= SIGNIFICANCE

    @property
    def turned(self) -> "Paired":
        """The same of b against a."""
        return replace(
            self,
            a=self.b,
            b=self.a,
            only_a=self.only_b,
            only_b=self.only_a,
            difference=-self.difference,
            low=-self.high,
            high=-self.low,
            only_a_digests=self.only_b_digests,
            only_b_digests=self.only_a_digests,
        )

    def corrected(self, adjusted_p: float, comparisons: int, family: Family) -> "Paired":
        """The same as one of several tests, with the interval that agrees."""
        alpha = level(self.p_value, adjusted_p, comparisons)
        low, high = paired_interval(self.n, self.only_a, self.only_b, alpha)
        return replace(self, low=low, high=high, adjusted_p=adjusted_p, comparisons=comparisons, family=family)


def require_same_photos(a: Predictions, b: Predictions) -> None:
    """Raises InvalidInput unless both runs have predictions for the same photos with the same true classes."""
    one, other = a.sorted, b.sorted
    if not one.digests or one.digests != other.digests:
        raise InvalidInput(
            f"Only runs with predictions for the same test photos can be compared. Received: {a.run_id} with "
            f"{len(a.digests)} photos and {b.run_id} with {len(b.digests)}"
        )
    if (one.labels != other.labels).any():
        raise InvalidInput(f"Runs {a.run_id} and {b.run_id} do not agree on the true classes of the test photos.")


def paired(a: Predictions, b: Predictions) -> Paired:
    """Compare the predictions of two runs photo by photo (rows are aligned by digest).

    Raises:
        InvalidInput: they are not for the same photos and classes.
    """
    require_same_photos(a, b)
    one, other = a.sorted, b.sorted
    only_a, only_b = (np.flatnonzero(x.correct & ~y.correct).tolist() for x, y in ((one, other), (other, one)))
    both, n = int((one.correct & other.correct).sum()), len(one.digests)
    neither = n - both - len(only_a) - len(only_b)
    low, high = paired_interval(n, len(only_a), len(only_b))
    p_value = mcnemar(len(only_a), len(only_b))
    return Paired(
        a=a.run_id,
        b=b.run_id,
        n=n,
        both_right=both,
        only_a=len(only_a),
        only_b=len(only_b),
        both_wrong=neither,
        difference=(len(only_a) - len(only_b)) / n,
        low=low,
        high=high,
        p_value=p_value,
        adjusted_p=p_value,
        only_a_digests=tuple(one.digests[row] for row in only_a),
        only_b_digests=tuple(one.digests[row] for row in only_b),
    )
