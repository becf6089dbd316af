"""A dataset on the page Overview: its best model with accuracy and cost, some photos, and the next step."""

from collections.abc import Container, Mapping

import streamlit as st

from core.comparison.cost_axes import COSTS
from core.comparison.table import Row
from core.datasets.values import Dataset
from core.runs.values import Run, Status
from core.text.units import count, duration, milliseconds, percent, plain
from core.web.datasets.dataset_panel import sample
from core.web.parts.frame import PAGES
from core.web.parts.labels import dataset_size, dataset_title
from core.web.parts.widgets import metrics, page_link, run_chip
from core.workbench import Workbench


def show(
    bench: Workbench,
    dataset: Dataset,
    run_counts: Mapping[Status, int],
    *,
    best: Row | None,
    champion: Row | None,
    runs: Mapping[str, Run],
    with_model: Container[str],
    first: bool,
) -> None:
    """One dataset: its champion or best model with accuracy and cost, some photos, and links to the next step.

    Args:
        run_counts: number of runs by status. best: the most accurate run. champion: the run a user chose, shown instead
            of ``best`` if there is one. runs: both of them, by id.
        with_model: ids of the runs whose weights exist.
        first: whether this is the first card of the page, whose next step is a filled button.
    """
    shown = champion or best
    with st.container(border=True, key=f"card-{dataset.id}"):
        left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
        with left:
            st.markdown(f"**{plain(dataset_title(dataset))}**")
            st.caption(f"{dataset_size(dataset)} · {count(sum(run_counts.values()), 'run')}")
            if shown is None:
                st.caption("No finished run yet.")
            else:
                _badges(runs[shown.run.id], best, champion)
        with right:
            sample(bench, dataset)
        if shown is not None:
            _metrics(dataset, shown, "the champion" if champion else "the most accurate run")
        model_run = shown.run.id if shown is not None and shown.run.id in with_model else None
        _next_steps(dataset, run_counts, model_run, first=first)


def _badges(shown: Run, best: Row | None, champion: Row | None) -> None:
    """The run and whether it is the champion or the most accurate; names the most accurate if it is another one."""
    run_chip(shown)
    if champion is None:
        st.caption(":green-badge[:material/target: Most accurate]")
        return
    also, beside = " :green-badge[:material/target: Most accurate]", ""
    if best is not None and (best.accuracy or 0) > (champion.accuracy or 0):
        also, beside = "", f" The most accurate is {plain(best.name)} with {percent(best.accuracy)}."
    st.caption(f":orange-badge[:material/trophy: Champion]{also}{beside}")


def _metrics(dataset: Dataset, shown: Row, which: str) -> None:
    accuracy = percent(shown.accuracy, shown.interval)
    metrics(
        dataset.id,
        ("Test accuracy", accuracy, f"Of {which}, with its 95 % interval."),
        ("Training time", duration(shown.value("alone_wall_seconds")), COSTS["alone_wall_seconds"].help),
        ("Time per photo", milliseconds(shown.value("ms_per_photo")), COSTS["ms_per_photo"].help),
    )


def _next_steps(dataset: Dataset, run_counts: Mapping[Status, int], model_run: str | None, *, first: bool) -> None:
    """Links to what can be done with this dataset, the most likely step first, which is a button on the first card.

    Args:
        model_run: the run whose model Predict opens with; None without a model.
    """
    steps = {"train": {"dataset": dataset.id}}
    if run_counts.get(Status.FINISHED, 0) > 1:
        steps = {"compare": {"dataset": dataset.id}} | steps
    if model_run is not None:
        steps = {"predict": {"models": model_run}} | steps
    with st.container(horizontal=True, vertical_alignment="center"):
        for position, (name, query) in enumerate(steps.items()):
            title, icon = PAGES[name]
            if position or not first:
                page_link(name, **query)
            elif st.button(title, icon=icon, type="primary", key=f"next.{dataset.id}"):
                st.switch_page(f"pages/{name}.py", query_params=query)
