"""Which finished runs to combine within a budget, by their predictions for the validation photos alone.

Ensembles: greedy forward selection (Caruana, Niculescu-Mizil, Crew, Ksikes 2004, "Ensemble selection from libraries of
models", ICML). From the run with the smallest loss on, the run is added with which the mean of the probabilities has
the smallest loss, until none is left that fits; the best of all ensembles on the way is taken. By the loss, since
selection by accuracy fits a few hundred validation photos too closely; each run once, without bagging and from one run
on, since none of these remedies helped (``docs/decisions/0035-combinations.md``). Confidence cascades: pairs of runs
with the threshold that such a run would choose (``core.models.cascades.thresholds``).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite

import numpy as np

from core.errors import InvalidInput
from core.models.cascades.thresholds import best, combined, curve
from core.recipes.recipe import Cascade
from core.runs.metrics import nll_per_photo, wilson_interval

MOST_MEMBERS = 12
"""Of an ensemble."""

MOST_COSTLY, MOST_CHEAP = 8, 24
"""Runs that are tried as the second and as the first run of a cascade: those with the smallest loss."""

_MEGABYTE = 1e6


@dataclass(frozen=True, kw_only=True)
class CombinationBudget:
    """What predicting one photo may take.

    Args:
        most_ms: milliseconds, None for any. most_mb: megabytes (10^6 bytes) of the files, None for any.
    """

    most_ms: float | None = None
    most_mb: float | None = None

    def holds(self, milliseconds: float | None, size_bytes: int) -> bool:
        """Whether this fits; a time that was not measured fits only where any does."""
        in_time = self.most_ms is None or (milliseconds is not None and milliseconds <= self.most_ms)
        return in_time and (self.most_mb is None or size_bytes <= self.most_mb * _MEGABYTE)


def checked_budget(most_ms: float | None, most_mb: float | None, mark: str = "") -> CombinationBudget:
    """Args:
        mark: before the names in an error, ``--`` on the command line.

    Raises:
        InvalidInput: one of them is no positive number.
    """
    for name, value, unit in (("most_ms", most_ms, "milliseconds"), ("most_mb", most_mb, "megabytes")):
        if value is not None and not (isfinite(value) and 0 < value < 1e9):
            shown = f"{mark}{name.replace('_', '-') if mark else name}"
            raise InvalidInput(f"{shown} must be a positive number of {unit}. Received: {shown}={value:g}")
    return CombinationBudget(most_ms=most_ms, most_mb=most_mb)


@dataclass(frozen=True, kw_only=True, eq=False)
class CombinableRun:
    """A finished run whose model can be combined with others.

    Args:
        probabilities: (n, classes) for the validation photos, of all runs in the same order.
        milliseconds: measured, of one photo; None where they are not known.
        files: bytes by SHA-256 of the files that it predicts with: equal ones are stored once.
        networks: what identifies the networks it runs: equal ones are computed once for a photo.
    """

    run_id: str
    name: str
    probabilities: np.ndarray
    milliseconds: float | None
    files: Mapping[str, int]
    networks: frozenset[Hashable] = frozenset()

    @property
    def size_bytes(self) -> int:
        return sum(self.files.values())


class SharedCosts:
    """What runs cost together.

    The time of a network that several runs share is that of the fastest run that has this network alone, its head
    included; a network that no run has alone counts for each run, so the sum is rather too high than too low.
    """

    def __init__(self, runs: Sequence[CombinableRun]) -> None:
        self._alone: dict[Hashable, float] = {}
        for run in runs:
            if len(run.networks) == 1 and run.milliseconds is not None:
                (network,) = run.networks
                self._alone[network] = min(run.milliseconds, self._alone.get(network, run.milliseconds))

    def milliseconds(self, members: Sequence[CombinableRun]) -> float | None:
        """Of one photo through all of them; None where one was not measured."""
        total, seen = 0.0, set[Hashable]()
        for member in _each_once(members):
            if member.milliseconds is None:
                return None
            shared = sum(self._alone.get(network, 0.0) for network in member.networks & seen)
            total += max(0.0, member.milliseconds - shared)
            seen |= member.networks
        return total

    @staticmethod
    def size_bytes(members: Sequence[CombinableRun]) -> int:
        """Of their files, equal ones once."""
        return sum({digest: size for member in members for digest, size in member.files.items()}.values())


def _each_once(members: Sequence[CombinableRun]) -> list[CombinableRun]:
    return list({member.run_id: member for member in members}.values())


@dataclass(frozen=True, kw_only=True)
class OfferedModel:
    """A run, or several combined, with what it reaches on the validation photos that it was chosen by.

    Args:
        cascade: how the runs are combined; None for a single run. run_ids: of the runs; of a confidence cascade the
            cheap one first.
        right: which of the validation photos it predicts correctly. loss: mean cross-entropy.
        milliseconds: of a photo, from those of the runs; of a cascade the mean. None: not measured.
        size_bytes: of the files that it predicts with. passed_on: of a cascade, the share of the validation photos.
    """

    cascade: Cascade | None
    run_ids: tuple[str, ...]
    right: tuple[bool, ...]
    loss: float
    milliseconds: float | None
    size_bytes: int
    passed_on: float | None = None

    @cached_property
    def correct(self) -> int:
        return sum(self.right)

    @property
    def accuracy(self) -> float:
        return self.correct / len(self.right)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy (Wilson)."""
        return wilson_interval(self.correct, len(self.right))

    @property
    def order(self) -> tuple[int, float, float]:
        """Larger is better: photos, then the shorter time, then the smaller loss."""
        return self.correct, -(inf if self.milliseconds is None else self.milliseconds), -self.loss


