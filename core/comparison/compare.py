"""Several runs of one dataset compared: ranks, costs, paired tests and Pareto fronts in one value."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from math import isclose, isfinite

import numpy as np

from core.comparison.cost_axes import COSTS
from core.comparison.paired import Family, Paired, paired
from core.comparison.resampling import MetricDifference, metric_differences
from core.comparison.statistics import holm, mcnemar_many
from core.comparison.subset import PhotoSubset, evaluation_on, run_on
from core.comparison.table import Row, leaderboard, pareto_front
from core.comparison.verdict import Standing, Verdict, board_of, verdict
from core.errors import InvalidInput
from core.recipes.differences import Difference, differing
from core.runs.metrics import cross_entropy, right_bits
from core.runs.predictions import Predictions
from core.runs.values import Cost, Evaluation, Run, Status

MOST_LISTED = 20
"""Runs of which every two are listed; of more, only the best against each other one."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Runs of one dataset side by side; the page shows this and ``core compare --json`` prints it.

    Args:
        rows: every run, best first, named so that no two read the same.
        predictions: for the test photos, of the runs that have them, by run id in the order of ``rows``.
        evaluations: of the runs that were measured, by run id.
        verdict: on these runs, or on a larger set that these are the best of; None where none was measured.
        pareto: by key of ``COSTS``, for costs that were measured: the runs that nothing cheaper beats, cheapest first.
        differing: what is not the same in all recipes.
        missing: by run id, why a run has no predictions: it is not finished, or its file is missing or damaged.
        subset: the test photos that all of it is about; None for all photos.
        ranks_with_all: of a subset, by run id the rank of the runs that have one with all photos.
    """

    dataset_id: str
    class_names: tuple[str, ...]
    rows: tuple[Row, ...]
    predictions: Mapping[str, Predictions]
    evaluations: Mapping[str, Evaluation]
    verdict: Verdict | None
    pareto: Mapping[str, tuple[str, ...]]
    differing: tuple[Difference, ...]
    missing: Mapping[str, str]
    subset: PhotoSubset | None = None
    ranks_with_all: Mapping[str, int] = field(default_factory=dict)
    _tested: dict[tuple[str, str], Paired] = field(default_factory=dict, repr=False, compare=False)
    _resampled: dict[tuple[str, str], tuple[MetricDifference, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def against_best(self) -> tuple[Paired, ...]:
        """The best run against each other one that has predictions, in their order."""
        best = None if self.verdict is None else self.verdict.best.run_id
        if best is None or best not in self.predictions:
            return ()
        return tuple(self.pair(best, other) for other in self.predictions if other != best)

    @property
    def other_pairs(self) -> tuple[Paired, ...]:
        """Every other two runs that have predictions; empty for more than 20 runs."""
        best = None if self.verdict is None else self.verdict.best.run_id
        others = [run_id for run_id in self.predictions if run_id != best]
        return tuple(self.pair(a, b) for a, b in combinations(others, 2)) if len(others) < MOST_LISTED else ()

    @property
    def pairs(self) -> tuple[Paired, ...]:
        """``against_best``, then ``other_pairs``."""
        return self.against_best + self.other_pairs

    @property
    def names(self) -> dict[str, str]:
        """By run id."""
        return {row.run.id: row.name for row in self.rows}

    def pair(self, a: str, b: str) -> Paired:
        """Two of the runs head to head, a against b.

        A pair with the best run has the p-value of the verdict. Any other pair is corrected for every two of the runs
        (Holm), and is not called different unless the best run is better than the less accurate of the two: so no run
        is said to be better than one that the best run cannot be distinguished from.

        Raises:
            InvalidInput: one of them has no predictions, or is not among the runs.
        """
        for run_id in (a, b):
            self._require(run_id)
        if (a, b) not in self._tested:
            self._tested[a, b] = self._tested[b, a].turned if (b, a) in self._tested else self._corrected(a, b)
        return self._tested[a, b]

    def _corrected(self, a: str, b: str) -> Paired:
        pair = paired(self.predictions[a], self.predictions[b])
        best = None if self.verdict is None else self.verdict.best.run_id
        known = self._against(b if a == best else a) if best in (a, b) else None
        if known is not None and self.verdict is not None:
            return pair.corrected(known, self.verdict.comparisons, Family.BEST)
        adjusted_p = float(self._every_two[self._places[a], self._places[b]])
        gate = self._against(b if pair.difference > 0 else a)
        runs = len(self.predictions)
        return pair.corrected(max(adjusted_p, gate or 0.0), runs * (runs - 1) // 2, Family.EVERY)

    def _against(self, run_id: str) -> float | None:
        """The corrected p-value of a run against the best."""
        return None if self.verdict is None else self.verdict.p_value(run_id)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {run_id: place for place, run_id in enumerate(self.predictions)}

    @cached_property
    def _every_two(self) -> np.ndarray:
        """(k, k) p-values of every two runs that have predictions, corrected for their number."""
        right = np.array([one.sorted.correct for one in self.predictions.values()], dtype=np.float32)
        only = np.rint(right @ (1 - right).T).astype(np.int64)
        above = np.triu_indices(len(right), 1)
        found = np.ones(only.shape)
        found[above] = holm(mcnemar_many(only[above], only.T[above]))
        return np.minimum(found, found.T)

    def metrics(self, a: str, b: str) -> tuple[MetricDifference, ...]:
        """Every metric of two of the runs with the interval of its difference; resampled once, accuracy as in ``pair``.

        Raises:
            InvalidInput: one of them has no predictions, or is not among the runs.
        """
        for run_id in (a, b):
            self._require(run_id)
        if (a, b) not in self._resampled:
            exact = self.pair(a, b)
            self._resampled[a, b] = tuple(
                replace(one, low=exact.low, high=exact.high) if one.metric == "accuracy" else one
                for one in metric_differences(self.predictions[a], self.predictions[b])
            )
        return self._resampled[a, b]

    def _require(self, run_id: str) -> None:
        if run_id not in self.predictions:
            raise InvalidInput(self.missing.get(run_id, f"Run {run_id} is not among the compared runs."))


def compare(
    runs: Sequence[Run],
    *,
    costs: Mapping[str, Cost],
    evaluations: Mapping[str, Evaluation],
    predictions: Mapping[str, Predictions],
    missing: Mapping[str, str],
    class_names: Sequence[str],
    rate_per_hour: float | None = None,
    among: Verdict | None = None,
) -> Comparison:
    """Compare runs of one dataset, finished or not.

    Args:
        costs, evaluations, predictions: by run id; runs may be missing.
        missing: by run id, why there are no predictions; not needed for unfinished runs.
        rate_per_hour: price of an hour of training, for the money columns.
        among: the verdict on a larger set that these runs are the best of; by default on these runs.

    Raises:
        SeveralDatasets: the runs belong to several datasets. InvalidInput: no run was given.
    """
    if not runs:
        raise InvalidInput("Choose at least one run to compare. Received: none")
    rows = leaderboard(runs, costs, evaluations=evaluations, rate_per_hour=rate_per_hour)
    known = [predictions[row.run.id] for row in rows if row.run.id in predictions]
    usable, problems = _usable(known, evaluations, class_names)
    found = among or verdict(board_of(runs, costs, evaluations, {one.run_id: one for one in usable}), fold=False)
    return Comparison(
        dataset_id=runs[0].dataset_id,
        class_names=tuple(class_names),
        rows=_with_ties(rows, found),
        predictions={one.run_id: one for one in usable},
        evaluations={run.id: evaluations[run.id] for run in runs if run.id in evaluations},
        verdict=found,
        pareto=_fronts(rows),
        differing=differing({row.run.id: row.run.recipe for row in rows}),
        missing=_why(rows, usable, {**missing, **problems}),
    )


def compare_on(
    subset: PhotoSubset,
    runs: Sequence[Run],
    *,
    costs: Mapping[str, Cost],
    evaluations: Mapping[str, Evaluation],
    predictions: Mapping[str, Predictions],
    missing: Mapping[str, str],
    class_names: Sequence[str],
    rate_per_hour: float | None = None,
    among: Verdict | None = None,
) -> Comparison:
    """``compare`` on some of the test photos: all metrics, intervals and tests are computed again from the predictions.

    Args:
        evaluations, predictions: on all photos. among: a verdict on the same photos.

    Raises: as ``compare``.
    """
    before = leaderboard(runs, costs, evaluations=evaluations)
    usable, problems = _usable(list(predictions.values()), evaluations, class_names)
    predicted = {one.run_id: subset.predictions(one) for one in usable if set(one.digests) == set(subset.digests)}
    measured = {run_id: evaluation_on(one, class_names) for run_id, one in predicted.items()}
    found = compare(
        [run_on(run, measured[run.id].accuracy if run.id in measured else None, subset.photos) for run in runs],
        costs=costs,
        evaluations=measured,
        predictions=predicted,
        missing={**missing, **problems},
        class_names=class_names,
        rate_per_hour=rate_per_hour,
        among=among,
    )
    ranks = {row.run.id: row.rank for row in before if row.rank is not None}
    return replace(found, subset=subset, ranks_with_all=ranks)


def _usable(
    predictions: Sequence[Predictions], evaluations: Mapping[str, Evaluation], class_names: Sequence[str]
) -> tuple[tuple[Predictions, ...], dict[str, str]]:
    """Predictions that can be compared photo by photo, best run first; and by run id why the others cannot."""
    found, problems = [], {}
    for one in predictions:
        try:
            one.require_classes(class_names)
            _require_measured(one, evaluations.get(one.run_id))
            found.append(one)
        except InvalidInput as error:
            problems[one.run_id] = str(error)
    usual = Counter(map(_photos, found)).most_common(1)  # the majority, so that one odd file excludes itself only
    problems |= {
        one.run_id: f"Run {one.run_id} has predictions for other test photos than the others, so it is not compared."
        for one in found
        if _photos(one) != usual[0][0]
    }
    return tuple(one for one in found if one.run_id not in problems), problems


def _photos(one: Predictions) -> tuple[int, bytes]:
    """Equal for runs with predictions for the same photos of the same classes, and practically never else."""
    return hash(one.sorted.digests), one.sorted.labels.tobytes()


def _require_measured(predictions: Predictions, evaluation: Evaluation | None) -> None:
    """Raises InvalidInput when other predictions were evaluated: the tests would contradict the metrics beside them."""
    found = "" if evaluation is None else _unlike(predictions, evaluation)
    if found:
        raise InvalidInput(
            f"The stored predictions of run {predictions.run_id} are not those that were measured: {found}. "
            "Train it again."
        )


def _unlike(predictions: Predictions, evaluation: Evaluation) -> str:
    """How the file differs from what was evaluated; "" where it does not."""
    right, n, measured = predictions.correct, len(predictions.labels), round(evaluation.accuracy * evaluation.n)
    if (int(right.sum()), n) != (measured, evaluation.n):
        return f"{right.sum()} of {n} are right, {evaluation.accuracy:.1%} of {evaluation.n} were"
    if evaluation.right not in (None, right_bits(right, predictions.digests)):
        return f"{measured} of {n} are right, as then, but not the same photos"
    loss = cross_entropy(predictions.probabilities, predictions.labels)
    if isfinite(evaluation.loss) and not isclose(loss, evaluation.loss, rel_tol=1e-3, abs_tol=1e-6):
        return f"their log-loss is {loss:.3f}, it was {evaluation.loss:.3f}"
    return ""


def _with_ties(rows: Iterable[Row], found: Verdict | None) -> tuple[Row, ...]:
    def tie(run_id: str) -> bool | None:
        standing = None if found is None else found.standing(run_id)
        return None if standing is None else standing is not Standing.WORSE

    return tuple(replace(row, tie_with_best=tie(row.run.id)) for row in rows)


def _fronts(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    fronts = {key: tuple(row.run.id for row in pareto_front(rows, key)) for key in COSTS}
    return {key: ids for key, ids in fronts.items() if ids}


def _why(rows: Sequence[Row], usable: Sequence[Predictions], known: Mapping[str, str]) -> dict[str, str]:
    there = {one.run_id for one in usable}
    return {row.run.id: _reason(row, known) for row in rows if row.run.id not in there}


def _reason(row: Row, known: Mapping[str, str]) -> str:
    if row.run.status is not Status.FINISHED:
        return f"Run {row.run.id} is {row.run.status}, not finished: it has no predictions for the test photos."
    return known.get(row.run.id, f"The predictions of run {row.run.id} for the test photos were not read.")
