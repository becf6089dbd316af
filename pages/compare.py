"""Compare: which model is best, at what cost, and is the difference significant?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.values import Dataset
from core.runs.values import Status
from core.web.compare import address, differences, headline, leaderboard, problems
from core.web.compare.address import Address
from core.web.compare.selected import Selected, linked, select
from core.web.compare.view_list import VIEWS
from core.web.parts.choice import choose_dataset, linked_dataset
from core.web.parts.frame import require_frame
from core.web.parts.widgets import empty_state, explained, heading
from core.web.server.state import workbench
from core.workbench import Workbench


def page() -> None:
    bench, now = workbench(), address.get()
    first_line, warnings = st.container(), st.container()
    with warnings:
        found = linked(bench, now)
        dataset = found.dataset or linked_dataset(bench) or newest_with_results(bench)
    if dataset is None:
        nothing_yet(bench)
        return
    with warnings:
        problems.of_link(bench, found)
    choose_dataset(bench, bench.registry.datasets(), key="compare.dataset", default=dataset)
    with explained():
        compare(bench, dataset, now, found.runs, first_line)


def newest_with_results(bench: Workbench) -> Dataset | None:
    """The newest dataset that has a finished run."""
    counts = bench.registry.run_counts()
    finished = (one for one in bench.registry.datasets() if Status.FINISHED in counts.get(one.id, ()))
    return next(finished, None)


def nothing_yet(bench: Workbench) -> None:
    heading("Compare", "Which model is best, at what cost, and is the difference significant? No run has finished yet.")
    here = bool(bench.registry.datasets())
    empty_state(
        "Finished runs are compared here",
        "Accuracy with its confidence interval, cost, and whether differences are statistically significant.",
        page="pages/train.py" if here else "pages/datasets.py",
        label="Choose what to train" if here else "Import photos",
    )


def compare(
    bench: Workbench, dataset: Dataset, now: Address, chosen: tuple[str, ...], first_line: DeltaGenerator
) -> None:
    """The result, the view of the URL, the leaderboard, the differences between recipes."""
    selected = select(bench, dataset, now, chosen)
    with first_line:
        headline.show(dataset, selected)
    if selected:
        problems.of_runs(selected)
        with explained():
            draw_view(selected)
    st.subheader("Leaderboard", anchor="leaderboard")
    with explained():
        colours = {run_id: style.colour for run_id, style in selected.styles.items()} if selected else {}
        leaderboard.show(bench, dataset, now, chosen, colours=colours)
    if selected:
        with explained():
            differences.show(selected)


def draw_view(selected: Selected) -> None:
    """The buttons of all views, and the view of the URL."""
    name = selected.address.view if selected.address.view in VIEWS else next(iter(VIEWS))
    st.pills(
        "View", list(VIEWS), required=True, label_visibility="collapsed",
        format_func=lambda key: f"{VIEWS[key].icon} {VIEWS[key].title}", **address.bound("compare.view", "view", name),
    )  # fmt: skip
    view = VIEWS[name]
    st.subheader(view.question, anchor=False)
    st.caption(view.explanation)
    view.show(selected)


require_frame()
page()
