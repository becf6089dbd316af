"""Photos unlike anything in training: those whose features are far from those of all training photos.

The novelty of a photo is its distance to the nearest training photos (Sun et al. 2022, see ``neighbours``). How far is
unusual is learned from validation photos, which training did not see either: the conformal test for outliers (Laxhammar
and Falkman 2010; Bates, Candes, Lei, Romano and Sesia 2023, "Testing for outliers with conformal p-values"). Of
ordinary photos at most ``false_alarms`` are taken for unusual, whatever the network and the distances are. Arrays only.
"""

from dataclasses import dataclass
from math import floor

import numpy as np

NEIGHBOURS = 3
"""The novelty of a photo is its mean distance to this many nearest training photos."""

FALSE_ALARMS = 0.01
"""Fraction of ordinary photos that may be taken for unusual, where there are validation photos enough."""
MOST_FALSE_ALARMS = 0.05
"""With fewer photos the fraction is larger, up to this one."""

_TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class NearestPhoto:
    """A training photo near a photo.

    Args:
        digest: names its file in the dataset's folder. file: as it was called in the upload.
        distance: 0 (equal features) to 2, see ``core.models.neighbours``.
    """

    digest: str
    file: str
    class_name: str
    distance: float


@dataclass(frozen=True, kw_only=True)
class Novelty:
    """Whether a photo is unlike anything in training, as one model sees it.

    Args:
        unlike: its ``distance`` is above ``threshold``.
        distance: mean to the nearest training photos; None where it was not measured.
        threshold: None where there are too few validation photos to choose one.
        false_alarms: at most this fraction of ordinary photos is above the threshold.
        photos: validation photos that it was chosen from.
        nearest: training photos, the nearest first.
        source: of the features: "features of EfficientNet-Lite0".
        problem: why it was not measured, or has no threshold, one sentence; else empty.
    """

    unlike: bool = False
    distance: float | None = None
    threshold: float | None = None
    false_alarms: float | None = None
    photos: int = 0
    nearest: tuple[NearestPhoto, ...] = ()
    source: str = ""
    problem: str = ""

    @property
    def finding(self) -> str:
        """For a person: what was found, or why not."""
        if self.problem:
            return self.problem
        if self.unlike:
            return "Unlike anything in training: the confidence of the prediction does not hold for such a photo."
        return "Like the training photos."

    @property
    def rate(self) -> str:
        """For a person: how often an ordinary photo is taken for unlike; "" where that is not known."""
        if not self.false_alarms:
            return ""
        return f"False alarms: at most 1 in {floor(1 / self.false_alarms + _TINY)} ordinary photos."

    @property
    def sentence(self) -> str:
        """Both."""
        return f"{self.finding} {self.rate}".strip()


@dataclass(frozen=True, kw_only=True)
class NoveltyThreshold:
    """From which novelty on a photo is unusual. Fields as in ``Novelty``."""

    threshold: float | None
    false_alarms: float | None
    photos: int

    def is_unlike(self, distance: float) -> bool:
        return self.threshold is not None and distance > self.threshold

    @property
    def problem(self) -> str:
        """Why there is no threshold; "" where there is one."""
        if self.threshold is not None:
            return ""
        needed = round(1 / MOST_FALSE_ALARMS) - 1
        return f"Too few validation photos to say what is unlike training: {needed} needed, {self.photos} there."


def fit_threshold(novelties: np.ndarray) -> NoveltyThreshold:
    """The threshold above which at most ``FALSE_ALARMS`` of ordinary photos are.

    A photo is unusual if its p-value, (1 + number of validation photos at least as novel) / (n + 1), is at most this
    rate. With n below 99 the smallest rate that is possible, 1 / (n + 1), is taken, up to ``MOST_FALSE_ALARMS``.

    Args:
        novelties: (n,) of validation photos.
    """
    n = len(novelties)
    rate = max(FALSE_ALARMS, 1 / (n + 1))
    if rate > MOST_FALSE_ALARMS + _TINY:
        return NoveltyThreshold(threshold=None, false_alarms=None, photos=n)
    above = floor(rate * (n + 1) + _TINY)  # of the n + 1 photos, the new one counted
    return NoveltyThreshold(threshold=float(np.sort(novelties)[n - above]), false_alarms=above / (n + 1), photos=n)


def novelty_of(distances: np.ndarray) -> np.ndarray:
    """(m,) novelty of m photos, from their distances (m, n) to all training photos."""
    most = min(NEIGHBOURS, distances.shape[1])
    return np.asarray(np.partition(distances, most - 1, axis=1)[:, :most].mean(axis=1))
