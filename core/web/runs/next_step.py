"""The next step of the followed runs: wait and compare, compare now, or see why one failed."""

from collections.abc import Sequence

import streamlit as st

from core.comparison.summary import recommendation
from core.runs.values import Run, Status
from core.text.units import amount, count, plain
from core.web.parts.frame import PAGES
from core.web.runs.followed import is_launch
from core.web.runs.rows import attempt, open_link
from core.workbench import Workbench

_WATCHED = "launched.watched"
_FOLLOW = "launched.follow"
_MOST_COMPARED = 100
"""Runs of a launch that are compared here at once; the page Compare takes more."""
_MOST_REASONS = 5
"""Failed runs whose reason is shown; the table of ended runs lists all."""


def open_compare(bench: Workbench, ids: Sequence[str]) -> None:
    """Opens Compare once when all runs of a launch that was followed here have finished, unless switched off."""
    if not is_launch():
        return
    runs = bench.registry.runs_of(ids)
    if not all(run.status.ended for run in runs):
        st.session_state[_WATCHED] = list(ids)
        return
    watched = st.session_state.pop(_WATCHED, None) == list(ids)
    finished = all(run.status is Status.FINISHED for run in runs) and len(runs) > 1
    if watched and finished and st.session_state.get(_FOLLOW, True) and _is_one_dataset(runs):
        st.switch_page("pages/compare.py", query_params={"runs": ",".join(ids)})


def advice(bench: Workbench, runs: Sequence[Run]) -> str:
    """When all runs have ended: which one to use, in the words of the page Compare; else ""."""
    finished = [run for run in runs if run.status is Status.FINISHED]
    if not all(run.status.ended for run in runs) or not _can_be_compared(finished):
        return ""
    found = bench.comparison([run.id for run in finished]).verdict
    return "" if found is None else plain(recommendation(found, {run.id: run.name for run in finished}))


def _can_be_compared(finished: Sequence[Run]) -> bool:
    return 1 < len(finished) <= _MOST_COMPARED and _is_one_dataset(finished)


def show(bench: Workbench, runs: Sequence[Run]) -> None:
    """One row: while runs are left a switch, then the next step."""
    if not runs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if not all(run.status.ended for run in runs):
            if is_launch() and len(runs) > 1:
                st.toggle("Open Compare when all have finished", value=True, key=_FOLLOW)
            return
        for dataset_id in dict.fromkeys(run.dataset_id for run in runs):
            _compare(bench, [run for run in runs if run.dataset_id == dataset_id], alone=_is_one_dataset(runs))


def _compare(bench: Workbench, runs: Sequence[Run], *, alone: bool) -> None:
    finished = [run.id for run in runs if run.status is Status.FINISHED]
    if not finished:
        return
    where = "" if alone else f" on {plain(bench.registry.dataset(runs[0].dataset_id).name)}"
    if len(finished) > 1:
        page, label = "compare", f"Compare the {amount(len(finished))} finished runs{where}"
    else:
        page, label = "runs", f"Open the finished run{where}"
    query = {"runs": ",".join(finished)} if page == "compare" else {"run": finished[0]}
    if st.button(label, type="primary", icon=PAGES[page][1], key=f"next.{runs[0].dataset_id}"):
        st.switch_page(f"pages/{page}.py", query_params=query)


def failures(bench: Workbench, runs: Sequence[Run]) -> None:
    """Why each failed run failed, in the words of its trainer, and what to do."""
    failed = [run for run in runs if run.status is Status.FAILED]
    for run in failed[:_MOST_REASONS]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"failed-{run.id}"):
            st.markdown(f":red[:material/error: Failed] **{plain(run.name)}**: {plain(run.reason)}")
            st.button(
                "Resume" if run.epochs_done else "Start again", key=f"resume.{run.id}", icon=":material/play_arrow:",
                on_click=attempt, args=(bench.resume, run.id), help=_resumed(run),
            )  # fmt: skip
            open_link(run, "Open log")
    if len(failed) > _MOST_REASONS:
        st.caption(f"{count(len(failed) - _MOST_REASONS, 'more run')} failed; the table of ended runs lists all.")


def _resumed(run: Run) -> str:
    return f"Continues at epoch {run.epochs_done + 1}." if run.epochs_done else "Starts from the beginning."


def _is_one_dataset(runs: Sequence[Run]) -> bool:
    return len({run.dataset_id for run in runs}) == 1
