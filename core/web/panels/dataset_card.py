"""A dataset on the Overview: its best model with what it cost, some photos, and what comes next."""

from collections.abc import Sequence

import streamlit as st

from core.comparison import COSTS, Row
from core.datasets.values import Dataset
from core.runs import Run, Status
from core.web.panels.dataset_panel import sample
from core.web.panels.figures import figures
from core.web.panels.words import dataset_size, dataset_title
from core.web.widgets import run_chip
from core.wording import count, duration, milliseconds, plain, share
from core.workbench import Workbench


def show(bench: Workbench, dataset: Dataset, runs: Sequence[Run], best: Row | None, *, first: bool) -> None:
    """One dataset: its best model with what it cost, some of its photos, and the step that comes next."""
    with st.container(border=True, key=f"card-{dataset.id}"):
        words, photos = st.columns([3, 2], gap="medium", vertical_alignment="center")
        with words:
            st.markdown(f"**{plain(dataset_title(dataset))}**")
            st.caption(f"{dataset_size(dataset)} · {count(len(runs), 'run')}")
            if best is None:
                st.caption("No finished run yet, so nothing can be said about these photos.")
            else:
                run_chip(next(run for run in runs if run.id == best.run_id))
        with photos:
            sample(bench, dataset)
        if best is not None:
            _figures(dataset, best)
        _next_steps(dataset, runs, best, first=first)


def _figures(dataset: Dataset, best: Row) -> None:
    accuracy = share(best.accuracy, best.interval)
    figures(
        dataset.id,
        ("Test accuracy", accuracy, "Of the best finished run, with its 95 % interval."),
        ("Training time", duration(best.alone_wall_seconds), COSTS["alone_wall_seconds"].help),
        ("Time per photo", milliseconds(best.ms_per_photo), COSTS["ms_per_photo"].help),
    )


def _next_steps(dataset: Dataset, runs: Sequence[Run], best: Row | None, *, first: bool) -> None:
    """What can be done with this dataset, the likeliest step first; a filled button once on the page."""
    query = {"dataset": dataset.id}
    finished = sum(run.status is Status.FINISHED for run in runs)
    steps = {"train": ("Train", ":material/model_training:", query)}
    if finished > 1:
        steps = {"compare": ("Compare", ":material/bar_chart:", query)} | steps
    if best is not None:
        steps = {"predict": ("Predict", ":material/image_search:", {"models": best.run_id})} | steps
    with st.container(horizontal=True, vertical_alignment="center"):
        for place, (page_name, (label, icon, target)) in enumerate(steps.items()):
            file = f"pages/{page_name}.py"
            if place or not first:
                st.page_link(file, label=label, icon=icon, query_params=target)
            elif st.button(label, icon=icon, type="primary", key=f"next.{dataset.id}"):
                st.switch_page(file, query_params=target)
