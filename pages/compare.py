"""Compare: which model is best, at what cost, and is the difference significant?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.values import Dataset
from core.runs.values import Status
from core.web.compare import (
    address,
    combination_card,
    differences,
    flags,
    front,
    leaderboard,
    navigation,
    problems,
    verdict_card,
)
from core.web.compare.address import Address
from core.web.compare.selected import linked, select
from core.web.parts import not_there
from core.web.parts.choice import choose_dataset, linked_dataset
from core.web.parts.device import is_narrow
from core.web.parts.frame import require_frame
from core.web.parts.widgets import before_first_run, explained, heading
from core.web.server.state import workbench
from core.workbench import Workbench


def page() -> None:
    bench, now = workbench(), address.get()
    found = linked(bench, now)
    dataset = found.dataset or linked_dataset(bench) or newest_with_results(bench)
    if dataset is None:
        nothing_yet(bench)
        return
    title, choice = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    title.title("Compare", anchor=False)
    with choice:
        choose_dataset(bench, bench.registry.datasets(), key="compare.dataset", default=dataset)
    not_there.note(not_there.missing(bench, "dataset"))
    problems.of_link(bench, found)
    with explained():
        compare(bench, dataset, now, found.runs)


def newest_with_results(bench: Workbench) -> Dataset | None:
    """The newest dataset that has a finished run."""
    counts = bench.registry.run_counts()
    finished = (one for one in bench.registry.datasets() if Status.FINISHED in counts.get(one.id, ()))
    return next(finished, None)


def nothing_yet(bench: Workbench) -> None:
    heading("Compare", "Which model is best, at what cost, and is the difference significant? No run has finished yet.")
    not_there.note(not_there.missing(bench, "dataset", "runs"))
    before_first_run(
        "Finished runs are compared here",
        "Accuracy with its confidence interval, cost, and whether differences are statistically significant.",
        photos=bool(bench.registry.datasets()),
    )


def compare(bench: Workbench, dataset: Dataset, now: Address, chosen: tuple[str, ...]) -> None:
    """The verdict, the leaderboard beside accuracy against cost, the view of the URL, the differences of recipes."""
    now = flags.choose(bench, dataset, now)
    selected = select(bench, dataset, now, chosen)
    verdict_card.show(dataset, selected)
    if selected:
        problems.of_runs(selected)
    left, right = side_by_side(beside=selected is not None and leaderboard.is_compact(now))
    with left, explained():
        leaderboard.show(bench, dataset, now, chosen, selected)
    if selected:
        with right, explained():
            front.show(selected)
        with explained():
            navigation.show(selected)
        with explained():
            differences.show(selected)
        with explained():
            combination_card.show(bench, dataset)


def side_by_side(*, beside: bool) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Room for leaderboard and chart: columns, below each other on a phone and where the table is wide."""
    if not beside or is_narrow():
        return st.container(), st.container()
    left, right = st.columns([12, 9], gap="medium")
    return left, right


require_frame()
page()
