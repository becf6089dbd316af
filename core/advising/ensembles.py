"""Which finished runs to combine within a budget, by their predictions for the validation photos alone.

Ensembles: greedy forward selection (Caruana, Niculescu-Mizil, Crew, Ksikes 2004, "Ensemble selection from libraries of
models", ICML). From the best run of each network on, the run is added with which the mean of the probabilities has the
smallest loss, until none is left that fits; the best of all ensembles on these ways is taken. By the loss, since
selection by accuracy fits a few hundred validation photos too closely; each run once and without bagging, since neither
helped (``docs/decisions/0035-combinations.md``). Confidence cascades: pairs of runs with the threshold that such a run
would choose (``core.models.cascades.thresholds``).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite

import numpy as np

from core.errors import InvalidInput
from core.models.cascades.thresholds import best, combined, curve
from core.recipes.patterns import Cascade
from core.runs.metrics import wilson_interval

MOST_MEMBERS = 12
"""Of an ensemble."""

MOST_STARTS = 8
"""Runs that the greedy selection starts from."""

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
    """A run, or several combined, with what it reaches on the validation photos.

    Args:
        cascade: how the runs are combined; None for a single run. run_ids: of the runs; of a confidence cascade the
            cheap one first.
        right: which of the validation photos are predicted correctly: by the run; of a combination, by one that was
            chosen in the same way without them.
        fitted_accuracy: on the photos that chose it, rather too high.
        milliseconds: of a photo, from those of the runs; of a cascade the mean. None: not measured.
        size_bytes: of the files that it predicts with.
        threshold, passed_on: of a cascade, and the share of the validation photos that it passes on.
    """

    cascade: Cascade | None
    run_ids: tuple[str, ...]
    right: tuple[bool, ...]
    fitted_accuracy: float
    milliseconds: float | None
    size_bytes: int
    threshold: float | None = None
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
    def order(self) -> tuple[int, float]:
        """Larger is better: photos, then the shorter time."""
        return self.correct, -(inf if self.milliseconds is None else self.milliseconds)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Choice:
    """What was chosen, and its probabilities for the photos that chose."""

    cascade: Cascade | None
    members: tuple[CombinableRun, ...]
    probabilities: np.ndarray
    milliseconds: float | None
    size_bytes: int
    threshold: float | None = None
    passed_on: float | None = None

    def predict(self, of_run: Mapping[str, np.ndarray]) -> np.ndarray:
        """Labels of other photos, from the probabilities of the runs by their ids."""
        rows = [of_run[member.run_id] for member in self.members]
        if self.threshold is None:
            return np.asarray(np.mean(rows, axis=0).argmax(axis=1))
        return np.asarray(combined(rows[0], rows[1], self.threshold)[0].argmax(axis=1))


PARTS = 5
"""Of the validation photos: each is held out once."""


def best_offers(
    runs: Sequence[CombinableRun], labels: np.ndarray, budget: CombinationBudget
) -> dict[Cascade | None, OfferedModel]:
    """The best single run (None), ensemble and confidence cascade within a budget, those that there are.

    A combination is judged on held-out photos: each fifth of the photos is predicted by what the other four fifths
    choose. What is chosen by few photos looks better on them than it is, the more so the more there was to choose from:
    of cascades, pairs and thresholds (Cawley and Talbot 2010, JMLR 11). The single run keeps the accuracy on the photos
    that chose it, so that a combination must be better than that to be preferred.

    Args:
        runs: whose predictions are for the same validation photos. labels: (n,) of these, ordered by class.
    """
    selection = _Selection(runs, labels, budget)
    chosen = {kind: choice for kind in _KINDS if (choice := selection.choose(kind)) is not None}
    held_out = {kind: np.zeros(len(labels), bool) for kind in chosen if kind is not None}
    for part in range(min(PARTS, len(labels))):
        out = np.arange(len(labels)) % PARTS == part
        if out.all():
            break
        inside = [replace(run, probabilities=run.probabilities[~out]) for run in runs]
        others = {run.run_id: run.probabilities[out] for run in runs}
        parted = _Selection(inside, labels[~out], budget)
        for kind in held_out:
            choice = parted.choose(kind) or parted.choose(None)
            if choice is not None:
                held_out[kind][out] = choice.predict(others) == labels[out]
    return {kind: _offer(choice, labels, held_out[kind] if kind else None) for kind, choice in chosen.items()}


_KINDS = (None, Cascade.ENSEMBLE, Cascade.CONFIDENCE)


def _offer(choice: _Choice, labels: np.ndarray, held_out: np.ndarray | None) -> OfferedModel:
    right = choice.probabilities.argmax(axis=1) == labels
    return OfferedModel(
        cascade=choice.cascade,
        run_ids=tuple(member.run_id for member in choice.members),
        right=tuple((right if held_out is None else held_out).tolist()),
        fitted_accuracy=float(right.mean()),
        milliseconds=choice.milliseconds,
        size_bytes=choice.size_bytes,
        threshold=choice.threshold,
        passed_on=choice.passed_on,
    )


class _Selection:
    """What some photos choose within a budget."""

    def __init__(self, runs: Sequence[CombinableRun], labels: np.ndarray, budget: CombinationBudget) -> None:
        self._labels, self._budget, self._costs = labels, budget, SharedCosts(runs)
        self._of_true_class = {run.run_id: _of_true_class(run.probabilities, labels) for run in runs}
        self._runs = sorted(runs, key=lambda run: float(_loss(self._of_true_class[run.run_id])))

    def choose(self, kind: Cascade | None) -> _Choice | None:
        """The best of its kind; None where none fits."""
        if kind is Cascade.ENSEMBLE:
            return self._ensemble()
        return self._cascade() if kind is Cascade.CONFIDENCE else self._single()

    def _single(self) -> _Choice | None:
        """The most accurate run, of equals the faster one."""
        offers = [self._choice(None, [run], run.probabilities) for run in self._fitting]
        return max(offers, key=self._by_accuracy, default=None)

    def _ensemble(self) -> _Choice | None:
        """The two or more runs with the smallest loss that the greedy ways come by; None where no two fit together."""
        ways = [way for first in self._starts() if (way := self._greedy(first)) is not None]
        if not ways:
            return None
        _, members = min(ways, key=lambda way: way[0])
        mean = np.asarray(np.mean([member.probabilities for member in members], axis=0, dtype=np.float64))
        return self._choice(Cascade.ENSEMBLE, members, mean)

    def _starts(self) -> list[CombinableRun]:
        """The run with the smallest loss on each network: under a narrow budget the best run may leave room for no
        second network, where two cheaper ones are better together."""
        of_network: dict[Hashable, CombinableRun] = {}
        for run in self._fitting:
            of_network.setdefault(run.networks or run.run_id, run)
        return list(of_network.values())[:MOST_STARTS]

    def _greedy(self, first: CombinableRun) -> tuple[float, list[CombinableRun]] | None:
        """Loss and members of the best ensemble on the way from one run on; None where no second one fits."""
        members, total = [first], self._of_true_class[first.run_id]
        found: tuple[float, list[CombinableRun]] | None = None
        while len(members) < MOST_MEMBERS:
            possible = [run for run in self._fitting if run not in members and self._fit([*members, run])]
            if not possible:
                break
            added = np.stack([self._of_true_class[run.run_id] for run in possible])
            losses = _loss((total + added) / (len(members) + 1))
            best_one = int(np.argmin(losses))
            members, total = [*members, possible[best_one]], total + added[best_one]
            if found is None or losses[best_one] < found[0]:
                found = float(losses[best_one]), members
        return found

    def _cascade(self) -> _Choice | None:
        """The most accurate pair at the threshold that it would choose."""
        return max(self._cascades(), key=self._by_accuracy, default=None)

    def _cascades(self) -> Iterator[_Choice]:
        for costly in self._runs[:MOST_COSTLY]:
            for cheap in self._runs[:MOST_CHEAP]:
                if cheap.milliseconds is None or costly.milliseconds is None:
                    continue
                alone, both = cheap.milliseconds, self._costs.milliseconds([cheap, costly])
                if both is None or alone >= costly.milliseconds or not self._budget.holds(alone, 0):
                    continue
                threshold = best(curve(cheap.probabilities, costly.probabilities, self._labels)).threshold
                rows, passed_on = combined(cheap.probabilities, costly.probabilities, threshold)
                choice = _Choice(
                    cascade=Cascade.CONFIDENCE, members=(cheap, costly), probabilities=rows,
                    milliseconds=alone + passed_on * (both - alone), size_bytes=self._costs.size_bytes([cheap, costly]),
                    threshold=threshold, passed_on=passed_on,
                )  # fmt: skip
                if 0 < passed_on < 1 and self._budget.holds(choice.milliseconds, choice.size_bytes):
                    yield choice

    @cached_property
    def _fitting(self) -> list[CombinableRun]:
        """Runs that fit alone, the smallest loss first."""
        return [run for run in self._runs if self._fit([run])]

    def _fit(self, members: Sequence[CombinableRun]) -> bool:
        return self._budget.holds(self._costs.milliseconds(members), self._costs.size_bytes(members))

    def _by_accuracy(self, choice: _Choice) -> tuple[int, float, float]:
        """Larger is better: photos, then the shorter time, then the smaller loss."""
        right = int((choice.probabilities.argmax(axis=1) == self._labels).sum())
        time = inf if choice.milliseconds is None else choice.milliseconds
        return right, -time, -float(_loss(_of_true_class(choice.probabilities, self._labels)))

    def _choice(self, cascade: Cascade | None, members: Sequence[CombinableRun], probabilities: np.ndarray) -> _Choice:
        return _Choice(
            cascade=cascade,
            members=tuple(members),
            probabilities=probabilities,
            milliseconds=self._costs.milliseconds(members),
            size_bytes=self._costs.size_bytes(members),
        )


def _of_true_class(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) all that the loss depends on."""
    return np.asarray(probabilities[np.arange(len(labels)), labels], np.float64)


def _loss(of_true_class: np.ndarray) -> np.ndarray:
    """Mean cross-entropy along the last axis, clipped as in ``core.runs.metrics.cross_entropy``."""
    return np.asarray(-np.log(np.clip(of_true_class, 1e-7, 1.0)).mean(axis=-1))
