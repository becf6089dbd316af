"""Runs: which runs train, wait and have ended?"""

from collections.abc import Mapping

import streamlit as st

from core.errors import GraftError
from core.runs.values import Run, Status
from core.text.units import count, plain
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_title
from core.web.parts.widgets import empty_state, heading, poll
from core.web.runs import ended_runs, launched, panel
from core.web.runs.rows import active_ids, active_panel
from core.web.server.state import workbench
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    first_line = st.container()
    run = linked_run(bench)
    if run is not None:
        panel.show(bench, run)
        return
    counts = bench.statuses()
    with first_line:
        heading("Runs", summary(counts))
    if not counts:
        empty_state(
            "No runs yet",
            "A run trains one model on your photos. It continues in the background when you close this page.",
            page="pages/train.py",
            label="Choose what to train",
        )
        return
    every_run(bench, counts)


def linked_run(bench: Workbench) -> Run | None:
    """The run of ``?run=``; None, after showing an error, if there is none."""
    wanted = st.query_params.get("run")
    if not wanted:
        return None
    try:
        return bench.registry.run(wanted)
    except GraftError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def summary(counts: Mapping[Status, int]) -> str:
    """The first line: number of runs by status."""
    total = sum(counts.values())
    if not total:
        return "No run has been launched yet."
    shown = [f"{counts[status]} {label}" for status, label in _LABELS.items() if counts.get(status)]
    if len(shown) == 1 and total > 1:
        return f"{count(total, 'run')}, all {shown[0].partition(' ')[2]}."
    return f"{count(total, 'run')}: {', '.join(shown)}."


_LABELS = {
    Status.RUNNING: "training now",
    Status.SCHEDULED: "waiting",
    Status.FINISHED: "finished",
    Status.FAILED: "failed",
    Status.KILLED: "stopped",
}


def every_run(bench: Workbench, counts: Mapping[Status, int]) -> None:
    """The runs just launched, then running and waiting runs, then ended runs."""
    names = {dataset.id: dataset_title(dataset) for dataset in bench.registry.datasets()}
    launched.banner(bench)
    known = active_ids(bench.registry.runs(status=Status.RUNNING), bench.registry.queue())
    if known:
        st.subheader("Now", anchor=False)
        poll(lambda: active_panel(bench, names, known, curve=True, reorder=True), True)
        launched.supervisor_notice(bench)
    if any(number for status, number in counts.items() if status.ended):
        st.subheader("Ended", anchor=False)
        ended_runs.show(bench, names)


require_frame()
page()
