"""Compare: which is best, at what cost, and is the difference real?"""

from collections.abc import Sequence

import streamlit as st

from core.comparison import labels
from core.datasets.values import Dataset
from core.errors import GraftError
from core.runs import Run, Status
from core.web.frame import require_frame
from core.web.panels import compare_depths, compare_panel, compare_photos
from core.web.panels.choice import choose_dataset, listed_ids
from core.web.state import workbench
from core.web.widgets import empty_state, explained, heading
from core.wording import plain, share
from core.workbench import Workbench

MOST = 12
"""Runs compared at once: as many as there are colours."""


def page() -> None:
    bench = workbench()
    finished = bench.runs(status=Status.FINISHED)
    if not finished:
        nothing_yet(bench)
        return
    first_line, problems = st.container(), st.container()
    linked = linked_runs(bench, problems)
    with st.container(key="compare.choice"):
        dataset = choose_dataset(
            bench, bench.datasets(), key="compare.dataset", default=preferred(bench, finished, linked)
        )
        runs = choose_runs([run for run in finished if run.dataset_id == dataset.id], linked)
    with explained():
        compare(bench, dataset, runs, first_line)
    with explained():
        compare_depths.show(bench, [run for run in finished if run.dataset_id == dataset.id])


def nothing_yet(bench: Workbench) -> None:
    heading("Compare", "Which is best, at what cost, and is the difference real? No run is finished yet.")
    here = bool(bench.datasets())
    empty_state(
        "Finished runs will stand side by side here",
        "Accuracy with its interval, what it cost, and whether a difference is real or could be chance.",
        page="pages/train.py" if here else "pages/datasets.py",
        label="Choose what to train" if here else "Import photos",
    )


def linked_runs(bench: Workbench, problems) -> list[Run]:
    """The finished runs of ``?runs=a,b``; a sentence for each that cannot be compared with the first."""
    found: list[Run] = []
    for run_id in listed_ids("runs"):
        try:
            run = bench.run(run_id)
        except GraftError as error:
            problems.error(plain(str(error)), icon=":material/error:")
            continue
        if run.status is not Status.FINISHED:
            problems.warning(f"Run {plain(run.id)} is not finished, so it cannot be compared yet.")
        elif found and run.dataset_id != found[0].dataset_id:
            problems.warning(f"Run {plain(run.id)} was trained on another dataset; only runs of one can be compared.")
        else:
            found.append(run)
    return found


def preferred(bench: Workbench, finished: Sequence[Run], linked: Sequence[Run]) -> Dataset | None:
    """The dataset of the linked runs; without any and without ``?dataset=``, the newest that has finished runs."""
    if linked:
        return bench.dataset(linked[0].dataset_id)
    if st.query_params.get("dataset"):
        return None
    with_runs = {run.dataset_id for run in finished}
    return next(dataset for dataset in bench.datasets() if dataset.id in with_runs)


def choose_runs(finished: Sequence[Run], linked: Sequence[Run]) -> list[Run]:
    """The runs of the URL, else the most accurate ones; kept in the URL when changed."""
    by_accuracy = sorted(finished, key=lambda run: -(run.test_accuracy or 0.0))
    by_id, names = {run.id: run for run in by_accuracy}, labels(finished)
    chosen = [run.id for run in linked if run.id in by_id] if linked else list(by_id)
    st.session_state["compare.runs"] = [] if st.query_params.get("runs") == "" else chosen[:MOST]
    ids = st.multiselect(
        "Runs",
        list(by_id),
        format_func=lambda id_: f"{names[id_]} · {share(by_id[id_].test_accuracy)}",
        key="compare.runs",
        max_selections=MOST,
        on_change=_into_url,
        help=f"Finished runs of this dataset, at most {MOST} at once.",
    )
    return [by_id[id_] for id_ in ids]


def _into_url() -> None:
    st.query_params.from_dict({"runs": ",".join(st.session_state["compare.runs"])})


def compare(bench: Workbench, dataset: Dataset, runs: Sequence[Run], first_line) -> None:
    """From the sentence to the photos."""
    if not runs:
        with first_line:
            heading("Compare", f"Choose finished runs of {plain(dataset.name)} to see which is best and what it costs.")
        return
    line = "These runs cannot be compared."
    try:
        found = compare_panel.gather(bench, dataset, runs)
        line = compare_panel.answer(found)
    finally:
        with first_line:
            heading("Compare", line)
    compare_panel.problems(found)
    with first_line:
        compare_panel.next_step(found.rows[0].run_id)
    compare_panel.accuracy_against_cost(bench, found)
    st.subheader("Leaderboard", anchor=False)
    compare_panel.leaderboard_table(bench, found)
    curves, duel, confusion = st.tabs(["Learning curves", "Head to head", "Confusion and photos"])
    with curves:
        compare_panel.learning_curves(bench, found)
    with duel:
        compare_photos.head_to_head(bench, found)
    with confusion:
        compare_photos.confusion(bench, found)


require_frame()
page()
