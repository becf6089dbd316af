"""Train: what shall I try, and what will it cost?"""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.planning import Decision, Plan
from core.web.frame import require_frame
from core.web.panels import train_panel
from core.web.panels.choice import choose_dataset
from core.web.state import workbench
from core.web.widgets import empty_state, explained, heading
from core.wording import count
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    datasets = bench.datasets()
    heading("Train", "Tick what to try on your photos; you see what it will cost before anything starts.")
    if not datasets:
        empty_state(
            "There is nothing to train on yet",
            "Import photos first, one folder per class, or take the demo photos.",
            page="pages/datasets.py",
            label="Import photos",
        )
        return
    with explained():
        choose_and_launch(bench, choose_dataset(bench, datasets, key="train.dataset"))


def choose_and_launch(bench: Workbench, dataset: Dataset) -> None:
    st.subheader("Networks", anchor=False)
    cells = train_panel.grid(bench)
    st.subheader("Hyperparameters", anchor=False)
    chosen = train_panel.hyperparameters(bench, dataset.id)
    st.subheader("What will happen", anchor=False)
    if not cells:
        st.caption("Nothing is ticked. Tick at least one network above.")
        return
    plans = bench.plan(dataset.id, train_panel.recipes(cells, chosen))
    train_panel.summary(bench, plans)
    st.caption(train_panel.total_words(plans))
    launch(bench, plans)


def launch(bench: Workbench, plans: Sequence[Plan]) -> None:
    """One click; then to the runs, which show themselves live."""
    if not st.button(launch_label(plans), type="primary", icon=":material/rocket_launch:", key="train.launch"):
        return
    with explained():
        runs = bench.launch(plans)
        st.switch_page("pages/runs.py", query_params={"runs": ",".join(run.id for run in runs)})


def launch_label(plans: Sequence[Plan]) -> str:
    work = sum(plan.decision is not Decision.REUSED for plan in plans)
    if not work:
        return "Show the run" if len(plans) == 1 else "Show the runs"
    return f"Launch {count(work, 'run')}"


require_frame()
page()
