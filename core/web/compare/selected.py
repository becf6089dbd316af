"""The runs that stand side by side on the page Compare: which ones the URL means, and what is known about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.charts import RunStyle, run_styles
from core.comparison.board_page import BoardPage, lines_of
from core.comparison.compare import Comparison
from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.recipes.labels import without_shared
from core.web.compare.address import MOST, Address
from core.web.parts.run_names import brief_names
from core.workbench import Workbench

MOST_OF_ITSELF = 12
"""Runs that are shown while none are chosen: as many as there are colours."""


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What a view is given.

    Args:
        comparison: of the chosen runs, best first; address: what else the URL asks for.
        best: the best lines that match, whose runs are compared where the visitor chose none; None where he did.
    """

    bench: Workbench
    dataset: Dataset
    comparison: Comparison
    address: Address
    best: BoardPage | None = None

    @cached_property
    def names(self) -> dict[str, str]:
        """By run id: distinct, without what all of them share, not escaped. For tables and charts."""
        return without_shared({row.run_id: row.name for row in self.comparison.rows})

    @cached_property
    def brief_names(self) -> dict[str, str]:
        """Short enough for a sentence; in full where two would read the same."""
        return brief_names(self.names)

    @cached_property
    def styles(self) -> dict[str, RunStyle]:
        """By run id, of all chosen runs: each keeps its own, whichever of them a chart shows."""
        return run_styles([row.run_id for row in self.comparison.rows])


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What the run ids of a URL mean.

    Args:
        dataset: of the runs that are compared; None when no run of the URL is there.
        runs: their ids. others: ids of runs of other datasets, by dataset. unknown: what no run is called.
    """

    dataset: Dataset | None
    runs: tuple[str, ...] = ()
    others: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...] = ()


def linked(bench: Workbench, now: Address) -> Linked:
    """Find the runs of the URL. Of several datasets the one the URL names is meant, else that with the most runs."""
    groups: dict[str, list[str]] = {}
    known: dict[str, str] = {}
    unknown = []
    for wanted in now.runs:
        run_id, dataset_id = wanted, known.get(wanted)
        if dataset_id is None:
            try:
                run = bench.registry.run(wanted)
            except (NotFound, InvalidInput):  # not there, or the beginning of several
                unknown.append(wanted)
                continue
            run_id, dataset_id = run.id, run.dataset_id
            known |= dict.fromkeys(bench.board(dataset_id).run_ids, dataset_id)  # asks once a dataset, not once a run
        groups.setdefault(dataset_id, []).append(run_id)
    if not groups:
        return Linked(dataset=None, others={}, unknown=tuple(unknown))
    datasets = {dataset_id: bench.registry.dataset(dataset_id) for dataset_id in groups}
    meant = max(groups, key=lambda id_: (_is_called(datasets[id_], now.dataset), len(groups[id_])))
    runs = tuple(dict.fromkeys(groups.pop(meant)))
    others = {id_: tuple(dict.fromkeys(ids)) for id_, ids in groups.items()}
    return Linked(dataset=datasets[meant], runs=runs, others=others, unknown=tuple(unknown))


def _is_called(dataset: Dataset, reference: str) -> bool:
    return reference in (dataset.id, dataset.name, f"{dataset.name}:{dataset.version}")


def matching_ids(bench: Workbench, dataset: Dataset, now: Address) -> list[str]:
    """The runs of all lines that match, best first, at most ``MOST``."""
    board, rows = bench.board_rows(dataset.id, now.query)
    lines = lines_of(board, rows, now.fold)
    rank = np.where(lines.rank > 0, lines.rank, len(lines.shown) + 1)[lines.of_line]
    return [board.run_ids[row] for row in lines.rows[np.argsort(rank, kind="stable")[:MOST]].tolist()]


def best_page(bench: Workbench, dataset: Dataset, now: Address) -> BoardPage:
    """The best lines that match, which are shown while no run is chosen."""
    return bench.board_page(dataset.id, now.query, fold=now.fold, size=MOST_OF_ITSELF)
