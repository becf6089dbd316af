"""Is the difference between two runs real? Both answered the same test photos, so the answers are compared in pairs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from core.comparison.photos import PhotoResults
from core.comparison.statistics import SIGNIFICANCE, bootstrap_interval, holm, mcnemar, newcombe
from core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two runs on the same n test photos.

    Args:
        a, b: run ids.
        both_right, only_a, only_b, both_wrong: photos.
        difference, low, high: accuracy of a minus accuracy of b, -1..1, with its 95 % interval: paired bootstrap;
            Newcombe's where one drawing is like any other: they are right on the very same photos, or one of them on
            all and the other on none.
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


@dataclass(frozen=True, kw_only=True, eq=False)
class RightAnswers:
    """Which photos a run got right, in the order of their digests, so that runs can be laid upon each other.

    Args:
        digests: (n,) sorted; labels, right: (n,).
    """

    run_id: str
    digests: np.ndarray
    labels: np.ndarray
    right: np.ndarray

    @property
    def photos(self) -> tuple[int, int, bytes]:
        """Equal for runs that answered the same photos of the same classes, and practically never else."""
        return len(self.digests), hash(tuple(self.digests)), self.labels.tobytes()


def right_answers(results: PhotoResults) -> RightAnswers:
    order = by_digest(results.digests)
    digests = np.array(results.digests, dtype=object)[order]
    return RightAnswers(
        run_id=results.run_id, digests=digests, labels=results.labels[order], right=results.right[order]
    )


@lru_cache(maxsize=32)
def by_digest(digests: tuple[str, ...]) -> np.ndarray:
    """Row numbers in the order of the digests; all runs of a dataset tend to have the same."""
    return np.argsort(np.array(digests))


def require_same_photos(a: RightAnswers, b: RightAnswers) -> None:
    """Raises InvalidInput when two runs did not answer the same photos of the same classes."""
    if not len(a.digests) or len(a.digests) != len(b.digests) or (a.digests != b.digests).any():
        raise InvalidInput(
            f"Only runs that answered the same test photos can be compared. Received: {a.run_id} with "
            f"{len(a.digests)} photos and {b.run_id} with {len(b.digests)}"
        )
    if (a.labels != b.labels).any():
        raise InvalidInput(f"Runs {a.run_id} and {b.run_id} do not agree on the true classes of the test photos.")


def paired(a: PhotoResults, b: PhotoResults) -> Paired:
    """Compare the answers of two runs, photo by photo (rows are aligned by digest).

    Raises:
        InvalidInput: they did not answer the same photos of the same classes.
    """
    one, other = right_answers(a), right_answers(b)
    require_same_photos(one, other)
    return pair_of(one, other)


def pair_of(a: RightAnswers, b: RightAnswers) -> Paired:
    """``paired`` of answers that are known to be for the same photos."""
    only_a, only_b = a.digests[a.right & ~b.right], a.digests[b.right & ~a.right]
    both, n = int((a.right & b.right).sum()), len(a.digests)
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
        only_a_digests=tuple(only_a),
        only_b_digests=tuple(only_b),
    )


def _interval(both: int, only_a: int, only_b: int, neither: int) -> tuple[float, float]:
    n = both + only_a + only_b + neither
    if n in (both + neither, only_a, only_b):  # nothing to resample, which is not to be certain
        return newcombe(both, only_a, only_b, neither)[1:]
    return bootstrap_interval(n, only_a, only_b)


def aligned(a: PhotoResults, b: PhotoResults) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of a and b such that equal places mean the same photo.

    Raises:
        InvalidInput: they did not answer the same photos of the same classes.
    """
    require_same_photos(right_answers(a), right_answers(b))
    return by_digest(a.digests), by_digest(b.digests)


def adjusted(pairs: Sequence[Paired]) -> tuple[Paired, ...]:
    """The same pairs, corrected for being several (Holm).

    The chance that *any* of these comparisons calls a difference real that is none stays below 5 %. Comparing with the
    best only, not all with all, is enough to say which runs may be the best (Hsu 1981).
    """
    corrected = holm([pair.p_value for pair in pairs])
    return tuple(replace(pair, adjusted_p=p, comparisons=len(pairs)) for pair, p in zip(pairs, corrected, strict=True))
