"""Overview: where do I stand?"""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.comparison import Row, best_per_dataset, leaderboard
from core.datasets.values import Dataset
from core.runs import Run, Status
from core.web.frame import require_frame
from core.web.panels import dataset_card
from core.web.panels.import_panel import demo_button, import_jobs
from core.web.panels.run_rows import active_ids, active_panel
from core.web.panels.words import dataset_title
from core.web.state import workbench
from core.web.widgets import heading, poll
from core.wording import count, plain, share
from core.workbench import Workbench

SHOWN = 12
"""Datasets on this page; all of them are on the page Datasets."""


def page() -> None:
    bench = workbench()
    datasets, runs = bench.datasets(), bench.runs()
    best, champions = best_rows(bench, runs), champion_rows(bench, runs)
    heading("Overview", answer(datasets, runs, best, champions))
    if not datasets:
        welcome(bench)
        return
    imported = import_jobs(bench)  # whose own button is the next step then
    active(bench, datasets, runs)
    with_model = bench.model_sizes()
    for place, dataset in enumerate(datasets[:SHOWN]):
        dataset_card.show(
            bench, dataset, [run for run in runs if run.dataset_id == dataset.id],
            best=best.get(dataset.id), champion=champions.get(dataset.id), with_model=with_model,
            first=not place and not imported,
        )  # fmt: skip
    if len(datasets) > SHOWN:
        st.page_link("pages/datasets.py", label=f"All {len(datasets)} datasets", icon=":material/photo_library:")


def best_rows(bench: Workbench, runs: Sequence[Run]) -> Mapping[str, Row]:
    """The most accurate run of every dataset that was not put away. Costs are only read for runs that tie for it."""
    highest: dict[str, float] = {}
    finished = [run for run in runs if run.test_accuracy is not None and not run.archived]
    for run in finished:
        highest[run.dataset_id] = max(highest.get(run.dataset_id, 0.0), run.test_accuracy or 0.0)
    leading = [run for run in finished if run.test_accuracy == highest[run.dataset_id]]
    return best_per_dataset(leading, bench.costs([run.id for run in leading]))


def champion_rows(bench: Workbench, runs: Sequence[Run]) -> Mapping[str, Row]:
    """The run that a person chose, of every dataset that has one."""
    chosen = {move.run_id for move in bench.champions().values()}
    held = [run for run in runs if run.id in chosen]
    costs = bench.costs([run.id for run in held])
    return {run.dataset_id: leaderboard([run], costs)[0] for run in held if run.id in costs}


def answer(
    datasets: Sequence[Dataset], runs: Sequence[Run], best: Mapping[str, Row], champions: Mapping[str, Row]
) -> str:
    """The first line: the model to use of the newest dataset that has one, and what goes on."""
    if not datasets:
        return "Which pretrained network is best for your photos, and what does it cost? Start with some photos."
    led = next((dataset for dataset in datasets if dataset.id in best or dataset.id in champions), None)
    if led is None:
        first = f"{plain(datasets[0].name)} is here, and no model has been trained on it yet"
    else:
        chosen = led.id in champions
        row, which = (champions[led.id], "champion") if chosen else (best[led.id], "most accurate model")
        right = share(row.accuracy, row.interval)
        first = f"The {which} for {plain(led.name)} is right on {right} of its test photos"
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


require_frame()
page()
