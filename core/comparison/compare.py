"""Everything that may honestly be said about several runs of one dataset, as one value."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import isclose, isfinite

from core.comparison.cost_axes import COSTS
from core.comparison.paired import Paired, RightAnswers, adjusted, pair_of, paired, right_answers
from core.comparison.photos import PhotoResults, require_classes
from core.comparison.resampling import MetricDifference, metric_differences
from core.comparison.table import Row, leaderboard, pareto_front
from core.errors import InvalidInput
from core.recipes.differences import Difference, differing
from core.runs.metrics import cross_entropy, right_bits
from core.runs.values import Cost, Evaluation, Run, Status

MOST_ALL_PAIRS = 20
"""Runs of which every two are tested; of more, only the best against each other one."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Runs of one dataset side by side; the page shows this and ``core compare --json`` prints it.

    Args:
        rows: every run, best first, named so that no two read the same.
        results: answers per test photo of the runs that have them, by run id in the order of ``rows``.
        evaluations: of the runs that were measured, by run id.
        pairs: the best run that has answers against each other one (``adjusted_p`` is Holm's over these), then every
            other two runs, when there are at most 20 (their ``adjusted_p`` is not corrected).
        pareto: by key of ``COSTS``, for costs that were measured: the runs that nothing cheaper beats, cheapest first.
        differing: what is not the same in all recipes.
        missing: by run id, why a run has no answers: it is not finished, or its files are gone or damaged.
    """

    dataset_id: str
    class_names: tuple[str, ...]
    rows: tuple[Row, ...]
    results: Mapping[str, PhotoResults]
    evaluations: Mapping[str, Evaluation]
    pairs: tuple[Paired, ...]
    pareto: Mapping[str, tuple[str, ...]]
    differing: tuple[Difference, ...]
    missing: Mapping[str, str]
    _resampled: dict[tuple[str, str], tuple[MetricDifference, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def against_best(self) -> tuple[Paired, ...]:
        """The best run that has answers against each other one."""
        return self.pairs[: max(0, len(self.results) - 1)]

    @property
    def names(self) -> dict[str, str]:
        """By run id."""
        return {row.run_id: row.name for row in self.rows}

    def pair(self, a: str, b: str) -> Paired:
        """Two of the runs head to head, a against b, without correction for others.

        Raises:
            InvalidInput: one of them has no answers, or is not among the runs.
        """
        for run_id in (a, b):
            self._require(run_id)
        return paired(self.results[a], self.results[b])

    def metrics(self, a: str, b: str) -> tuple[MetricDifference, ...]:
        """Every figure of two of the runs with the interval of its difference; resampled once, accuracy as in ``pair``.

        Raises:
            InvalidInput: one of them has no answers, or is not among the runs.
        """
        for run_id in (a, b):
            self._require(run_id)
        if (a, b) not in self._resampled:
            exact = self.pair(a, b)
            self._resampled[a, b] = tuple(
                replace(one, low=exact.low, high=exact.high) if one.metric == "accuracy" else one
                for one in metric_differences(self.results[a], self.results[b])
            )
        return self._resampled[a, b]

    def _require(self, run_id: str) -> None:
        if run_id not in self.results:
            raise InvalidInput(self.missing.get(run_id, f"Run {run_id} is not among the compared runs."))


def compare(
    runs: Sequence[Run],
    *,
    costs: Mapping[str, Cost],
    evaluations: Mapping[str, Evaluation],
    results: Mapping[str, PhotoResults],
    missing: Mapping[str, str],
    class_names: Sequence[str],
    rate_per_hour: float | None = None,
) -> Comparison:
    """Compare runs of one dataset, finished or not.

    Args:
        costs, evaluations, results: by run id; runs may be missing.
        missing: by run id, why there are no results; unfinished runs need none.
        rate_per_hour: price of an hour of training, for the money columns.

    Raises:
        SeveralDatasets: the runs belong to several datasets. InvalidInput: no run was given.
    """
    if not runs:
        raise InvalidInput("Choose at least one run to compare. Received: none")
    rows = leaderboard(runs, costs, evaluations=evaluations, rate_per_hour=rate_per_hour)
    answered = [results[row.run_id] for row in rows if row.run_id in results]
    usable, problems = _usable(answered, evaluations, class_names)
    first, others = _pairs(usable)
    return Comparison(
        dataset_id=runs[0].dataset_id,
        class_names=tuple(class_names),
        rows=_with_ties(rows, usable, first),
        results={answers.run_id: results[answers.run_id] for answers in usable},
        evaluations={run.id: evaluations[run.id] for run in runs if run.id in evaluations},
        pairs=first + others,
        pareto=_fronts(rows),
        differing=differing({row.run_id: row.recipe for row in rows}),
        missing=_why(rows, usable, {**missing, **problems}),
    )


def _usable(
    results: Sequence[PhotoResults], evaluations: Mapping[str, Evaluation], class_names: Sequence[str]
) -> tuple[tuple[RightAnswers, ...], dict[str, str]]:
    """Answers that can be laid upon each other, best run first; why the others cannot."""
    found, problems = [], {}
    for one in results:
        try:
            require_classes(one, class_names)
            _require_measured(one, evaluations.get(one.run_id))
            found.append(right_answers(one))
        except InvalidInput as error:
            problems[one.run_id] = str(error)
    usual = Counter(answers.photos for answers in found).most_common(1)  # one odd file makes no others look odd
    problems |= {
        answers.run_id: f"Run {answers.run_id} answered other test photos than the other runs, so it is not compared."
        for answers in found
        if answers.photos != usual[0][0]
    }
    return tuple(answers for answers in found if answers.run_id not in problems), problems


def _require_measured(results: PhotoResults, evaluation: Evaluation | None) -> None:
    """Raises InvalidInput when other answers were measured: the tests would contradict the figures beside them."""
    found = "" if evaluation is None else _unlike(results, evaluation)
    if found:
        raise InvalidInput(
            f"The stored answers of run {results.run_id} are not those that were measured: {found}. Train it again."
        )


def _unlike(results: PhotoResults, evaluation: Evaluation) -> str:
    """What shows that other answers were measured; "" where nothing does."""
    right, n, measured = results.right, len(results.labels), round(evaluation.accuracy * evaluation.n)
    if (int(right.sum()), n) != (measured, evaluation.n):
        return f"{right.sum()} of {n} are right, {evaluation.accuracy:.1%} of {evaluation.n} were"
    if evaluation.right not in (None, right_bits(right, results.digests)):
        return f"{measured} of {n} are right, as then, but not the same photos"
    loss = cross_entropy(results.probabilities, results.labels)
    if isfinite(evaluation.loss) and not isclose(loss, evaluation.loss, rel_tol=1e-3, abs_tol=1e-6):
        return f"their log-loss is {loss:.3f}, it was {evaluation.loss:.3f}"
    return ""


def _pairs(answers: Sequence[RightAnswers]) -> tuple[tuple[Paired, ...], tuple[Paired, ...]]:
    """The first against each other one, corrected for their number; then every other two, if they are not too many."""
    if len(answers) < 2:
        return (), ()
    best, *others = answers
    first = adjusted([pair_of(best, other) for other in others])
    rest = combinations(others, 2) if len(answers) <= MOST_ALL_PAIRS else ()
    return first, tuple(pair_of(one, other) for one, other in rest)


def _with_ties(rows: Iterable[Row], answers: Sequence[RightAnswers], pairs: Sequence[Paired]) -> tuple[Row, ...]:
    ties = {pair.b: pair.tie for pair in pairs} | {best.run_id: True for best in answers[:1]}
    return tuple(replace(row, tie_with_best=ties.get(row.run_id)) for row in rows)


def _fronts(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    fronts = {key: tuple(row.run_id for row in pareto_front(rows, key)) for key in COSTS}
    return {key: ids for key, ids in fronts.items() if ids}


def _why(rows: Sequence[Row], usable: Sequence[RightAnswers], known: Mapping[str, str]) -> dict[str, str]:
    there = {answers.run_id for answers in usable}
    return {row.run_id: _reason(row, known) for row in rows if row.run_id not in there}


def _reason(row: Row, known: Mapping[str, str]) -> str:
    if row.status is not Status.FINISHED:
        return f"Run {row.run_id} is {row.status}, not finished: it has no answers for the test photos."
    return known.get(row.run_id, f"The answers of run {row.run_id} for the test photos were not read.")
