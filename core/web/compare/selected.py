"""The runs that the page Compare shows: which ones the URL names, their comparison, names and colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.charts import RunStyle, run_styles
from core.charts.styles import run_style
from core.comparison.compare import Comparison
from core.comparison.table import Row
from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.web.compare.address import Address
from core.workbench import Workbench

MOST_UNCHOSEN = 12
"""Runs that are compared while none are chosen: as many as there are colours."""


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What a view is given.

    Args:
        comparison: of the chosen runs, best first; address: what else the URL asks for.
        chosen: whether runs are chosen; else the best of all that match the filters are compared, with the verdict on
            all of these.
    """

    bench: Workbench
    dataset: Dataset
    comparison: Comparison
    address: Address
    chosen: bool

    @cached_property
    def names(self) -> dict[str, str]:
        """By run id, not escaped."""
        return self.comparison.names

    @cached_property
    def styles(self) -> dict[str, RunStyle]:
        """By run id, of all chosen runs; the most accurate are emphasised."""
        return run_styles(row.run for row in self.comparison.rows)

    @cached_property
    def _rows(self) -> dict[str, Row]:
        return {row.run.id: row for row in self.comparison.rows}

    def row(self, run_id: str) -> Row | None:
        """Of a run that is drawn; None for others that the verdict is about."""
        return self._rows.get(run_id)

    def name(self, run_id: str) -> str:
        """Of any run of the dataset, not escaped."""
        return self.names.get(run_id) or str(self._about(run_id)["name"])

    def colour(self, run_id: str) -> str:
        """Of any run of the dataset, as ``#RRGGBB``."""
        row = self.row(run_id)
        return run_style(self._about(run_id)["colour"] if row is None else row.run.colour).colour

    def _about(self, run_id: str) -> Mapping[str, Any]:
        """What the registry says of a run that is not drawn; it may have been deleted just now."""
        return self.bench.registry.board_cells([run_id]).get(run_id, {"name": run_id, "colour": 0})


@dataclass(frozen=True, kw_only=True)
class Linked:
    """The run ids of a URL, sorted by dataset.

    Args:
        dataset: of the runs that are compared; None when no run of the URL exists.
        runs: their ids. others: ids of runs of other datasets, by dataset. unknown: ids that no run has.
    """

    dataset: Dataset | None
    runs: tuple[str, ...] = ()
    others: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...] = ()


def linked(bench: Workbench, now: Address) -> Linked:
    """Find the runs of the URL. Of several datasets the one named in the URL is compared, else that with most runs."""
    groups: dict[str, list[str]] = {}
    known = bench.registry.datasets_of(now.runs) if now.runs else {}
    unknown = []
    for wanted in now.runs:
        run_id, dataset_id = wanted, known.get(wanted)
        if dataset_id is None:
            try:
                run = bench.registry.run(wanted)
            except (NotFound, InvalidInput):  # no such run, or the beginning of several ids
                unknown.append(wanted)
                continue
            run_id, dataset_id = run.id, run.dataset_id
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


def select(bench: Workbench, dataset: Dataset, now: Address, chosen: tuple[str, ...]) -> Selected | None:
    """The chosen runs, else the best ones that match the filters and the recommended one; None without any."""
    if chosen:
        comparison = bench.comparison(chosen, without=now.flags)
    else:
        best = bench.board_page(dataset.id, now.query, fold=now.fold, size=MOST_UNCHOSEN, without=now.flags)
        found = bench.verdict(dataset.id, now.query, fold=now.fold, without=now.flags)
        ids = [*(entry.run_id for entry in best.entries), *([found.recommended.run_id] if found else ())]
        if not ids:
            return None
        comparison = bench.comparison(ids, among=now.query, fold=now.fold, without=now.flags)
    return Selected(bench=bench, dataset=dataset, comparison=comparison, address=now, chosen=bool(chosen))
