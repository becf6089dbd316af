"""Runs: what is happening?"""

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
    numbers = bench.statuses()
    with first_line:
        heading("Runs", answer(numbers))
    if not numbers:
        empty_state(
            "Nothing was trained yet",
            "A run tries one pretrained network on your photos. It goes on in the background when you close this page.",
            page="pages/train.py",
            label="Choose what to train",
        )
        return
    every_run(bench, numbers)


def linked_run(bench: Workbench) -> Run | None:
    """The run of ``?run=``; an unknown one is said in a sentence, and all runs are shown."""
    wanted = st.query_params.get("run")
    if not wanted:
        return None
    try:
        return bench.registry.run(wanted)
    except GraftError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def answer(numbers: Mapping[Status, int]) -> str:
    """The first line: how many train, wait and have ended."""
    total = sum(numbers.values())
    if not total:
        return "Nothing is happening: no run was launched yet."
    said = [f"{numbers[status]} {word}" for status, word in _WORDS.items() if numbers.get(status)]
    if len(said) == 1 and total > 1:
        return f"{count(total, 'run')}, all {said[0].partition(' ')[2]}."
    return f"{count(total, 'run')}: {', '.join(said)}."


_WORDS = {
    Status.RUNNING: "training now",
    Status.SCHEDULED: "waiting",
    Status.FINISHED: "finished",
    Status.FAILED: "failed",
    Status.KILLED: "stopped",
}


def every_run(bench: Workbench, numbers: Mapping[Status, int]) -> None:
    """The launched ones, what goes on, what ended."""
    names = {dataset.id: dataset_title(dataset) for dataset in bench.registry.datasets()}
    launched.banner(bench)
    known = active_ids(bench.registry.runs(status=Status.RUNNING), bench.registry.queue())
    if known:
        st.subheader("Now", anchor=False)
        poll(lambda: active_panel(bench, names, known, curve=True, reorder=True), True)
        launched.supervisor_notice(bench)
    if any(number for status, number in numbers.items() if status.ended):
        st.subheader("Ended", anchor=False)
        ended_runs.show(bench, names)


require_frame()
page()
