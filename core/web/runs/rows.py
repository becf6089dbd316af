"""Running and waiting runs as rows, and the buttons that change them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core import jobs
from core.errors import GraftError
from core.jobs.reports import progress_of
from core.planning.remaining import StageTimes, TimeLeft
from core.recipes.labels import describe
from core.runs.values import Progress, Run, Status
from core.text.units import count, glued, plain, rough_duration
from core.web.parts.labels import slot_label
from core.web.parts.rights import allowed
from core.web.parts.widgets import explained, run_chip
from core.web.runs.stage_bar import STARTING, left_text, stage_bar
from core.workbench import Workbench

Names = Mapping[str, str]
"""Dataset id -> title."""
WAITING_PER_PAGE = 8
_PAGE = "waiting.page"


def active_ids(running: Sequence[Run], waiting: Sequence[Run]) -> frozenset[tuple[str, str]]:
    """Runs with their status; a polling panel redraws the whole page when they change."""
    return frozenset((run.id, run.status) for run in (*running, *waiting))


def time_left_of(bench: Workbench, active: Sequence[Run]) -> TimeLeft:
    """The estimates for these running and waiting runs; made once, a polling panel asks them at every refresh."""
    slots = len(jobs.supervisor_status(bench.settings).slots)
    return TimeLeft(active, bench.registry, bench.settings, slots=slots)


def running_row(
    bench: Workbench,
    run: Run,
    names: Names,
    progress: Progress | None,
    times: StageTimes,
    *,
    left: float,
    now: float,
) -> None:
    """One running run: name, stage with its bar, time left, and how to stop it.

    Args:
        left: seconds until the run ends, estimated.
    """
    with st.container(border=True, key=f"running-{run.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            run_chip(run)
            with st.container(horizontal=True, vertical_alignment="center", width="content"):  # on one line on a phone
                open_link(run)
                stop_menu(bench, run)
        stage_bar(progress, times, now, left=left, before=cancel_label(run))
        where = f"on {slot_label(run.slot)}" if run.slot else ""
        about = [left_text(left).capitalize(), names.get(run.dataset_id, ""), describe(run.recipe), where]
        st.caption(glued(plain(" · ".join(part for part in about if part))))


def no_running_row() -> None:
    """In the place of a running run while the next one is being started."""
    with st.container(border=True, key="running-none"):
        with st.container(horizontal=True, vertical_alignment="center", height=40):
            st.markdown("The next run is being started …")
        st.progress(0.0, text=STARTING)
        st.caption("A new trainer needs some seconds.")


def cancel_label(run: Run) -> str:
    """What a running run was told to do; "" where it was not stopped."""
    labels = {None: "", "after_epoch": "Finishing after this epoch …"}
    return labels.get(run.cancel, "Stopping …")


def open_link(run: Run, label: str = "Open") -> None:
    st.page_link("pages/runs.py", label=label, icon=":material/open_in_new:", query_params={"run": run.id})


def stop_menu(bench: Workbench, run: Run) -> None:
    """Pause, or finish early; of a waiting run, cancel."""
    if run.status is Status.SCHEDULED:
        action = (bench.cancel, run.id)
        st.button("Cancel", key=f"cancel.{run.id}", icon=":material/close:", on_click=attempt, args=action, **allowed())
        return
    st.menu_button(
        "Stop", list(_stops(run)), key=f"stop.{run.id}", icon=":material/stop_circle:", on_click=_stop,
        args=(bench, run), help=_STOPPING if run.recipe.is_trained else None,
    )  # fmt: skip


PAUSE, FINISH_EARLY, STOP_NOW = "Pause now", "Finish after this epoch", "Stop now"
_STOPPING = (
    "*Pause now* keeps the last finished epoch, so that the run can be resumed. *Finish after this epoch* evaluates "
    "the model of the best epoch so far on the test photos."
)


def _stops(run: Run) -> tuple[str, ...]:
    """What stopping a running run can mean."""
    return (PAUSE, FINISH_EARLY) if run.recipe.is_trained else (STOP_NOW,)


def _stop(bench: Workbench, run: Run) -> None:
    chosen = st.session_state[f"stop.{run.id}"]
    attempt(bench.stop_after_epoch if chosen == FINISH_EARLY else bench.cancel, run.id)


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
    """The queue in its order, a page at a time; moved with buttons, which work with a keyboard and on a phone."""
    st.subheader(f"{count(len(waiting), 'run')} waiting, in starting order", anchor=False)
    pages = -(-len(waiting) // WAITING_PER_PAGE)
    page = min(st.session_state.get(_PAGE, 1), pages)
    shown = range((page - 1) * WAITING_PER_PAGE, min(page * WAITING_PER_PAGE, len(waiting)))
    needed = bench.waits(waiting[position].id for position in shown)
    for position in shown:
        _waiting_row(bench, waiting, position, names, needed.get(waiting[position].id, ""))
    if pages > 1:
        st.session_state[_PAGE] = page
        st.pagination(pages, key=_PAGE)


def _waiting_row(bench: Workbench, waiting: Sequence[Run], position: int, names: Names, needed: str) -> None:
    """Args:
    needed: what the run needs that not every slot has, in a sentence; "" for nothing.
    """
    run = waiting[position]
    with st.container(key=f"waiting-{run.id}"):
        head, buttons = st.columns([3, 2], vertical_alignment="center")
        with head:
            run_chip(run)
            priority = f" · priority {run.priority}" if run.priority else ""
            where = names.get(run.dataset_id, "")
            st.caption(plain(f"{position + 1}. {where} · {describe(run.recipe)}{priority}"))
            if needed:
                st.caption(f":material/memory: {plain(needed)}")
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
    attempt(bench.move, run.id, before)


def _prioritise(bench: Workbench, run: Run) -> None:
    attempt(bench.prioritise, run.id, st.session_state[f"priority.{run.id}"])


def active_panel(bench: Workbench, names: Names, known: frozenset, time_left: TimeLeft) -> None:
    """Running runs and the number of waiting ones, for ``poll``; redraws the whole page once when the status of one has
    changed."""
    with explained():
        running, waiting, now = bench.registry.runs(status=Status.RUNNING), bench.registry.queue(), time.time()
        progress = progress_of((run.id for run in running), bench.settings, bench.registry)
        left = time_left.of(running, waiting, progress, now)
        for run in sorted(running, key=lambda run: run.started_at or 0):
            running_row(bench, run, names, progress[run.id], time_left.times, left=left[run.id], now=now)
        if waiting:
            next_one = f"{count(len(waiting), 'run')} waiting; next: {plain(waiting[0].name)}"
            st.caption(f"{next_one}. About {glued(rough_duration(max(left.values())))} left in all.")
        if active_ids(running, waiting) != known:
            st.rerun(scope="app")
