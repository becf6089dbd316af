"""The models that can predict, the most likely choice first."""

from collections.abc import Collection, Iterable

from core.registry.search import RunQuery
from core.runs.values import Run, Status
from core.workbench import Workbench

LISTED = 200
"""Models offered to choose from."""


def ready_runs(bench: Workbench) -> list[Run]:
    """Runs that can predict, by dataset from the newest; in each the champion first, then by accuracy.

    Archived runs are left out unless they are champion or there are no others.
    """
    champions = {move.run_id for move in bench.champions().values()}
    order = {dataset.id: position for position, dataset in enumerate(bench.registry.datasets())}
    found = {run.id: run for run in [*held_champions(bench, champions), *most_accurate(bench, order)]}
    runs = list(found.values()) or most_accurate(bench, order, archived=True)
    return sorted(runs, key=lambda run: (order[run.dataset_id], run.id not in champions, -(run.test_accuracy or 0.0)))


def with_model(dataset_id: str, *, archived: bool = False) -> RunQuery:
    """The query for finished runs of a dataset that have a model, the most accurate first."""
    return RunQuery(
        dataset_id=dataset_id, statuses=(Status.FINISHED,), with_model=True, archived=archived, sort="most accurate"
    )


def held_champions(bench: Workbench, run_ids: Collection[str | None]) -> list[Run]:
    """The champions that have a model."""
    held = bench.registry.runs_of([run_id for run_id in run_ids if run_id])
    return [run for run in held if run.id in bench.registry.model_sizes(run.dataset_id)]


def most_accurate(bench: Workbench, dataset_ids: Iterable[str], *, archived: bool = False) -> list[Run]:
    """The most accurate runs that have a model, dataset by dataset, at most ``LISTED``."""
    found: list[Run] = []
    for dataset_id in dataset_ids:
        found += bench.registry.search(with_model(dataset_id, archived=archived), limit=LISTED - len(found))[0]
        if len(found) >= LISTED:
            break
    return found
