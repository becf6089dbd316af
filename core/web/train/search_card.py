"""The best within a budget: the search over recipes of a dataset on the page Train. It runs in a process of its own."""

import streamlit as st

from core.datasets.values import Dataset
from core.output.searches import (
    best_run,
    best_sentence,
    left_out_sentence,
    optimism_sentence,
    search_sentence,
    trial_text,
    validation_text,
)
from core.searching.search_process import search_status, start_search, stop_search
from core.searching.values import MOST_MINUTES, SearchStatus, SearchTrial, TrialState, checked_search
from core.text.units import count, duration, plain
from core.web.parts.polling import poll
from core.web.parts.rights import allowed
from core.web.parts.tables import table
from core.web.parts.widgets import explained, page_link
from core.workbench import Workbench

TITLE = "Search within a time budget"
MINUTES = 30.0
MOST_COMPARED = 12
"""Finished trials that the link to Compare opens, the best ones first."""


def search_card(bench: Workbench, dataset: Dataset) -> None:
    """How far the search of the dataset is, what it has found, and the buttons that start and stop it."""
    status = search_status(dataset.id, settings=bench.settings)
    with st.expander(
        TITLE, icon=":material/travel_explore:", expanded=status.is_active,
        key=f"search.{dataset.id}",
    ):  # fmt: skip
        poll(_search, status.is_active, bench, dataset)


def _search(bench: Workbench, dataset: Dataset) -> None:
    status = search_status(dataset.id, settings=bench.settings)
    watched = f"search.watched.{dataset.id}"
    if status.is_active:
        st.session_state[watched] = True
        _progress(bench, dataset, status)
    else:
        if st.session_state.pop(watched, False):
            st.rerun(scope="app")
        if status.message:
            _ended(status)
        _start(bench, dataset, status)
    _found(bench, dataset, status)


def _ended(status: SearchStatus) -> None:
    """How the last one ended."""
    if status.state == "failed":
        st.warning(plain(status.message))
    else:
        st.info(plain(search_sentence(status)))


def _progress(bench: Workbench, dataset: Dataset, status: SearchStatus) -> None:
    budget = 60 * status.minutes
    told = f"{status.stage or 'Starting'} · {duration(status.spent)} of {duration(budget)} of training time spent"
    most = f" of {status.most_trials}" if status.most_trials else ""
    told += f" · {count(len(status.trials), 'trial') if not most else f'{len(status.trials)}{most} trials'}"
    st.progress(min(1.0, status.spent / budget) if budget else 0.0, text=told)
    if st.button("Stop", icon=":material/stop:", key="search.stop", **allowed()):
        with explained():
            stop_search(bench.settings, dataset.id)
            st.caption("It stops within seconds and cancels its run; both can be continued.")


def _start(bench: Workbench, dataset: Dataset, status: SearchStatus) -> None:
    st.caption(
        "Recipes are tried one after the other: first what the shortlist and the presets name, then what Optuna "
        "proposes from the results. Every trial is an ordinary run in the queue; recipes that were trained before cost "
        "nothing, and runs whose validation accuracy falls behind are cancelled. Test photos are not used."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        minutes = st.number_input(
            "Minutes of training time", min_value=0.1, max_value=float(MOST_MINUTES), value=MINUTES, step=5.0,
            format="%.1f", width=200, key="search.minutes",
            help="Of all runs that it launches, as Graft records it. Waiting in the queue does not count.",
        )  # fmt: skip
        trials = st.number_input(
            "Trials at most", min_value=1, value=None, step=1, placeholder="any", width=140, key="search.trials"
        )
        if st.button("Start a search", icon=":material/travel_explore:", key="search.start", **allowed()):
            _begin(bench, dataset, minutes, trials, go_on=False)
        if status.trials and st.button(
            "Go on with the last one", icon=":material/resume:", key="search.on",
            **allowed(help="Keeps its trials, and spends these minutes in addition."),
        ):  # fmt: skip
            _begin(bench, dataset, minutes, trials, go_on=True)


def _begin(bench: Workbench, dataset: Dataset, minutes: float, trials: int | None, *, go_on: bool) -> None:
    with explained():
        question = checked_search(minutes, trials)
        start_search(dataset.id, question, settings=bench.settings, registry=bench.registry, go_on=go_on)
        st.rerun(scope="app")


def _found(bench: Workbench, dataset: Dataset, status: SearchStatus) -> None:
    if not status.trials:
        return
    photos = dataset.split_sizes["validation"]
    if status.best:
        run = best_run(status, bench.registry)
        st.markdown(f":material/trophy: **{plain(best_sentence(status.best, photos))}**")
        st.markdown(f":material/info: {plain(optimism_sentence(status, dataset, run))}")
    rows = [_row(one, photos) for one in status.trials]
    table(rows, width="stretch", key="search.rows")
    if status.left_out:
        st.caption(left_out_sentence(status))
    _links(bench, status)


def _row(one: SearchTrial, photos: int) -> dict[str, object]:
    return {
        "Trial": one.number,
        "Recipe": one.name,
        "Validation": validation_text(one.accuracy, photos) or "–",
        "Training time": "free" if one.reused else duration(one.seconds),
        "Forecast": duration(one.forecast) if not one.reused else "–",
        "Proposed by": one.proposed,
        "Result": trial_text(one),
    }


def _links(bench: Workbench, status: SearchStatus) -> None:
    """To the runs of the trials that are still there."""
    measured = [one for one in status.trials if one.state is TrialState.FINISHED and one.accuracy is not None]
    best_first = sorted(measured, key=lambda one: -(one.accuracy or 0.0))[:MOST_COMPARED]
    there = [run.id for run in bench.registry.runs_of([one.run_id for one in best_first])]
    with st.container(horizontal=True):
        if len(there) > 1:
            page_link("compare", f"Compare {count(len(there), 'run')}", runs=",".join(there))
        if there:
            page_link("runs", "Show the runs", runs=",".join(there))
