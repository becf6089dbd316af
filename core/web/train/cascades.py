"""The cascade to train: its kind and its members."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.comparison.table import labels
from core.recipes.grid import CascadeChoice
from core.recipes.labels import CASCADES
from core.recipes.recipe import Cascade
from core.runs.values import Run, Status
from core.text.units import percent
from core.web.parts.labels import interval
from core.web.train.grid import Choices
from core.workbench import Workbench

_OFFERED = 200
"""Most finished runs that are offered, the most accurate ones."""


def choose(bench: Workbench, dataset_id: str, everything: Choices) -> CascadeChoice | None:
    """Kind and members; None (after a message) where too few exist or are chosen."""
    kind = st.segmented_control(
        "Kind of cascade", list(Cascade), default=Cascade.FUSION, required=True, key="train.cascade",
        format_func=lambda one: CASCADES[one].title,
    )  # fmt: skip
    st.caption(CASCADES[kind].description)
    members = _fusion(everything) if kind is Cascade.FUSION else _of_runs(bench, dataset_id, kind, everything)
    if members is not None and len(members) < 2:
        st.caption("Choose at least two.")
        return None
    return None if members is None else CascadeChoice(kind=kind, members=tuple(members))


def _of_runs(bench: Workbench, dataset_id: str, kind: Cascade, everything: Choices) -> list[str] | None:
    runs = _Runs(bench, dataset_id)
    fewest = 1 if kind is Cascade.STACKING else 2
    if len(runs.ids) < fewest:
        needed = "a finished run" if fewest == 1 else "two finished runs"
        st.info(f"This needs {needed} on this dataset; train first.", icon=":material/info:")
        return None
    if kind is Cascade.STACKING:
        return _stacking(runs, everything)
    return _confidence(runs) if kind is Cascade.CONFIDENCE else _ensemble(runs)


def _stacking(runs: "_Runs", everything: Choices) -> list[str]:
    titles = {backbone.name: backbone.title for backbone, _ in everything}
    left, right = st.columns(2)
    run = runs.one(left, "Run whose predictions are used", key="train.cascade.run")
    names = list(titles)
    backbone = right.selectbox("Backbone", names, format_func=lambda name: titles[name], key="train.cascade.network")
    return [backbone, run]


def _fusion(everything: Choices) -> list[str]:
    titles = {backbone.name: backbone.title for backbone, _ in everything}
    return st.multiselect(
        "Backbones", list(titles), list(titles)[:2], format_func=lambda name: titles[name], max_selections=9,
        key="train.cascade.networks", help="Two to nine. The features of each are computed once and shared.",
    )  # fmt: skip


def _confidence(runs: "_Runs") -> list[str]:
    left, right = st.columns(2)
    by_cost = runs.by_cost()
    cheap = runs.one(left, "First run (cheap)", key="train.cascade.cheap", order=by_cost)
    rest = [run_id for run_id in runs.ids if run_id != cheap]
    return [
        cheap,
        runs.one(right, "Second run, below the confidence threshold", key="train.cascade.costly", order=rest),
    ]


def _ensemble(runs: "_Runs") -> list[str]:
    return st.multiselect(
        "Finished runs", runs.ids, runs.ids[:3], format_func=runs.label, max_selections=50,
        key="train.cascade.runs", help="Two to fifty. Ensembles gain most from runs that make different mistakes.",
    )  # fmt: skip


class _Runs:
    """The finished runs of a dataset, the most accurate first."""

    def __init__(self, bench: Workbench, dataset_id: str) -> None:
        found = bench.registry.runs(dataset_id=dataset_id, status=Status.FINISHED)
        found = sorted(found, key=lambda run: -(run.test_accuracy or 0.0))[:_OFFERED]
        self._bench = bench
        self._runs: dict[str, Run] = {run.id: run for run in found}
        self._names = labels(found)
        self.ids = list(self._runs)

    def label(self, run_id: str) -> str:
        run = self._runs[run_id]
        return f"{self._names[run_id]} · {percent(run.test_accuracy, interval(run))}"

    def one(self, column: DeltaGenerator, title: str, *, key: str, order: Sequence[str] | None = None) -> str:
        return column.selectbox(title, self.ids if order is None else order, format_func=self.label, key=key)

    def by_cost(self) -> list[str]:
        """The fastest at inference first."""
        costs = self._bench.registry.costs(self.ids)
        measured = {run_id: cost.ms_per_photo for run_id, cost in costs.items() if cost.ms_per_photo}
        return sorted(self.ids, key=lambda run_id: measured.get(run_id, float("inf")))
