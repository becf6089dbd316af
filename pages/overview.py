"""Overview: where do I stand?"""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.runs.values import Status
from core.text.units import amount, count, plain
from core.web.datasets.import_panel import demo_button, import_jobs
from core.web.overview import dataset_card
from core.web.overview.notices import backup_notice
from core.web.overview.standing import DatasetStanding, standings
from core.web.parts.frame import require_frame
from core.web.parts.labels import dataset_title
from core.web.parts.polling import poll
from core.web.parts.widgets import heading, page_link
from core.web.runs.rows import active_ids, active_panel, time_left_of
from core.web.server.state import workbench
from core.workbench import Workbench

SHOWN = 12
"""Datasets shown here; the page Datasets lists all of them."""


def page() -> None:
    bench = workbench()
    datasets, run_counts = bench.registry.datasets(), bench.registry.run_counts()
    shown = standings(bench, datasets[:SHOWN], run_counts)
    heading("Overview", summary(shown, run_counts))
    backup_notice(bench)
    if not datasets:
        welcome(bench)
        return
    imported = import_jobs(bench)  # its button is the next step then
    active(bench, datasets)
    for position, one in enumerate(shown):
        dataset_card.show(bench, one, first=not position and not imported, leading=one is leading(shown))
    if len(datasets) > SHOWN:
        page_link("datasets", f"All {amount(len(datasets))} datasets")


def summary(shown: Sequence[DatasetStanding], run_counts: Mapping[str, Mapping[Status, int]]) -> str:
    """The first line: which model to use on the newest dataset that has one, and how many runs are active."""
    if not shown:
        return "Which pretrained backbone is best for your photos, and what does it cost? Start with some photos."
    led = leading(shown)
    first = f"No model has been trained on {plain(shown[0].dataset.name)} yet."
    if led is not None:
        first = f"{plain(led.dataset.name)}: {led.recommendation()}"
    active = {word: sum(each.get(status, 0) for each in run_counts.values()) for word, status in _ACTIVE.items()}
    counts = [f"{count(number, 'run')} {word}" for word, number in active.items() if number]
    return f"{first} {', '.join(counts) or 'Nothing is running'}."


def leading(shown: Sequence[DatasetStanding]) -> DatasetStanding | None:
    """The newest dataset with a result: the one the first line is about."""
    return next((one for one in shown if one.verdict is not None), None)


_ACTIVE = {"training now": Status.RUNNING, "waiting": Status.SCHEDULED}


def welcome(bench: Workbench) -> None:
    """Shown without datasets: what Graft does, and a button that imports the demo photos."""
    if import_jobs(bench):
        st.caption("As soon as the photos are in, you can train on them.")
        return
    with st.container(border=True, horizontal_alignment="center", key="welcome"):
        st.header("Find the backbone that suits your photos", anchor=False, text_alignment="center")
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
    st.header("Now", anchor=False)
    known, time_left = active_ids(running, waiting), time_left_of(bench, [*running, *waiting])
    poll(lambda: active_panel(bench, names, known, time_left), True)


require_frame()
page()
