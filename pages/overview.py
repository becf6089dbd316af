"""Overview: where do I stand?"""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.comparison.table import Row, best_per_dataset, leaderboard
from core.datasets.values import Dataset
from core.runs.values import Status
from core.text.units import count, plain
from core.web.datasets.import_panel import demo_button, import_jobs
from core.web.overview import dataset_card
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_title
from core.web.parts.widgets import heading, page_link, poll
from core.web.runs.rows import active_ids, active_panel, time_left_of
from core.web.server.state import workbench
from core.workbench import Workbench

SHOWN = 12
"""Datasets shown here; the page Datasets lists all of them."""


def page() -> None:
    bench = workbench()
    datasets, run_counts = bench.registry.datasets(), bench.registry.run_counts()
    best, champions = best_rows(bench), champion_rows(bench)
    heading("Overview", summary(datasets, run_counts, best, champions))
    if not datasets:
        welcome(bench)
        return
    imported = import_jobs(bench)  # its button is the next step then
    active(bench, datasets)
    with_model = bench.registry.model_sizes()
    shown = {row.run.id for row in (*best.values(), *champions.values())}
    runs = {run.id: run for run in bench.registry.runs_of(list(shown))}
    for position, dataset in enumerate(datasets[:SHOWN]):
        dataset_card.show(
            bench, dataset, run_counts.get(dataset.id, {}),
            best=best.get(dataset.id), champion=champions.get(dataset.id), runs=runs, with_model=with_model,
            first=not position and not imported,
        )  # fmt: skip
    if len(datasets) > SHOWN:
        page_link("datasets", f"All {len(datasets)} datasets")


def best_rows(bench: Workbench) -> Mapping[str, Row]:
    """The most accurate unarchived run of every dataset; of several with the same accuracy the cheapest."""
    leading = bench.registry.most_accurate()
    return best_per_dataset(leading, bench.registry.costs([run.id for run in leading]))


def champion_rows(bench: Workbench) -> Mapping[str, Row]:
    """The champion of every dataset that has one."""
    held = bench.registry.runs_of([move.run_id for move in bench.champions().values() if move.run_id])
    costs = bench.registry.costs([run.id for run in held])
    return {run.dataset_id: leaderboard([run], costs)[0] for run in held if run.id in costs}


def summary(
    datasets: Sequence[Dataset],
    run_counts: Mapping[str, Mapping[Status, int]],
    best: Mapping[str, Row],
    champions: Mapping[str, Row],
) -> str:
    """The first line: accuracy of the model to use on the newest dataset that has one, and how many runs are active."""
    if not datasets:
        return "Which pretrained backbone is best for your photos, and what does it cost? Start with some photos."
    led = next((dataset for dataset in datasets if dataset.id in best or dataset.id in champions), None)
    if led is None:
        first = f"No model has been trained on {plain(datasets[0].name)} yet"
    else:
        chosen = led.id in champions
        row, which = (champions[led.id], "champion") if chosen else (best[led.id], "most accurate model")
        photos = led.split_sizes["test"]
        accuracy, digits = row.accuracy or 0.0, 0 if photos < 200 else 1
        correct = f"{100 * accuracy:.{digits}f} % test accuracy ({round(accuracy * photos)} of {photos})"
        first = f"The {which} for {plain(led.name)} has {correct}"
    active = {word: sum(each.get(status, 0) for each in run_counts.values()) for word, status in _ACTIVE.items()}
    counts = [f"{count(number, 'run')} {word}" for word, number in active.items() if number]
    return f"{first}; {', '.join(counts) or 'nothing is running'}."


_ACTIVE = {"training now": Status.RUNNING, "waiting": Status.SCHEDULED}


def welcome(bench: Workbench) -> None:
    """Shown without datasets: what Graft does, and a button that imports the demo photos."""
    if import_jobs(bench):
        st.caption("As soon as the photos are in, you can train on them.")
        return
    with st.container(border=True, horizontal_alignment="center", key="welcome"):
        st.markdown("#### Find the backbone that suits your photos", text_alignment="center")
        st.caption(
            "Bring one folder of photos per class. Graft trains models on pretrained backbones in the background and "
            "shows which is best and what it costs. Nothing leaves this machine.",
            text_alignment="center",
        )
        demo_button(bench, key="welcome.demo", primary=True)
        st.page_link("pages/datasets.py", label="Import your own photos", icon=":material/upload:")


def active(bench: Workbench, datasets: Sequence[Dataset]) -> None:
    """Running and waiting runs, refreshed while there are any."""
    running, waiting = bench.registry.runs(status=Status.RUNNING), bench.registry.queue()
    if not running and not waiting:
        return
    names = {dataset.id: dataset_title(dataset) for dataset in datasets}
    st.subheader("Now", anchor=False)
    known, time_left = active_ids(running, waiting), time_left_of(bench, [*running, *waiting])
    poll(lambda: active_panel(bench, names, known, time_left), True)


require_frame()
page()
