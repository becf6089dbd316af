"""Overview: where do I stand?"""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.comparison import COSTS, Row, best_per_dataset
from core.datasets.values import Dataset
from core.runs import Run, Status
from core.web.frame import require_frame
from core.web.panels.figures import figures
from core.web.panels.import_panel import demo_button, import_jobs
from core.web.panels.run_rows import active_ids, active_panel
from core.web.panels.words import dataset_size, dataset_title
from core.web.state import workbench
from core.web.widgets import heading, poll, run_chip
from core.wording import count, duration, milliseconds, plain, share
from core.workbench import Workbench

SHOWN = 12
"""Datasets on this page; all of them are on the page Datasets."""


def page() -> None:
    bench = workbench()
    datasets, runs = bench.datasets(), bench.runs()
    best = best_rows(bench, runs)
    heading("Overview", answer(datasets, runs, best))
    if not datasets:
        welcome(bench)
        return
    import_jobs(bench)
    active(bench, datasets, runs)
    for dataset in datasets[:SHOWN]:
        card(dataset, [run for run in runs if run.dataset_id == dataset.id], best.get(dataset.id))
    if len(datasets) > SHOWN:
        st.page_link("pages/datasets.py", label=f"All {len(datasets)} datasets", icon=":material/photo_library:")


def best_rows(bench: Workbench, runs: Sequence[Run]) -> Mapping[str, Row]:
    """The best run of every dataset. Costs are only read for runs that tie for the highest accuracy."""
    highest: dict[str, float] = {}
    finished = [run for run in runs if run.test_accuracy is not None]
    for run in finished:
        highest[run.dataset_id] = max(highest.get(run.dataset_id, 0.0), run.test_accuracy or 0.0)
    leading = [run for run in finished if run.test_accuracy == highest[run.dataset_id]]
    return best_per_dataset(leading, bench.costs([run.id for run in leading]))


def answer(datasets: Sequence[Dataset], runs: Sequence[Run], best: Mapping[str, Row]) -> str:
    """The first line: the best model of the newest dataset that has one, and what goes on."""
    if not datasets:
        return "Which pretrained network is best for your photos, and what does it cost? Start with some photos."
    led = next((dataset for dataset in datasets if dataset.id in best), None)
    if led is None:
        first = f"{plain(datasets[0].name)} is here, and no model has been trained on it yet"
    else:
        row = best[led.id]
        right = share(row.accuracy, row.interval)
        first = f"The best model for {plain(led.name)} is right on {right} of its test photos"
    numbers = {word: sum(run.status is status for run in runs) for word, status in _GOING_ON.items()}
    going = [f"{count(number, 'run')} {word}" for word, number in numbers.items() if number]
    return f"{first}; {', '.join(going) or 'nothing is running'}."


_GOING_ON = {"training now": Status.RUNNING, "waiting": Status.SCHEDULED}


def welcome(bench: Workbench) -> None:
    """Nothing is here yet: what will be, and the one button that starts it."""
    if import_jobs(bench):
        st.caption("As soon as the photos are in, you can train on them.")
        return
    with st.container(border=True, horizontal_alignment="center", key="welcome"):
        st.markdown("#### Find the network that suits your photos", text_alignment="center")
        st.caption(
            "Bring one folder of photos per class. Graft tries pretrained networks on them in the background and shows "
            "which is best and what it costs. Nothing leaves this machine.",
            text_alignment="center",
        )
        demo_button(bench, key="welcome.demo", primary=True)
        st.page_link("pages/datasets.py", label="Import your own photos", icon=":material/upload:")


def active(bench: Workbench, datasets: Sequence[Dataset], runs: Sequence[Run]) -> None:
    """What runs now and what waits, polled only while there is something."""
    known = active_ids([run for run in runs if not run.status.ended], [])
    if not known:
        return
    names = {dataset.id: dataset_title(dataset) for dataset in datasets}
    st.subheader("Now", anchor=False)
    poll(lambda: active_panel(bench, names, known, curve=False, reorder=False), True)


def card(dataset: Dataset, runs: Sequence[Run], best: Row | None) -> None:
    """One dataset: its best model with what it cost, and the step that comes next."""
    with st.container(border=True, key=f"card-{dataset.id}"):
        title, links = st.columns([2, 3], vertical_alignment="center")
        with title:
            st.markdown(f"**{plain(dataset_title(dataset))}**")
            st.caption(f"{dataset_size(dataset)} · {count(len(runs), 'run')}")
        with links, st.container(horizontal=True, horizontal_alignment="right"):
            next_steps(dataset, runs, best)
        if best is None:
            st.caption("No finished run yet, so nothing can be said about these photos.")
            return
        run_chip(next(run for run in runs if run.id == best.run_id))
        figures(
            ("Test accuracy", share(best.accuracy, best.interval), "Of the best finished run, with its 95 % interval."),
            ("Cost", duration(best.alone_wall_seconds), COSTS["alone_wall_seconds"].help),
            ("Per photo", milliseconds(best.ms_per_photo), COSTS["ms_per_photo"].help),
        )


def next_steps(dataset: Dataset, runs: Sequence[Run], best: Row | None) -> None:
    query = {"dataset": dataset.id}
    finished = sum(run.status is Status.FINISHED for run in runs)
    if best is not None:
        st.page_link(
            "pages/predict.py", label="Predict", icon=":material/image_search:", query_params={"models": best.run_id}
        )
    if finished > 1:
        st.page_link("pages/compare.py", label="Compare", icon=":material/bar_chart:", query_params=query)
    st.page_link("pages/train.py", label="Train", icon=":material/model_training:", query_params=query)


require_frame()
page()
