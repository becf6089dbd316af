"""Runs as rows: what trains now, what waits, and the polling that keeps both true."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core import charts
from core.errors import GraftError
from core.runs import Run, Status
from core.web.panels.words import recipe_words
from core.web.widgets import explained, progress_line, run_chip
from core.wording import count, plain
from core.workbench import Workbench

Names = Mapping[str, str]
"""Dataset id -> title."""


def active_ids(running: Sequence[Run], waiting: Sequence[Run]) -> frozenset[tuple[str, str]]:
    """What a polling panel compares to know that the page around it is out of date."""
    return frozenset((run.id, run.status) for run in (*running, *waiting))


def running_row(bench: Workbench, run: Run, names: Names, *, curve: bool = False) -> None:
    """One running run: name, stage, what is left, and how to stop it."""
    with st.container(border=True, key=f"running-{run.id}"):
        head, buttons = st.columns([3, 2], vertical_alignment="center")
        with head:
            run_chip(run)
            st.caption(plain(f"{names.get(run.dataset_id, '')} · {recipe_words(run)} · on {run.slot or 'the queue'}"))
        with buttons, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            open_link(run)
            cancel_menu(bench, run)
        progress_line(bench.progress(run.id), before=epoch_words(run))
        if curve:
            live_curve(bench, run)


def epoch_words(run: Run) -> str:
    if run.cancel is not None:
        return "Stopping after this epoch …" if run.cancel == "after_epoch" else "Stopping …"
    return ""


def live_curve(bench: Workbench, run: Run) -> None:
    epochs = bench.epochs(run.id)
    if not epochs:
        return
    figure = charts.live_curve(epochs, metric="accuracy")
    alt = f"Accuracy of {run.name} per epoch, training and validation"
    st.plotly_chart(figure, key=f"curve.{run.id}", theme="streamlit", config=charts.CONFIG, alt=alt)


def open_link(run: Run, label: str = "Open") -> None:
    st.page_link("pages/runs.py", label=label, icon=":material/open_in_new:", query_params={"run": run.id})


def cancel_menu(bench: Workbench, run: Run) -> None:
    """After this epoch (the model so far can be extended) or now; a waiting run just leaves the queue."""
    if run.status is Status.SCHEDULED:
        st.button(
            "Cancel", key=f"cancel.{run.id}", icon=":material/close:", on_click=_cancel, args=(bench, run.id, True)
        )
        return
    with st.popover("Cancel", icon=":material/stop_circle:", key=f"cancel.{run.id}"):
        st.caption("Either way the last finished epoch is kept, and the run can be resumed.")
        for label, now in (("After this epoch", False), ("Now", True)):
            key = f"cancel.{'now' if now else 'epoch'}.{run.id}"
            st.button(label, key=key, on_click=_cancel, args=(bench, run.id, now), width="stretch")


def _cancel(bench: Workbench, run_id: str, now: bool) -> None:
    attempt(bench.cancel, run_id, now=now)


def attempt(action, *args, **options) -> None:
    """Call a workbench verb from a callback; a refusal is a toast, because a callback draws no page."""
    try:
        action(*args, **options)
    except GraftError as error:
        st.toast(plain(str(error)), icon=":material/error:")


def waiting_rows(bench: Workbench, waiting: Sequence[Run], names: Names) -> None:
    """The queue in the order it will start; moved with buttons, so that a keyboard and a phone can do it."""
    for place, run in enumerate(waiting):
        with st.container(key=f"waiting-{run.id}"):
            head, buttons = st.columns([3, 2], vertical_alignment="center")
            with head:
                run_chip(run)
                priority = f" · priority {run.priority}" if run.priority else ""
                st.caption(plain(f"{place + 1}. {names.get(run.dataset_id, '')} · {recipe_words(run)}{priority}"))
            with buttons, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
                _order_buttons(bench, waiting, place)
                open_link(run)
                cancel_menu(bench, run)


def _order_buttons(bench: Workbench, waiting: Sequence[Run], place: int) -> None:
    run = waiting[place]
    up = waiting[place - 1].id if place else None
    after_next = waiting[place + 2].id if place + 2 < len(waiting) else None
    last = place == len(waiting) - 1
    st.button(
        "", key=f"up.{run.id}", icon=":material/arrow_upward:", help="Start earlier",
        disabled=place == 0, on_click=_move, args=(bench, run, up),
    )  # fmt: skip
    st.button(
        "", key=f"down.{run.id}", icon=":material/arrow_downward:", help="Start later",
        disabled=last, on_click=_move, args=(bench, run, after_next),
    )  # fmt: skip
    with st.popover("", icon=":material/flag:", help="Priority", key=f"priority-menu.{run.id}"):
        key = f"priority.{run.id}"
        help_ = "Runs of a higher priority start first, whatever their place."
        st.number_input(
            "Priority", -100, 100, run.priority, key=key, help=help_, on_change=_prioritise, args=(bench, run)
        )


def _move(bench: Workbench, run: Run, before: str | None) -> None:
    attempt(bench.move, run.id, before)


def _prioritise(bench: Workbench, run: Run) -> None:
    attempt(bench.set_priority, run.id, st.session_state[f"priority.{run.id}"])


def active_panel(bench: Workbench, names: Names, known: frozenset, *, curve: bool, reorder: bool) -> None:
    """What runs and what waits; meant for ``poll``. Redraws the whole page once when one of them changed its state."""
    with explained():
        running, waiting = bench.runs(status=Status.RUNNING), bench.queue()
        for run in sorted(running, key=lambda run: run.started_at or 0):
            running_row(bench, run, names, curve=curve)
        if waiting and reorder:
            st.markdown(f"**{count(len(waiting), 'run')} waiting**, in the order they will start")
            waiting_rows(bench, waiting, names)
        elif waiting:
            st.caption(f"{count(len(waiting), 'run')} waiting; next: {plain(waiting[0].name)}.")
        if active_ids(running, waiting) != known:
            st.rerun(scope="app")
