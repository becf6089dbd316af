"""Running and waiting runs as rows, and the buttons that change them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.charts.live import live_chart
from core.errors import GraftError
from core.recipes.labels import describe
from core.runs.progress import read_progress
from core.runs.values import Run, Status
from core.text.units import count, plain
from core.web.parts.charts import draw
from core.web.parts.labels import slot_label
from core.web.parts.widgets import explained, progress_line, run_chip
from core.workbench import Workbench

Names = Mapping[str, str]
"""Dataset id -> title."""


def active_ids(running: Sequence[Run], waiting: Sequence[Run]) -> frozenset[tuple[str, str]]:
    """Runs with their status; a polling panel redraws the whole page when they change."""
    return frozenset((run.id, run.status) for run in (*running, *waiting))


def running_row(bench: Workbench, run: Run, names: Names, *, curve: bool = False) -> None:
    """One running run: name, progress, and how to stop it."""
    with st.container(border=True, key=f"running-{run.id}"):
        head, buttons = st.columns([3, 2], vertical_alignment="center")
        with head:
            run_chip(run)
            where = f" · on {slot_label(run.slot)}" if run.slot else ""
            st.caption(plain(f"{names.get(run.dataset_id, '')} · {describe(run.recipe)}{where}"))
        with buttons, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            open_link(run)
            stop_menu(bench, run)
        progress_line(read_progress(run.id, bench.settings), before=cancel_label(run))
        if curve:
            live_curve(bench, run)


def cancel_label(run: Run) -> str:
    """What a running run was told to do; "" where it was not stopped."""
    labels = {None: "", "after_epoch": "Finishing after this epoch …"}
    return labels.get(run.cancel, "Stopping …")


def live_curve(bench: Workbench, run: Run) -> None:
    epochs = bench.registry.epochs(run.id)
    if not epochs:
        return
    alt = f"Accuracy of {run.name} per epoch, training and validation"
    draw(live_chart(epochs), key=f"curve.{run.id}", alt=alt)


def open_link(run: Run, label: str = "Open") -> None:
    st.page_link("pages/runs.py", label=label, icon=":material/open_in_new:", query_params={"run": run.id})


def stop_menu(bench: Workbench, run: Run) -> None:
    """Pause, or finish early; of a waiting run, cancel."""
    if run.status is Status.SCHEDULED:
        action = (bench.cancel, run.id)
        st.button("Cancel", key=f"cancel.{run.id}", icon=":material/close:", on_click=attempt, args=action)
        return
    with st.popover("Stop", icon=":material/stop_circle:", key=f"stop.{run.id}"):
        if run.recipe.is_trained:
            st.caption(
                "Pause keeps the last finished epoch, so that the run can be resumed. Finishing early evaluates the "
                "model of the best epoch so far on the test photos."
            )
        st.button(
            "Pause now", icon=":material/pause:", key=f"pause.{run.id}", width="stretch",
            on_click=attempt, args=(bench.cancel, run.id),
        )  # fmt: skip
        if run.recipe.is_trained:
            st.button(
                "Finish after this epoch", icon=":material/flag_check:", key=f"after.{run.id}", width="stretch",
                on_click=attempt, args=(bench.stop_after_epoch, run.id),
            )  # fmt: skip


def reproduce_button(bench: Workbench, run: Run) -> None:
    """Trains again with the same seed and opens the new run, which shows the differences."""
    help_ = "Trains the same recipe again with the same seed and compares every metric."
    st.button(
        "Reproduce", icon=":material/replay:", key="run.reproduce", help=help_, on_click=_reproduce, args=(bench, run)
    )
    if "run.reproduced" in st.session_state:
        st.switch_page("pages/runs.py", query_params={"run": st.session_state.pop("run.reproduced")})


def _reproduce(bench: Workbench, run: Run) -> None:
    again = attempt(bench.reproduce, run.id)
    if again is not None:
        st.session_state["run.reproduced"] = again.id


def attempt(action: Callable[..., Any], *args: Any) -> Any:
    """Call a workbench method from a callback; an error becomes a toast and None, since a callback draws no page."""
    try:
        return action(*args)
    except GraftError as error:
        st.toast(plain(str(error)), icon=":material/error:")
        return None


def waiting_rows(bench: Workbench, waiting: Sequence[Run], names: Names) -> None:
    """The queue in its order; moved with buttons, which work with a keyboard and on a phone."""
    for position, run in enumerate(waiting):
        with st.container(key=f"waiting-{run.id}"):
            head, buttons = st.columns([3, 2], vertical_alignment="center")
            with head:
                run_chip(run)
                priority = f" · priority {run.priority}" if run.priority else ""
                where = names.get(run.dataset_id, "")
                st.caption(plain(f"{position + 1}. {where} · {describe(run.recipe)}{priority}"))
            # five of them fit side by side on a phone
            with (
                buttons,
                st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"),
            ):
                _order_buttons(bench, waiting, position)
                open_link(run)
                stop_menu(bench, run)


def _order_buttons(bench: Workbench, waiting: Sequence[Run], position: int) -> None:
    """style.css hides their labels, which screen readers need."""
    run = waiting[position]
    up = waiting[position - 1].id if position else None
    after_next = waiting[position + 2].id if position + 2 < len(waiting) else None
    last = position == len(waiting) - 1
    st.button(
        "Start earlier", key=f"up.{run.id}", icon=":material/arrow_upward:", help="Start earlier",
        disabled=position == 0, on_click=_move, args=(bench, run, up),
    )  # fmt: skip
    st.button(
        "Start later", key=f"down.{run.id}", icon=":material/arrow_downward:", help="Start later",
        disabled=last, on_click=_move, args=(bench, run, after_next),
    )  # fmt: skip
    with st.popover("Priority", icon=":material/flag:", help="Priority", key=f"priority-menu.{run.id}"):
        key = f"priority.{run.id}"
        help_ = "Runs with a higher priority start first, whatever their position in the queue."
        st.number_input(
            "Priority", -100, 100, run.priority, key=key, help=help_, on_change=_prioritise, args=(bench, run)
        )


def _move(bench: Workbench, run: Run, before: str | None) -> None:
    attempt(bench.registry.move, run.id, before)


def _prioritise(bench: Workbench, run: Run) -> None:
    attempt(bench.registry.set_priority, run.id, st.session_state[f"priority.{run.id}"])


def active_panel(bench: Workbench, names: Names, known: frozenset, *, curve: bool, reorder: bool) -> None:
    """Running and waiting runs, for ``poll``; redraws the whole page once when the status of one has changed."""
    with explained():
        running, waiting = bench.registry.runs(status=Status.RUNNING), bench.registry.queue()
        for run in sorted(running, key=lambda run: run.started_at or 0):
            running_row(bench, run, names, curve=curve)
        if waiting and reorder:
            st.markdown(f"**{count(len(waiting), 'run')} waiting**, in starting order")
            waiting_rows(bench, waiting, names)
        elif waiting:
            st.caption(f"{count(len(waiting), 'run')} waiting; next: {plain(waiting[0].name)}.")
        if active_ids(running, waiting) != known:
            st.rerun(scope="app")
