"""The data of a solver, the heads it tries, and the choice of the best one on the validation photos."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import Unavailable
from core.models.heads.dense import DenseHead
from core.models.heads.head_file import FILE, write_arrays
from core.models.heads.neighbours import NeighboursHead
from core.models.heads.trees import TreesHead
from core.runs.metrics import cross_entropy

ArrayHead = DenseHead | NeighboursHead | TreesHead


@dataclass(frozen=True, kw_only=True)
class FittedSolver:
    """A solver's result.

    Args:
        head: (n, d) features -> (n, classes) float32 probabilities.
        choice: for the card: ``chosen`` (name -> value), ``by`` (what was compared on the validation photos) and
            ``tried``: one row a candidate with its validation accuracy and loss.
        parameters: number of fitted parameters.
    """

    head: ArrayHead
    choice: dict
    parameters: int

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return self.head(features)

    def write(self, folder: Path) -> str:
        """Writes the head's file into ``folder`` and returns its name."""
        return write_arrays(folder / FILE, self.head.KIND, self.head.arrays()).name


@dataclass(frozen=True, kw_only=True)
class SolverData:
    """Features (n, d) float32 and labels (n,) of both splits.

    Args:
        full_search: see ``Hyperparameters``.
        groups: numbers of features that belong together, d in all; () for one group.
    """

    train: np.ndarray
    labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray
    seed: int
    class_weights: np.ndarray | None
    full_search: bool = False
    groups: tuple[int, ...] = ()

    @property
    def classes(self) -> int:
        return int(max(self.labels.max(), self.validation_labels.max())) + 1

    @property
    def balance(self) -> dict[int, float] | None:
        """The weights by label, as scikit-learn takes them."""
        return None if self.class_weights is None else dict(enumerate(self.class_weights.tolist()))


@dataclass(frozen=True)
class HeadCandidate:
    """One head that was tried, with its metrics on validation."""

    settings: dict
    head: ArrayHead
    accuracy: float
    loss: float

    def row(self) -> dict:
        return self.settings | {"accuracy": self.accuracy, "loss": self.loss}


def candidate_of(settings: dict, head: ArrayHead, data: SolverData) -> HeadCandidate:
    probabilities = head(data.validation)
    right = probabilities.argmax(axis=1) == data.validation_labels
    return HeadCandidate(settings, head, float(right.mean()), cross_entropy(probabilities, data.validation_labels))


_RULES: dict[str, Callable[[HeadCandidate], Any]] = {
    "validation loss": lambda one: one.loss,
    "validation accuracy": lambda one: (-one.accuracy, one.loss),
}


def best_of(
    candidates: Iterable[HeadCandidate], by: str, parameters: Callable[[ArrayHead], int], **more: Any
) -> FittedSolver:
    """The best candidate by a rule; of equal ones the first."""
    tried = list(candidates)
    best = min(tried, key=_RULES[by])
    choice = {"chosen": best.settings | more, "by": by, "tried": [one.row() for one in tried]}
    return FittedSolver(head=best.head, choice=choice, parameters=parameters(best.head))


def check(head: ArrayHead, expected: np.ndarray, data: SolverData) -> None:
    """Compares the head's probabilities with scikit-learn's."""
    difference = float(np.abs(head(data.validation) - expected).max(initial=0.0))
    if not difference < 1e-3:
        raise Unavailable(
            f"The stored head differs from scikit-learn's by {difference:.1e}. "
            "Install the versions in requirements.txt."
        )


def until_worse(candidates: Iterable[HeadCandidate]) -> Iterator[HeadCandidate]:
    """Candidates in the given order (weaker regularisation each time) until the loss has risen twice in a row."""
    before, rises = math.inf, 0
    for one in candidates:
        yield one
        rises, before = rises + 1 if one.loss > before else 0, one.loss
        if rises == 2:
            return


C_STEP = math.sqrt(10)
C_RANGE = (1e-6, 1e4)
_LEAST_GAIN = 1e-4
"""A loss that falls by less is no better: on photos that are separated perfectly it falls for ever."""


def inside(first: float, fit: Callable[[float], HeadCandidate]) -> list[HeadCandidate]:
    """Candidates at values of C a factor of ``C_STEP`` apart, the smallest first: from ``first`` in both directions
    until two in a row are no better. So the best one has neighbours, unless it is at an end of ``C_RANGE``."""
    upward = _until_no_better(map(fit, _path(first, C_STEP)), math.inf)
    least = min(one.loss for one in upward)
    downward = _until_no_better(map(fit, _path(first / C_STEP, 1 / C_STEP)), least)
    return [*reversed(downward), *upward]


def _path(start: float, factor: float) -> Iterator[float]:
    value = start
    while C_RANGE[0] <= value <= C_RANGE[1]:
        yield float(f"{value:.2g}")
        value *= factor


def _until_no_better(candidates: Iterable[HeadCandidate], least: float) -> list[HeadCandidate]:
    found, in_vain = [], 0
    for one in candidates:
        found.append(one)
        in_vain = in_vain + 1 if one.loss > least - _LEAST_GAIN else 0
        least = min(least, one.loss)
        if in_vain == 2:
            break
    return found
