"""Runs of one dataset in order of accuracy, with what they cost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from core.comparison.kinds import cost_kind
from core.comparison.names import distinct_names
from core.costs import money
from core.errors import InvalidInput
from core.recipes import Recipe
from core.runs import Cost, Run, Status


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run of the leaderboard. Costs are None where they were not measured.

    Args:
        rank: from 1, None for a run without accuracy.
        name: for people, distinct within the table; ``title`` is the run's own name.
        accuracy, low, high: on the test photos, with its 95 % interval, 0..1.
        wall_seconds, cpu_seconds, money: paid; with ``alone_`` before it: had nothing been reused.
    """

    rank: int | None
    run_id: str
    name: str
    title: str
    dataset_id: str
    recipe: Recipe
    status: Status
    accuracy: float | None
    low: float | None
    high: float | None
    epochs: int
    best_epoch: int | None
    created_at: float
    wall_seconds: float | None = None
    alone_wall_seconds: float | None = None
    cpu_seconds: float | None = None
    alone_cpu_seconds: float | None = None
    device_seconds: float | None = None
    energy_joules: float | None = None
    money: float | None = None
    alone_money: float | None = None
    ms_per_photo: float | None = None
    multiply_adds: int | None = None
    parameters_total: int | None = None
    parameters_trainable: int | None = None
    model_bytes: int | None = None
    peak_rss_bytes: int | None = None
    peak_gpu_bytes: int | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        return None if self.low is None or self.high is None else (self.low, self.high)


_COPIED = (
    "wall_seconds",
    "alone_wall_seconds",
    "cpu_seconds",
    "alone_cpu_seconds",
    "device_seconds",
    "energy_joules",
    "ms_per_photo",
    "multiply_adds",
    "parameters_total",
    "parameters_trainable",
    "model_bytes",
    "peak_rss_bytes",
    "peak_gpu_bytes",
)


def leaderboard(
    runs: Sequence[Run], costs: Mapping[str, Cost], *, rate_per_hour: float | None = None
) -> tuple[Row, ...]:
    """Rows of ``runs``: most accurate first, of equals the one cheaper alone, then the older; unmeasured ones last.

    Args:
        costs: by run id; runs may be missing.
        rate_per_hour: price of an hour of training, for the money columns.

    Raises:
        InvalidInput: the runs belong to several datasets, so their accuracies cannot be compared.
    """
    require_one_dataset(runs)
    names = labels(runs)
    unranked = [_row(run, names[run.id], costs.get(run.id), rate_per_hour) for run in runs]
    ordered = sorted(unranked, key=_order)
    return tuple(_with_rank(row, place) for place, row in enumerate(ordered, start=1))


def labels(runs: Iterable[Run]) -> dict[str, str]:
    """``{run id: name}`` such that no two runs read the same: "Lite0 (seed 7)"."""
    return distinct_names([(run.id, run.name, run.recipe) for run in runs])


def require_one_dataset(runs: Iterable[Run | Row]) -> None:
    found = sorted({run.dataset_id for run in runs})
    if len(found) > 1:
        raise InvalidInput(
            f"Only runs of one dataset can be compared. Received runs of {len(found)} datasets: {', '.join(found)}"
        )


def _row(run: Run, name: str, cost: Cost | None, rate_per_hour: float | None) -> Row:
    measured = {key: getattr(cost, key) for key in _COPIED} if cost else {}
    return Row(
        rank=None,
        run_id=run.id,
        name=name,
        title=run.name,
        dataset_id=run.dataset_id,
        recipe=run.recipe,
        status=run.status,
        accuracy=run.test_accuracy,
        low=run.test_low,
        high=run.test_high,
        epochs=run.epochs_done,
        best_epoch=run.best_epoch,
        created_at=run.created_at,
        money=money(measured.get("wall_seconds"), rate_per_hour),
        alone_money=money(measured.get("alone_wall_seconds"), rate_per_hour),
        **measured,
    )


def _with_rank(row: Row, place: int) -> Row:
    return row if row.accuracy is None else replace(row, rank=place)


def _order(row: Row) -> tuple:
    unmeasured = row.accuracy is None
    cost = inf if row.alone_wall_seconds is None else row.alone_wall_seconds
    return unmeasured, -(row.accuracy or 0.0), cost, row.created_at, row.run_id


def best(rows: Iterable[Row]) -> Row | None:
    """The most accurate row, of equals the cheaper; None when nothing was measured yet."""
    measured = [row for row in rows if row.accuracy is not None]
    return min(measured, key=_order, default=None)


def best_per_dataset(runs: Iterable[Run], costs: Mapping[str, Cost]) -> dict[str, Row]:
    """``{dataset id: best row}`` of every dataset with a measured run."""
    by_dataset = defaultdict(list)
    for run in runs:
        if run.test_accuracy is not None:
            by_dataset[run.dataset_id].append(run)
    return {dataset: leaderboard(group, costs)[0] for dataset, group in by_dataset.items()}


def pareto_front(rows: Iterable[Row], cost: str = "alone_wall_seconds") -> tuple[Row, ...]:
    """Rows that no other beats in accuracy without costing more, cheapest first.

    Rows whose accuracy or cost was not measured are left out; two rows equal in both stay together.
    """
    key = cost_kind(cost).key
    measured = [(getattr(row, key), -row.accuracy, row) for row in rows if row.accuracy is not None]
    by_cost = sorted((point for point in measured if point[0] is not None), key=lambda point: point[:2])
    front: list[tuple] = []
    for point in by_cost:
        if not front or point[1] < front[-1][1] or point[:2] == front[-1][:2]:
            front.append(point)
    return tuple(row for *_, row in front)
