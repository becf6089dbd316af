"""The models that can predict, the most likely choice first."""

from collections.abc import Iterable, Sequence

from core.comparison.board_page import most_accurate_first
from core.registry.search import RunQuery
from core.runs.values import Run, Status
from core.workbench import Workbench

LISTED = 200
"""Models offered to choose from."""


def ready_runs(bench: Workbench) -> list[Run]:
    """Runs that can predict, by dataset from the newest; in each the champion, the recommended run, then by accuracy.

    Archived runs are left out unless they are champion or there are no others.
    """
    champions = {move.run_id for move in bench.champions().values() if move.run_id}
    order = {dataset.id: position for position, dataset in enumerate(bench.registry.datasets())}
    accurate = _most_accurate_of(bench, order)
    verdicts = [bench.verdict(dataset_id) for dataset_id in {run.dataset_id for run in accurate}]
    recommended = {found.recommended.run_id for found in verdicts if found}
    chosen = can_predict(bench, [*champions, *recommended])
    runs = list({run.id: run for run in [*chosen, *accurate]}.values()) or _most_accurate_of(
        bench, order, archived=True
    )
    return sorted(
        runs,
        key=lambda run: (
            order[run.dataset_id],
            run.id not in champions,
            run.id not in recommended,
            -(run.test_accuracy or 0.0),
        ),
    )


def can_predict(bench: Workbench, run_ids: Sequence[str]) -> list[Run]:
    """Those of some runs that have a model."""
    there = bench.registry.having_model(run_ids)
    return [run for run in bench.registry.runs_of(run_ids) if run.id in there]


def most_accurate(
    bench: Workbench, dataset_id: str, *, limit: int, offset: int = 0, archived: bool = False
) -> tuple[list[Run], int]:
    """Finished runs of a dataset that have a model, the most accurate first, and how many there are in all."""
    query = RunQuery(dataset_id=dataset_id, statuses=(Status.FINISHED,), with_model=True, archived=archived)
    board, rows = bench.board_rows(dataset_id, query)
    ranked = board.remembered(("most accurate", query), lambda: most_accurate_first(board, rows))
    return bench.registry.runs_of(board.run_ids[ranked[offset : offset + limit]].tolist()), len(rows)


def _most_accurate_of(bench: Workbench, dataset_ids: Iterable[str], *, archived: bool = False) -> list[Run]:
    """The most accurate runs that have a model, dataset by dataset, at most ``LISTED``."""
    found: list[Run] = []
    for dataset_id in dataset_ids:
        found += most_accurate(bench, dataset_id, limit=LISTED - len(found), archived=archived)[0]
        if len(found) >= LISTED:
            break
    return found
