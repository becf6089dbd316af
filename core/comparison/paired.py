"""Paired tests: is the difference in accuracy between two runs on the same test photos more than chance?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.comparison.statistics import SIGNIFICANCE, bootstrap_interval, holm, mcnemar, newcombe
from core.errors import InvalidInput
from core.runs.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two runs on the same n test photos.

    Args:
        a, b: run ids.
        both_right, only_a, only_b, both_wrong: photos.
        difference, low, high: accuracy of a minus accuracy of b, -1..1, with its 95 % interval: paired bootstrap;
            Newcombe's where every resample is the same: they are right on the same photos, or one of them on all and
            the other on none.
        p_value: of McNemar's exact test; adjusted_p: the same after Holm's correction for ``comparisons`` tests.
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
    only_a_digests: tuple[str, ...] = ()
    only_b_digests: tuple[str, ...] = ()

    @property
    def tie(self) -> bool:
        """Whether a difference this large could well be chance."""
        return self.adjusted_p >= SIGNIFICANCE


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
    return pair_of(a, b)


def pair_of(a: Predictions, b: Predictions) -> Paired:
    """``paired`` of predictions that are known to be for the same photos."""
    one, other = a.sorted, b.sorted
    only_a, only_b = (np.flatnonzero(x.correct & ~y.correct).tolist() for x, y in ((one, other), (other, one)))
    both, n = int((one.correct & other.correct).sum()), len(one.digests)
    neither = n - both - len(only_a) - len(only_b)
    low, high = _interval(both, len(only_a), len(only_b), neither)
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


def _interval(both: int, only_a: int, only_b: int, neither: int) -> tuple[float, float]:
    n = both + only_a + only_b + neither
    if n in (both + neither, only_a, only_b):  # nothing to resample, which is not to be certain
        return newcombe(both, only_a, only_b, neither)[1:]
    return bootstrap_interval(n, only_a, only_b)


def adjusted(pairs: Sequence[Paired]) -> tuple[Paired, ...]:
    """The same pairs, corrected for being several (Holm).

    The chance that *any* of these comparisons calls a difference real that is none stays below 5 %. Comparing with the
    best only, not all with all, is enough to say which runs may be the best (Hsu 1981).
    """
    corrected = holm([pair.p_value for pair in pairs])
    return tuple(replace(pair, adjusted_p=p, comparisons=len(pairs)) for pair, p in zip(pairs, corrected, strict=True))
