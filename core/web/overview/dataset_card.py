"""A dataset on the Overview: the model to use with what it cost, some photos, and what comes next."""

from collections.abc import Container, Mapping

import streamlit as st

from core.comparison import COSTS, Row
from core.datasets.values import Dataset
from core.runs.values import Run, Status
from core.text.units import count, duration, milliseconds, percent, plain
from core.web.datasets.dataset_panel import sample
from core.web.parts.labels import dataset_size, dataset_title
from core.web.parts.metrics import figures
from core.web.parts.widgets import run_chip
from core.workbench import Workbench


def show(
    bench: Workbench,
    dataset: Dataset,
    numbers: Mapping[Status, int],
    *,
    best: Row | None,
    champion: Row | None,
    runs: Mapping[str, Run],
    with_model: Container[str],
    first: bool,
) -> None:
    """One dataset: the model to use with what it cost, some of its photos, and the step that comes next.

    Args:
        numbers: how many runs it has in each status. best: the most accurate run. champion: the one a person chose;
            it is shown first where there is one. runs: both of them, by id.
        with_model: ids of runs whose weights are there.
    """
    shown = champion or best
    with st.container(border=True, key=f"card-{dataset.id}"):
        words, photos = st.columns([3, 2], gap="medium", vertical_alignment="center")
        with words:
            st.markdown(f"**{plain(dataset_title(dataset))}**")
            st.caption(f"{dataset_size(dataset)} · {count(sum(numbers.values()), 'run')}")
            if shown is None:
                st.caption("No finished run yet, so nothing can be said about these photos.")
            else:
                _who(runs[shown.run_id], best, champion)
        with photos:
            sample(bench, dataset)
        if shown is not None:
            _figures(dataset, shown, "the champion" if champion else "the most accurate run")
        asked = shown.run_id if shown is not None and shown.run_id in with_model else None
        _next_steps(dataset, numbers, asked, first=first)


def _who(shown: Run, best: Row | None, champion: Row | None) -> None:
    """The champion, and beside it the most accurate where that is another one."""
    run_chip(shown)
    if champion is None:
        st.caption(":green-badge[:material/target: Most accurate]")
        return
    also, beside = " :green-badge[:material/target: Most accurate]", ""
    if best is not None and (best.accuracy or 0) > (champion.accuracy or 0):
        also, beside = "", f" The most accurate is {plain(best.name)} with {percent(best.accuracy)}."
    st.caption(f":orange-badge[:material/trophy: Champion]{also}{beside}")


def _figures(dataset: Dataset, shown: Row, which: str) -> None:
    accuracy = percent(shown.accuracy, shown.interval)
    figures(
        dataset.id,
        ("Test accuracy", accuracy, f"Of {which}, with its 95 % interval."),
        ("Training time", duration(shown.alone_wall_seconds), COSTS["alone_wall_seconds"].help),
        ("Time per photo", milliseconds(shown.ms_per_photo), COSTS["ms_per_photo"].help),
    )


def _next_steps(dataset: Dataset, numbers: Mapping[Status, int], asked: str | None, *, first: bool) -> None:
    """What can be done with this dataset, the likeliest step first; a filled button once on the page.

    Args:
        asked: the run whose model would answer.
    """
    query = {"dataset": dataset.id}
    steps = {"train": ("Train", ":material/model_training:", query)}
    if numbers.get(Status.FINISHED, 0) > 1:
        steps = {"compare": ("Compare", ":material/bar_chart:", query)} | steps
    if asked is not None:
        steps = {"predict": ("Predict", ":material/image_search:", {"models": asked})} | steps
    with st.container(horizontal=True, vertical_alignment="center"):
        for place, (page_name, (label, icon, target)) in enumerate(steps.items()):
            file = f"pages/{page_name}.py"
            if place or not first:
                st.page_link(file, label=label, icon=icon, query_params=target)
            elif st.button(label, icon=icon, type="primary", key=f"next.{dataset.id}"):
                st.switch_page(file, query_params=target)
