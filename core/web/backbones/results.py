"""What runs of this home reached with a backbone: the best one on every dataset, and how it compares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.backbones.values import Backbone
from core.comparison.verdict import Verdict
from core.datasets.values import Dataset
from core.recipes.patterns import Pattern
from core.registry.search import RunQuery
from core.runs.values import Run, Status
from core.text.units import count, percent, plain
from core.web.models.panel import standing_badge
from core.web.parts.labels import dataset_title, interval
from core.web.parts.widgets import page_link, run_chip
from core.workbench import Workbench

_MOST_EQUAL = 50
"""Runs among which the equally accurate ones are looked for."""


@dataclass(frozen=True, kw_only=True)
class ResultHere:
    """The most accurate run with a backbone on one dataset, of equally accurate ones the recommended run.

    Args:
        runs: finished runs with it. verdict: on all runs of the dataset; None where none was measured.
    """

    dataset: Dataset
    best: Run
    runs: int
    verdict: Verdict | None


def results_of(bench: Workbench, name: str) -> list[ResultHere]:
    """One for every dataset with a finished run that has this backbone, alone or in a fusion; the newest dataset
    first."""
    found = []
    for dataset in bench.registry.datasets():
        best, number = _most_accurate(bench, dataset, name)
        if best:
            verdict = bench.verdict(dataset.id)
            found.append(ResultHere(dataset=dataset, best=_first(best, verdict), runs=number, verdict=verdict))
    return found


def _most_accurate(bench: Workbench, dataset: Dataset, name: str) -> tuple[list[Run], int]:
    """Finished runs with this backbone, and how many there are. Of a fusion's backbones one is called the backbone in
    the registry, and the others its members."""
    query = RunQuery(dataset_id=dataset.id, statuses=(Status.FINISHED,), sort="most accurate")
    found: list[Run] = []
    number = 0
    for with_it in (replace(query, backbones=(name,)), replace(query, patterns=(Pattern.CASCADE,), member=name)):
        runs, more = bench.registry.search(with_it, limit=_MOST_EQUAL)
        found, number = [*found, *runs], number + more
    return sorted(found, key=lambda run: -(run.test_accuracy or 0.0)), number


def _first(runs: Sequence[Run], verdict: Verdict | None) -> Run:
    equal = {run.id: run for run in runs if run.test_accuracy == runs[0].test_accuracy}
    order = (verdict.recommended, verdict.best, *verdict.ties) if verdict else ()
    return next((equal[one.run_id] for one in order if one.run_id in equal), runs[0])


def show(bench: Workbench, backbone: Backbone) -> None:
    """A card for every dataset."""
    st.header("Results here", anchor=False)
    found = results_of(bench, backbone.name)
    if not found:
        st.caption("No finished run has used it yet.")
    for result in found:
        _card(backbone, result)


def _card(backbone: Backbone, result: ResultHere) -> None:
    run = result.best
    with st.container(border=True, key=f"result-{result.dataset.id}"):
        head, links = st.columns([3, 2], vertical_alignment="center")
        with head:
            run_chip(run)
            badge = standing_badge(result.verdict, run.id)
            accuracy = f"{percent(run.test_accuracy, interval(run))} test accuracy"
            best = "its only run" if result.runs == 1 else f"the most accurate of {count(result.runs, 'run')} with it"
            st.caption(f"{badge} {accuracy} on {plain(dataset_title(result.dataset))}, {best}".strip())
        with links, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            page_link("compare", "Compare its runs", dataset=result.dataset.id, backbone=backbone.name)
            page_link("runs", "Open run", run=run.id)
