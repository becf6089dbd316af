"""Runs of one dataset in order of accuracy, with their costs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from core.comparison.cost_axes import COSTS, MONEY, SCORES, cost_kind
from core.errors import InvalidInput
from core.runs.costs import money
from core.runs.values import Cost, Evaluation, Run
from core.text.units import count, listed


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run of the leaderboard, with its cost and evaluation where they are known.

    Args:
        rank: by accuracy from 1, None for a run without accuracy.
        cost, evaluation: None where nothing was measured; ``value`` reads single figures.
        rate_per_hour: price of an hour of training, for the money; None: not known.
        tie_with_best: whether its difference to the best could be chance (True for the best itself); None where that
            was not or cannot be tested. Only ``compare`` tests.
    """

    run: Run
    rank: int | None = None
    cost: Cost | None = None
    evaluation: Evaluation | None = None
    rate_per_hour: float | None = None
    tie_with_best: bool | None = None

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def accuracy(self) -> float | None:
        """On the test photos, 0..1."""
        return self.run.test_accuracy

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % confidence interval of the accuracy."""
        low, high = self.run.test_low, self.run.test_high
        return None if low is None or high is None else (low, high)

    def value(self, key: str) -> Any:
        """A metric (key of ``SCORES``), a key of ``COSTS`` or another field of ``Cost``; None where not measured."""
        if key in MONEY:
            return money(self.value(MONEY[key]), self.rate_per_hour)
        if key == "accuracy":
            return self.accuracy
        source = self.evaluation if key in SCORES else self.cost
        return None if source is None else getattr(source, key)


def leaderboard(
    runs: Sequence[Run],
    costs: Mapping[str, Cost],
    *,
    evaluations: Mapping[str, Evaluation] | None = None,
    rate_per_hour: float | None = None,
) -> tuple[Row, ...]:
    """Rows of ``runs``: most accurate first, of equals the one cheaper alone, then the older; unmeasured ones last.

    Args:
        costs, evaluations: by run id; runs may be missing.
        rate_per_hour: price of an hour of training, for the money columns.

    Raises:
        SeveralDatasets: the runs belong to several datasets, so their accuracies cannot be compared.
    """
    require_one_dataset(runs)
    measured = evaluations or {}
    rows = [
        Row(
            run=run,
            cost=costs.get(run.id),
            evaluation=measured.get(run.id),
            rate_per_hour=rate_per_hour,
        )
        for run in runs
    ]
    ordered = enumerate(sorted(rows, key=_order), start=1)
    return tuple(row if row.accuracy is None else replace(row, rank=rank) for rank, row in ordered)


def plain_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The leaderboard as plain values for files and ``--json``: one key a value, the same in every output.

    ``run`` (id), ``name``, ``rank``, ``status``, ``pattern``, ``backbone``, ``accuracy`` with ``ci95_low`` and
    ``ci95_high``, the other metrics, ``tie_with_best``, every key of ``COSTS`` (seconds, joules, bytes),
    ``parameters_trainable``, ``tags``. Metrics are 0..1 except ``log_loss``; None: not measured.
    """
    return [
        {"run": row.run.id, "name": row.name, "rank": row.rank, "status": str(row.run.status)}
        | {"pattern": str(row.run.recipe.pattern), "backbone": row.run.recipe.backbone, "tags": list(row.run.tags)}
        | {"ci95_low": row.run.test_low, "ci95_high": row.run.test_high}
        | {key: row.value(key) for key in SCORES}
        | {"tie_with_best": row.tie_with_best, "epochs": row.run.epochs_done, "best_epoch": row.run.best_epoch}
        | {key: row.value(key) for key in (*COSTS, "parameters_trainable")}
        | {key: getattr(row.run, key) for key in ("starred", "archived", "created_at")}
        for row in rows
    ]


def rank_text(rank: int | None, with_all: int | None) -> str:
    """``1``, or ``3 → 1`` where the rank with all photos was another one; ``–`` without a rank."""
    now = "–" if rank is None else str(rank)
    return now if with_all is None or with_all == rank else f"{with_all} → {now}"


class SeveralDatasets(InvalidInput):
    """Runs of several datasets were to be compared.

    Args:
        groups: run ids by dataset, the largest group first: each of them could be compared.
    """

    def __init__(self, groups: Mapping[str, tuple[str, ...]], titles: Mapping[str, str]) -> None:
        self.groups = groups
        sizes = [f"{titles.get(dataset, dataset)} ({count(len(ids), 'run')})" for dataset, ids in groups.items()]
        (largest, ids), *_ = groups.items()
        offer = f"Runs of {titles.get(largest, largest)} can be: {listed(ids, 12)}" if len(ids) > 1 else "Choose others"
        super().__init__(
            f"Runs of {len(groups)} datasets cannot be compared, since they were evaluated on different photos: "
            f"{listed(sizes)}. {offer}."
        )


def require_one_dataset(runs: Iterable[Run], titles: Mapping[str, str] | None = None) -> None:
    """Raises SeveralDatasets, which offers the groups that can be compared; ``titles``: of datasets by id."""
    groups = defaultdict(list)
    for run in runs:
        groups[run.dataset_id].append(run.id)
    if len(groups) > 1:
        order = sorted(groups, key=lambda dataset: (-len(groups[dataset]), dataset))
        raise SeveralDatasets({dataset: tuple(groups[dataset]) for dataset in order}, titles or {})


def _order(row: Row) -> tuple:
    cost = row.value("alone_wall_seconds")
    return row.accuracy is None, -(row.accuracy or 0.0), inf if cost is None else cost, row.run.created_at, row.run.id


def best(rows: Iterable[Row]) -> Row | None:
    """The most accurate row, of equals the cheaper; None when nothing was measured yet."""
    measured = [row for row in rows if row.accuracy is not None]
    return min(measured, key=_order, default=None)


def pareto_front(rows: Iterable[Row], cost: str = "alone_wall_seconds") -> tuple[Row, ...]:
    """Rows that no other beats in accuracy without costing more, cheapest first.

    Rows whose accuracy or cost was not measured are left out; two rows equal in both stay together.
    """
    key = cost_kind(cost).key
    measured = [(row.value(key), -row.accuracy, row) for row in rows if row.accuracy is not None]
    by_cost = sorted((point for point in measured if point[0] is not None), key=lambda point: point[:2])
    front: list[tuple] = []
    for point in by_cost:
        if not front or point[1] < front[-1][1] or point[:2] == front[-1][:2]:
            front.append(point)
    return tuple(row for *_, row in front)
