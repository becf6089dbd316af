"""Whether a smaller model is not worse than the one it replaces, by more than a loss that the person allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, sqrt
from statistics import NormalDist

from core.comparison.paired import paired
from core.comparison.statistics import SIGNIFICANCE, paired_interval
from core.errors import InvalidInput
from core.runs.predictions import Predictions
from core.text.units import about, count, points

MOST_LOSS = 0.01
"""Accuracy that may be lost, unless the person says otherwise."""

POWER = 0.8


class Replacement(StrEnum):
    """What the test photos say about a replacement."""

    NOT_WORSE = "not worse"
    WORSE = "worse"
    OPEN = "not known"


@dataclass(frozen=True, kw_only=True)
class NonInferiority:
    """A candidate against the model it would replace, on the same test photos.

    Args:
        candidate, reference: run ids.
        difference, low, high: accuracy of the candidate minus that of the reference, -1..1, with its interval: 95 %,
            higher where ``comparisons`` candidates are tested at once (Bonferroni).
        most_loss: accuracy that may be lost, 0..1. photos: test photos.
        outcome: ``NOT_WORSE`` where the interval excludes a loss beyond ``most_loss``; ``WORSE`` where it lies below 0
            as a whole and does not; else ``OPEN``.
        photos_needed: about so many test photos would settle an open one, if the shares seen are the true ones; None
            where it is settled, or where no number of photos would.
    """

    candidate: str
    reference: str
    difference: float
    low: float
    high: float
    most_loss: float
    photos: int
    comparisons: int
    outcome: Replacement
    photos_needed: int | None = None


def non_inferiority(
    candidate: Predictions, reference: Predictions, *, most_loss: float = MOST_LOSS, comparisons: int = 1
) -> NonInferiority:
    """Tests that the candidate loses at most ``most_loss`` of the reference's accuracy.

    A non-inferiority test by the confidence interval of the paired difference (Piaggio et al. 2012, JAMA 308:2594;
    for paired proportions Liu et al. 2002, Stat. Med. 21:231). That a difference was not found to be significant says
    nothing: the whole interval must lie above the limit.

    Raises:
        InvalidInput: ``most_loss`` is not between 0 and 1, or the predictions are for different photos.
    """
    if not 0 < most_loss < 1:
        raise InvalidInput(f"The loss must be above 0 and below 100 points. Received: {100 * most_loss:g}")
    pair = paired(candidate, reference)
    alpha = SIGNIFICANCE / max(comparisons, 1)
    low, high = paired_interval(pair.n, pair.only_a, pair.only_b, alpha)
    if low > -most_loss:
        outcome = Replacement.NOT_WORSE
    else:
        outcome = Replacement.WORSE if high < 0 else Replacement.OPEN
    needed = _photos_needed(pair.n, pair.only_a, pair.only_b, most_loss, alpha)
    return NonInferiority(
        candidate=candidate.run_id,
        reference=reference.run_id,
        difference=pair.difference,
        low=low,
        high=high,
        most_loss=most_loss,
        photos=pair.n,
        comparisons=comparisons,
        outcome=outcome,
        photos_needed=needed if outcome is Replacement.OPEN else None,
    )


def _photos_needed(n: int, only_a: int, only_b: int, most_loss: float, alpha: float) -> int | None:
    """Test photos with which the test would succeed with this power, were the shares seen the true ones.

    Liu et al. 2002 (Stat. Med. 21:231, the Wald form): n = (z_alpha/2 + z_power)^2 (s - d^2) / (d + most_loss)^2, with
    d the difference and s the share of photos that only one of the two predicted correctly. Where none was, half a
    photo is assumed. None where the difference seen is a loss beyond the limit.
    """
    difference, decided = (only_a - only_b) / n, max(only_a + only_b, 0.5) / n
    if difference <= -most_loss:
        return None
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(POWER)
    needed = ceil((z * sqrt(max(decided - difference**2, 0.0)) / (difference + most_loss)) ** 2)
    return max(needed, n + 1)


def replacement_sentence(found: NonInferiority, names: Mapping[str, str]) -> str:
    """The outcome with its interval: "int8 is not worse than Lite0: it loses at most 0.8 points (limit 1 point)."."""
    name, other = (names.get(one, one) for one in (found.candidate, found.reference))
    interval = f"{100 * found.low:+.1f} to {100 * found.high:+.1f} points"
    on = f"on {count(found.photos, 'test photo')}"
    if found.outcome is Replacement.NOT_WORSE:
        return f"{name} is not worse than {other} by more than {points(found.most_loss)}: {interval} {on}."
    if found.outcome is Replacement.WORSE:
        return f"{name} is worse than {other}: it loses {points(found.difference)} ({interval} {on})."
    seen = f"the difference is {100 * found.difference:+.1f} points ({interval})"
    enough = (
        ""
        if found.photos_needed is None
        else f" {about(found.photos_needed, 'test photo').capitalize()} could show it."
    )
    limit = f"loses at most {points(found.most_loss)} of {other}"
    return f"{count(found.photos, 'test photo')} cannot show that {name} {limit}: {seen}.{enough}"
