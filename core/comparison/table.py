"""Runs of one dataset in order of accuracy, with what they cost."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isnan
from typing import Any

from core.comparison.cost_axes import COSTS, cost_kind
from core.errors import InvalidInput
from core.recipes.labels import distinct_names
from core.recipes.recipe import Recipe
from core.runs.costs import money
from core.runs.values import Cost, Evaluation, Run, Status
from core.text.units import count, listed


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run of the leaderboard. Costs are None where they were not measured.

    Args:
        rank: from 1, None for a run without accuracy.
        name: for people, distinct within the table; ``title`` is the run's own name.
        accuracy, low, high: on the test photos, with its 95 % interval, 0..1.
        balanced_accuracy, macro_f1, log_loss, ece: of the same answers (``core.runs.metrics``). None: not computed.
        tie_with_best: whether its difference to the best could be chance (True for the best itself); None where that
            was not or cannot be tested. Only ``compare`` tests.
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
    balanced_accuracy: float | None = None
    macro_f1: float | None = None
    log_loss: float | None = None
    ece: float | None = None
    tie_with_best: bool | None = None
    starred: bool = False
    archived: bool = False
    tags: tuple[str, ...] = ()
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
    names = labels(runs)
    measured = evaluations or {}
    unranked = [_row(run, names[run.id], costs.get(run.id), measured.get(run.id), rate_per_hour) for run in runs]
    ordered = sorted(unranked, key=_order)
    return tuple(_with_rank(row, place) for place, row in enumerate(ordered, start=1))


_OUTPUT = (
    "accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece", "tie_with_best", "epochs", "best_epoch",
    *COSTS, "parameters_trainable", "starred", "archived", "created_at",
)  # fmt: skip


def plain_rows(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The leaderboard as plain values for files and ``--json``: one key a value, the same in every output.

    ``run`` (id), ``name``, ``rank``, ``status``, ``pattern``, ``backbone``, ``accuracy`` with ``ci95_low`` and
    ``ci95_high``, the other metrics, ``tie_with_best``, every key of ``COSTS`` (seconds, joules, bytes),
    ``parameters_trainable``, ``tags``. Metrics are 0..1 except ``log_loss``; None: not measured.
    """
    return [
        {"run": row.run_id, "name": row.name, "rank": row.rank, "status": str(row.status)}
        | {"pattern": str(row.recipe.pattern), "backbone": row.recipe.backbone, "tags": list(row.tags)}
        | {"ci95_low": row.low, "ci95_high": row.high}
        | {key: getattr(row, key) for key in _OUTPUT}
        for row in rows
    ]


def labels(runs: Iterable[Run], ignored: Collection[str] = ()) -> dict[str, str]:
    """``{run id: name}`` such that no two runs read the same: "Lite0 (seed 7)".

    Args:
        ignored: hyperparameters that are never named.
    """
    return distinct_names([(run.id, run.name, run.recipe) for run in runs], ignored)


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
            f"Runs of {len(groups)} datasets cannot be compared, since they answered different photos: "
            f"{listed(sizes)}. {offer}."
        )


def require_one_dataset(runs: Iterable[Run | Row], titles: Mapping[str, str] | None = None) -> None:
    """Raises SeveralDatasets, which offers the groups that can be compared; ``titles``: of datasets by id."""
    groups = defaultdict(list)
    for run in runs:
        groups[run.dataset_id].append(run.run_id if isinstance(run, Row) else run.id)
    if len(groups) > 1:
        order = sorted(groups, key=lambda dataset: (-len(groups[dataset]), dataset))
        raise SeveralDatasets({dataset: tuple(groups[dataset]) for dataset in order}, titles or {})


def _row(run: Run, name: str, cost: Cost | None, evaluation: Evaluation | None, rate_per_hour: float | None) -> Row:
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
        starred=run.starred,
        archived=run.archived,
        tags=run.tags,
        **_scores(evaluation),
        money=money(measured.get("wall_seconds"), rate_per_hour),
        alone_money=money(measured.get("alone_wall_seconds"), rate_per_hour),
        **measured,
    )


def _scores(evaluation: Evaluation | None) -> dict[str, Any]:
    if evaluation is None:
        return {}
    return {
        "balanced_accuracy": evaluation.balanced_accuracy,
        "macro_f1": evaluation.macro_f1,
        "log_loss": None if isnan(evaluation.loss) else evaluation.loss,
        "ece": evaluation.ece,
    }


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
