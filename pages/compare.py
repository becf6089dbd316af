"""Compare: which is best, at what cost, and is the difference real?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.values import Dataset
from core.runs.values import Status
from core.text.units import plain
from core.web.compare import address, differences, leaderboard, problems, sentence
from core.web.compare.address import Address
from core.web.compare.copy_link import copy_link
from core.web.compare.report_button import report_button
from core.web.compare.selected import Selected, best_page, linked
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
    heading("Compare", "Which is best, at what cost, and is the difference real? No run is finished yet.")
    here = bool(bench.registry.datasets())
    empty_state(
        "Finished runs will stand side by side here",
        "Accuracy with its interval, what it cost, and whether a difference is real or could be chance.",
        page="pages/train.py" if here else "pages/datasets.py",
        label="Choose what to train" if here else "Import photos",
    )


def compare(
    bench: Workbench, dataset: Dataset, now: Address, chosen: tuple[str, ...], first_line: DeltaGenerator
) -> None:
    """The sentence, the view of the URL, the leaderboard, what differs."""
    selected = select(bench, dataset, now, chosen)
    with first_line:
        headline(dataset, selected)
    if selected:
        problems.of_runs(selected)
    with explained():
        chosen_view(dataset, selected)
    st.subheader("Leaderboard", anchor="leaderboard")
    with explained():
        colours = {run_id: style.colour for run_id, style in selected.styles.items()} if selected else {}
        leaderboard.show(bench, dataset, now, chosen, colours=colours)
    if selected:
        with explained():
            differences.show(selected)


def select(bench: Workbench, dataset: Dataset, now: Address, chosen: tuple[str, ...]) -> Selected | None:
    """The runs of the URL, else the best ones that match; None without any."""
    best = None if chosen else best_page(bench, dataset, now)
    ids = chosen if best is None else [entry.run_id for entry in best.entries]
    if not ids:
        return None
    return Selected(bench=bench, dataset=dataset, comparison=bench.comparison(ids), address=now, best=best)


def headline(dataset: Dataset, selected: Selected | None) -> None:
    """Title, the answer in a sentence, the next step, the link."""
    heading("Compare", sentence.answer(dataset, selected))
    with st.container(horizontal=True, vertical_alignment="center", key="compare.next"):
        if selected:
            sentence.next_step(selected)
            report_button(selected.bench, dataset, [row.run_id for row in selected.comparison.rows])
        copy_link()


def chosen_view(dataset: Dataset, selected: Selected | None) -> None:
    """Only the view of the URL is drawn."""
    if selected is None:
        st.caption(f"Nothing to draw: no run of {plain(dataset.name)} matches the filters of the leaderboard.")
        return
    name = selected.address.view if selected.address.view in VIEWS else next(iter(VIEWS))
    st.pills(
        "View", list(VIEWS), required=True, label_visibility="collapsed",
        format_func=lambda key: f"{VIEWS[key].icon} {VIEWS[key].title}", **address.bound("compare.view", "view", name),
    )  # fmt: skip
    with explained():
        VIEWS[name].show(selected)


require_frame()
page()
