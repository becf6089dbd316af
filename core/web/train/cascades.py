"""The cascade to train: its kind and its members."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.planning.grid_plan import GridPlan
from core.recipes.grid import CascadeChoice, GridChoice
from core.recipes.labels import CASCADES
from core.recipes.patterns import Cascade
from core.registry.search import RunQuery
from core.runs.values import Run, Status
from core.text.units import percent, plain
from core.web.parts.labels import interval
from core.web.train import address
from core.web.train.address import TrainAddress
from core.web.train.grid import Choices, expected
from core.web.train.remedies import refusals, source_of
from core.workbench import Workbench

_OFFERED = 200
"""Most finished runs that are offered, the most accurate ones."""

_USUAL = {Cascade.FUSION: 2, Cascade.ENSEMBLE: 3}
"""Members that are chosen at first."""


class Offered:
    """What can be a member: the backbones, and the finished runs of a dataset, the most accurate first."""

    def __init__(self, bench: Workbench, dataset_id: str, everything: Choices) -> None:
        self._bench, self._dataset_id = bench, dataset_id
        self.titles = {backbone.name: backbone.title for backbone, _ in everything}
        self.backbones = list(self.titles)

    @cached_property
    def _runs(self) -> dict[str, Run]:
        """Read when a cascade is chosen, since that takes a while."""
        query = RunQuery(dataset_id=self._dataset_id, statuses=(Status.FINISHED,), archived=True, sort="most accurate")
        return {run.id: run for run in self._bench.registry.search(query, limit=_OFFERED)[0]}

    @property
    def runs(self) -> list[str]:
        return list(self._runs)

    def label(self, run_id: str) -> str:
        run = self._runs[run_id]
        return f"{run.name} · {percent(run.test_accuracy, interval(run))}"

    def by_cost(self) -> list[str]:
        """Runs, the fastest at inference first."""
        costs = self._bench.registry.costs(self.runs)
        measured = {run_id: cost.ms_per_photo for run_id, cost in costs.items() if cost.ms_per_photo}
        return sorted(self.runs, key=lambda run_id: measured.get(run_id, float("inf")))

    def missing(self, kind: Cascade) -> str:
        """Which runs have to be trained first; "" where there are enough."""
        fewest = {Cascade.FUSION: 0, Cascade.STACKING: 1}.get(kind, 2)
        needed = "a finished run" if fewest == 1 else "two finished runs"
        return "" if len(self.runs) >= fewest else f"This needs {needed} on this dataset; train first."

    def choice(self, kind: Cascade | None, chosen: Sequence[str] | None) -> CascadeChoice | None:
        """The cascade of those chosen members that exist, or of the usual ones; None where there are too few runs."""
        if kind is None or self.missing(kind):
            return None
        return CascadeChoice(kind=kind, members=self._members(kind, chosen))

    def _members(self, kind: Cascade, chosen: Sequence[str] | None) -> tuple[str, ...]:
        if kind is Cascade.STACKING:
            return self._pair(chosen or (), self.backbones, self.runs)
        if kind is Cascade.CONFIDENCE:
            cheap, costly = self._pair(chosen or (), self.by_cost(), self.runs)
            return (cheap, costly if costly != cheap else next(one for one in self.runs if one != cheap))
        possible = self.backbones if kind is Cascade.FUSION else self.runs
        return tuple(possible[: _USUAL[kind]] if chosen is None else [one for one in chosen if one in possible])

    @staticmethod
    def _pair(chosen: Sequence[str], first: Sequence[str], second: Sequence[str]) -> tuple[str, str]:
        one, other = (*chosen, "", "")[:2]
        return (one if one in first else first[0], other if other in second else second[0])


def choose(offered: Offered, kind: Cascade, choice: GridChoice, plan: GridPlan | None) -> None:
    """Kind and members, and why the plan refuses them."""
    st.segmented_control(
        "Kind of cascade", list(Cascade), default=Cascade.FUSION, required=True,
        format_func=lambda one: CASCADES[one].title,
        **address.bound("train.cascade", kind, lambda now, one: replace(now, cascade=one, members=None)),
    )  # fmt: skip
    st.caption(CASCADES[kind].description)
    if choice.cascade is None:
        st.info(offered.missing(kind), icon=":material/info:")
        return
    _FIELDS[kind](offered, choice.cascade.members)
    rows = [row for row in plan.rows if source_of(row).cascade is not None] if plan else []
    st.caption(plain(expected(CASCADES[kind].title, rows)))
    refusals(choice, CASCADES[kind].title, rows)


def _fusion(offered: Offered, members: Sequence[str]) -> None:
    st.multiselect(
        "Backbones", offered.backbones, format_func=lambda name: offered.titles[name], max_selections=9,
        help="Two to nine. The features of each are computed once and shared.",
        **address.bound("train.cascade.networks", list(members), _all),
    )  # fmt: skip


def _ensemble(offered: Offered, members: Sequence[str]) -> None:
    st.multiselect(
        "Finished runs", offered.runs, format_func=offered.label, max_selections=50,
        help="Two to fifty. Ensembles gain most from runs that make different mistakes.",
        **address.bound("train.cascade.runs", list(members), _all),
    )  # fmt: skip


def _all(now: TrainAddress, members: Sequence[str]) -> TrainAddress:
    return replace(now, members=tuple(members))


def _stacking(offered: Offered, members: Sequence[str]) -> None:
    left, right = st.columns(2)
    _one(left, "Run whose predictions are used", "run", offered.runs, offered.label, members, 1)
    _one(right, "Backbone", "network", offered.backbones, lambda name: offered.titles[name], members, 0)


def _confidence(offered: Offered, members: Sequence[str]) -> None:
    left, right = st.columns(2)
    _one(left, "First run (cheap)", "cheap", offered.by_cost(), offered.label, members, 0)
    rest = [run_id for run_id in offered.runs if run_id != members[0]]
    _one(right, "Second run, below the confidence threshold", "costly", rest, offered.label, members, 1)


def _one(
    column: DeltaGenerator,
    title: str,
    name: str,
    possible: Sequence[str],
    label: Callable[[str], str],
    members: Sequence[str],
    place: int,
) -> None:
    """The member in one place of a pair."""

    def change(now: TrainAddress, chosen: str) -> TrainAddress:
        return replace(now, members=(chosen, members[1]) if place == 0 else (members[0], chosen))

    bound = address.bound(f"train.cascade.{name}", members[place], change)
    column.selectbox(title, possible, format_func=label, **bound)


_FIELDS: dict[Cascade, Callable[[Offered, Sequence[str]], None]] = {
    Cascade.FUSION: _fusion,
    Cascade.STACKING: _stacking,
    Cascade.CONFIDENCE: _confidence,
    Cascade.ENSEMBLE: _ensemble,
}
