"""The runs that were launched together (``?runs=a,b``): followed until they are done, then compared."""

from collections.abc import Sequence

import streamlit as st

from core import jobs
from core.errors import GraftError
from core.runs.values import Run, Status
from core.text.units import count, plain
from core.web.parts.choice import listed_ids
from core.web.parts.widgets import page_link
from core.web.runs.rows import attempt
from core.workbench import Workbench

_WATCHED = "launched.watched"


def banner(bench: Workbench) -> None:
    """How many of the runs of ``?runs=`` have ended, and a link to Compare when all have."""
    runs = _selected(bench)
    if not runs:
        return
    ids = ",".join(run.id for run in runs)
    left = [run for run in runs if not run.status.ended]
    if left:
        st.session_state[_WATCHED] = ids
        st.toggle(
            "Open Compare when all have ended",
            value=True,
            key="launched.follow",
            help=f"{len(runs) - len(left)} of {count(len(runs), 'launched run')} have ended.",
        )
        return
    _done(runs, ids)


def _selected(bench: Workbench) -> list[Run]:
    found = []
    for run_id in listed_ids("runs"):
        try:
            found.append(bench.registry.run(run_id))
        except GraftError as error:
            st.error(plain(str(error)), icon=":material/error:")
    return found


def _done(runs: Sequence[Run], ids: str) -> None:
    finished = [run for run in runs if run.status is Status.FINISHED]
    watched = st.session_state.pop(_WATCHED, None) == ids
    if watched and len(finished) == len(runs) > 1 and st.session_state.get("launched.follow", True):
        st.switch_page("pages/compare.py", query_params={"runs": ids})
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="launched"):
        st.markdown(f"**{_outcome(runs, finished)}**")
        if finished:
            page_link("compare", runs=",".join(run.id for run in finished))


def _outcome(runs: Sequence[Run], finished: Sequence[Run]) -> str:
    if len(finished) == len(runs):
        return (
            "The run you launched is finished."
            if len(runs) == 1
            else f"All {len(runs)} runs you launched are finished."
        )
    return f"{len(finished)} of {count(len(runs), 'run')} you launched finished; the reasons of the others are below."


def supervisor_notice(bench: Workbench) -> None:
    """A warning and a button to start the supervisor where none is running; waiting runs would not start."""
    if jobs.supervisor_status(bench.settings).running:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="supervisor-notice"):
        st.warning("No supervisor is running, so waiting runs will not start.", icon=":material/warning:")
        st.button(
            "Start supervisor",
            key="supervisor.start",
            icon=":material/play_arrow:",
            on_click=attempt,
            args=(jobs.ensure_supervisor, bench.settings),
        )
