"""A dataset on the page Overview: which model to use and why, its accuracy and cost, some photos, the next step."""

import streamlit as st

from core.comparison.cost_axes import COSTS
from core.comparison.summary import accuracy_text
from core.runs.values import Run, Status
from core.text.units import count, duration, milliseconds, percent, plain
from core.web.datasets.dataset_panel import sample
from core.web.overview.standing import DatasetStanding
from core.web.parts.frame import PAGES
from core.web.parts.labels import dataset_size, dataset_title, interval
from core.web.parts.leaks import leak_marks
from core.web.parts.widgets import metrics, page_link, run_chip
from core.workbench import Workbench


def show(bench: Workbench, one: DatasetStanding, *, first: bool, leading: bool) -> None:
    """One dataset.

    Args:
        first: whether this is the first card of the page, whose next step is a filled button.
        leading: whether the first line of the page has its recommendation already.
    """
    dataset, shown = one.dataset, one.shown
    with st.container(border=True, key=f"card-{dataset.id}"):
        left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
        with left:
            st.header(plain(dataset_title(dataset)), anchor=False)
            st.caption(f"{dataset_size(dataset)} · {count(sum(one.counts.values()), 'run')}")
            if shown is None:
                st.markdown(_without_result(one))
            else:
                recommendation = "" if leading else one.recommendation()
                ties = one.ties(after_recommendation=bool(recommendation))
                st.markdown(" ".join(filter(None, (recommendation, ties, one.champion_note()))))
        with right:
            sample(bench, dataset)
        if shown is not None:
            _chip(one, shown)
            _metrics(one, shown)
            leak_marks(bench, [dataset.id])
        _next_steps(one, first=first)


def _without_result(one: DatasetStanding) -> str:
    if one.counts.get(Status.RUNNING) or one.counts.get(Status.SCHEDULED):
        return "No run has finished yet."
    return "No run yet: train some models to find the one to use." if not one.counts else "No run has been measured."


def _chip(one: DatasetStanding, shown: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="content"):
            run_chip(shown)
        champion = ":orange-badge[:material/trophy: Champion]" if one.champion else ""
        is_recommended = one.recommended is not None and shown.id == one.recommended.id
        recommended = ":green-badge[:material/thumb_up: Recommended]" if is_recommended else ""
        st.markdown(f"{champion} {recommended}".strip() or ":gray-badge[not compared]", width="content")


def _metrics(one: DatasetStanding, shown: Run) -> None:
    found, cost = one.verdict, one.costs.get(shown.id)
    accuracy, seconds = percent(shown.test_accuracy, interval(shown)), cost.alone_wall_seconds if cost else None
    if found is not None and shown.id == found.recommended.run_id:
        accuracy, seconds = accuracy_text(found.recommended), found.recommended.training_seconds
    metrics(
        one.dataset.id,
        ("Test accuracy", accuracy, "On the test photos, with the 95 % interval (Wilson)."),
        ("Training time", duration(seconds), COSTS["alone_wall_seconds"].help),
        ("Time per photo", milliseconds(cost.ms_per_photo if cost else None), COSTS["ms_per_photo"].help),
    )


def _next_steps(one: DatasetStanding, *, first: bool) -> None:
    """Links to what can be done with this dataset, the most likely step first, which is a button on the first card."""
    steps = {"train": {"dataset": one.dataset.id}}
    if one.counts.get(Status.FINISHED, 0) > 1:
        steps = {"compare": {"dataset": one.dataset.id}} | steps
    if one.shown is not None and one.shown.id in one.with_model:
        steps = {"predict": {"models": one.shown.id}} | steps
    with st.container(horizontal=True, vertical_alignment="center"):
        for position, (name, query) in enumerate(steps.items()):
            title, icon = PAGES[name]
            if position or not first:
                page_link(name, **query)
            elif st.button(title, icon=icon, type="primary", key=f"next.{one.dataset.id}"):
                st.switch_page(f"pages/{name}.py", query_params=query)
