"""Runs: which runs train, wait and have ended?"""

import streamlit as st

from core.web.parts import not_there
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_title
from core.web.parts.widgets import before_first_run
from core.web.runs import ended_runs, live, panel
from core.web.server.state import workbench


def page() -> None:
    bench = workbench()
    wanted = st.query_params.get("run")
    if wanted and (sentences := not_there.missing(bench, "run")):
        not_there.show("Runs", sentences, "runs", "All runs")
        return
    if wanted:
        panel.show(bench, bench.registry.run(wanted))
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


require_frame()
page()
