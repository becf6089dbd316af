"""What an explanation is: a heat map for every network of a model, and a check of it."""

from dataclasses import dataclass

import numpy as np

from core.datasets.decoding.fit import Fit

GRAD_CAM, OCCLUSION = "Grad-CAM", "occlusion"
"""How a heat map was computed: from gradients inside the network, or by hiding parts of the photo."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HeatMap:
    """Where one network, or a whole model, saw what speaks for the class.

    Args:
        title: of the network; "" where the model has only one.
        values: (rows, columns) float32, 0..1. 0 is the average place, or less; 1 the hottest place of all maps of the
            model, where a network is made of tokens of this map. All 0 where no place stands out.
        fit, covered: what of the photo the map lies on, see ``core.explaining.framing``.
    """

    title: str
    values: np.ndarray
    fit: Fit
    covered: float = 1.0


@dataclass(frozen=True, kw_only=True)
class DeletionTest:
    """The probability of the class with a fifth of the photo hidden (after Petsiuk et al. 2018): the hottest fifth, and
    a part of the same shape elsewhere, the mean of several. Where a heat map is right, the first is lower.

    Args:
        whole: with nothing hidden.
    """

    whole: float
    hottest: float
    elsewhere: float

    @property
    def holds(self) -> bool:
        """Whether hiding the hottest part lowered the probability more than hiding other parts."""
        return self.hottest < self.elsewhere


@dataclass(frozen=True, kw_only=True, eq=False)
class MemberExplanation:
    """Why one model, or a member of a cascade, gives the class its probability.

    Args:
        run_id, title: of its run.
        probability: of the class; None where it could not be computed.
        predicted: the most probable class.
        method: ``GRAD_CAM`` or ``OCCLUSION``. because: why it is not Grad-CAM, a part of a sentence; else "".
        maps: one for each of its networks; of occlusion one. () with ``problem``.
        test: None where no place stands out, or the model has no inference graph.
        problem: why there is no heat map, one sentence; else "".
    """

    run_id: str
    title: str
    probability: float | None = None
    predicted: str = ""
    method: str = GRAD_CAM
    because: str = ""
    maps: tuple[HeatMap, ...] = ()
    test: DeletionTest | None = None
    problem: str = ""

    @property
    def empty(self) -> bool:
        """Whether there are maps, and no place stands out."""
        return bool(self.maps) and not any(one.values.any() for one in self.maps)


@dataclass(frozen=True, kw_only=True, eq=False)
class ExplainerAnswer:
    """What the process answers.

    Args:
        label: of the class that was explained. probability: that the whole model gives it. predicted: the label that it
            predicts.
        members: as of ``Explanation``.
    """

    label: int
    probability: float
    predicted: int
    members: tuple[MemberExplanation, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """Heat maps of one photo for one class.

    Args:
        run_id, title: of the model. class_name: that is explained.
        probability: that the model gives it. predicted: the class that the model predicts.
        jpeg: the photo on which the maps lie.
        members: the model itself, or of an ensemble and a confidence cascade each member.
        seconds: that it took, with the start of the process where that was needed.
    """

    run_id: str
    title: str
    class_name: str
    probability: float
    predicted: str
    jpeg: bytes
    members: tuple[MemberExplanation, ...]
    seconds: float