class Selection:
    """Single runs, ensembles and cascades within a budget.

    Args:
        runs: whose predictions are for the same validation photos. labels: (n,) of these.
    """

    def __init__(self, runs: Sequence[CombinableRun], labels: np.ndarray, budget: CombinationBudget) -> None:
        self._labels, self._budget, self._costs = labels, budget, SharedCosts(runs)
        self._runs = sorted(runs, key=lambda run: self._loss(run.probabilities))

    def single(self) -> OfferedModel | None:
        """The most accurate run that fits; None where none does."""
        return max(map(self._offer_of_one, self._fitting), key=lambda one: one.order, default=None)

    def ensemble(self) -> OfferedModel | None:
        """The two or more runs with the smallest loss that the greedy way comes by; None where no two fit together."""
        members = self._fitting[:1]
        total = sum(run.probabilities for run in members)
        found: tuple[float, list[CombinableRun]] | None = None
        while members and len(members) < MOST_MEMBERS:
            possible = [run for run in self._fitting if run not in members and self._fit([*members, run])]
            if not possible:
                break
            losses = [self._loss((total + run.probabilities) / (len(members) + 1)) for run in possible]
            chosen = possible[int(np.argmin(losses))]
            members, total = [*members, chosen], total + chosen.probabilities
            if found is None or min(losses) < found[0]:
                found = min(losses), members
        return None if found is None else self._offer(Cascade.ENSEMBLE, found[1], _mean(found[1]))

    def confidence(self) -> OfferedModel | None:
        """The best cascade of two runs at the threshold that it would choose; None where none fits."""
        return max(self._cascades(), key=lambda one: one.order, default=None)

    def _cascades(self) -> Iterator[OfferedModel]:
        for costly in self._runs[:MOST_COSTLY]:
            for cheap in self._runs[:MOST_CHEAP]:
                if cheap.milliseconds is None or costly.milliseconds is None:
                    continue
                alone, both = cheap.milliseconds, self._costs.milliseconds([cheap, costly])
                if both is None or alone >= costly.milliseconds or not self._budget.holds(alone, 0):
                    continue
                chosen = best(curve(cheap.probabilities, costly.probabilities, self._labels))
                rows, passed_on = combined(cheap.probabilities, costly.probabilities, chosen.threshold)
                offer = self._offer(
                    Cascade.CONFIDENCE, [cheap, costly], rows,
                    milliseconds=alone + passed_on * (both - alone), passed_on=passed_on,
                )  # fmt: skip
                if 0 < passed_on < 1 and self._budget.holds(offer.milliseconds, offer.size_bytes):
                    yield offer

    @cached_property
    def _fitting(self) -> list[CombinableRun]:
        """Runs that fit alone, the smallest loss first."""
        return [run for run in self._runs if self._fit([run])]

    def _fit(self, members: Sequence[CombinableRun]) -> bool:
        return self._budget.holds(self._costs.milliseconds(members), self._costs.size_bytes(members))

    def _loss(self, probabilities: np.ndarray) -> float:
        """Mean cross-entropy."""
        return float(nll_per_photo(probabilities, self._labels).mean())

    def _offer_of_one(self, run: CombinableRun) -> OfferedModel:
        return self._offer(None, [run], run.probabilities)

    def _offer(
        self,
        cascade: Cascade | None,
        members: Sequence[CombinableRun],
        probabilities: np.ndarray,
        *,
        milliseconds: float | None = None,
        passed_on: float | None = None,
    ) -> OfferedModel:
        return OfferedModel(
            cascade=cascade,
            run_ids=tuple(member.run_id for member in members),
            right=tuple((probabilities.argmax(axis=1) == self._labels).tolist()),
            loss=self._loss(probabilities),
            milliseconds=self._costs.milliseconds(members) if milliseconds is None else milliseconds,
            size_bytes=self._costs.size_bytes(members),
            passed_on=passed_on,
        )


def _mean(members: Sequence[CombinableRun]) -> np.ndarray:
    return np.asarray(np.mean([member.probabilities for member in members], axis=0))
