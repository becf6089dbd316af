"""Runs: which runs train, wait and have ended?"""

import streamlit as st

from core.errors import GraftError
from core.runs.values import Run
from core.text.units import plain
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_title
from core.web.parts.widgets import before_first_run
from core.web.runs import ended_runs, live, panel
from core.web.server.state import workbench
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    run = linked_run(bench)
    if run is not None:
        panel.show(bench, run)
        return
    counts = bench.statuses()
    names = {dataset.id: dataset_title(dataset) for dataset in bench.registry.datasets()}
    live.show(bench, counts, names)
    if not counts:
        before_first_run(
            "No runs yet",
            "A run trains one model on your photos. It continues in the background when you close this page.",
            photos=bool(bench.registry.datasets()),
        )
    elif any(number for status, number in counts.items() if status.ended):
        st.header("Ended", anchor=False)
        ended_runs.show(bench, names)


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


require_frame()
page()
