"""Models: which models exist, and what were they made from?"""

from collections.abc import Mapping

import streamlit as st

from core.comparison.table import leaderboard
from core.datasets.values import Dataset
from core.runs.values import CHAMPION, Run
from core.text.units import count, percent, plain, size
from core.web.models import panel
from core.web.models.ready import with_model
from core.web.parts import champion
from core.web.parts.choice import choose_dataset
from core.web.parts.frame import require_frame
from core.web.parts.labels import interval
from core.web.parts.paging import page_of, pager
from core.web.parts.widgets import empty_state, explained, heading
from core.web.server.state import workbench
from core.workbench import Workbench

PER_PAGE = 10
MOST_EQUAL = 100
"""Limit of runs with the same highest accuracy among which the cheapest is searched."""


def page() -> None:
    bench = workbench()
    sizes = bench.registry.model_sizes()
    champions = bench.champions()
    if not sizes and not champions:
        heading("Models", "There are no models yet; every finished run saves one.")
        empty_state(
            "No models yet",
            "Every finished run saves a model. This page shows its accuracy, size and lineage, with a download.",
            page="pages/train.py",
            label="Choose what to train",
        )
        return
    first_line = st.container()
    with explained():
        dataset = chosen_dataset(bench)
        best = most_accurate(bench, dataset)
        with first_line:
            heading("Models", summary(bench, dataset, best, sizes))
        champion.show(bench, dataset)
        every_model(bench, dataset, best)


def chosen_dataset(bench: Workbench) -> Dataset:
    """The dataset of the URL, else the one with the newest run."""
    datasets = bench.registry.datasets()
    by_id = {dataset.id: dataset for dataset in datasets}
    newest = next((by_id[id_] for id_ in bench.registry.datasets_with_runs() if id_ in by_id), datasets[0])
    linked = bool(st.query_params.get("dataset"))
    return choose_dataset(bench, datasets, key="models.dataset", default=None if linked else newest)


def most_accurate(bench: Workbench, dataset: Dataset) -> Run | None:
    """The most accurate unarchived run with a model; of equally accurate ones the champion, else the cheapest."""
    found, _ = bench.registry.search(with_model(dataset.id), limit=MOST_EQUAL)
    equal = {run.id: run for run in found if run.test_accuracy == found[0].test_accuracy}
    if not equal:
        return None
    held = champion_of(bench, dataset)
    cheapest = leaderboard(list(equal.values()), bench.registry.costs(list(equal)))[0].run.id
    return equal[held if held in equal else cheapest]


def summary(bench: Workbench, dataset: Dataset, best: Run | None, sizes: Mapping[str, int]) -> str:
    """The first line: number and size of all models, and the most accurate one of the dataset."""
    total = f"{count(len(sizes), 'model')}, {size(sum(sizes.values()))} on disk"
    if best is None:
        return f"{total}; none for {plain(dataset.name)} to show."
    accuracy = percent(best.test_accuracy, interval(best))
    if champion_of(bench, dataset) == best.id:
        return f"{total}; the champion for {plain(dataset.name)} is the most accurate, with {accuracy}."
    return f"{total}; the most accurate for {plain(dataset.name)} is {plain(best.name)} with {accuracy}."


def champion_of(bench: Workbench, dataset: Dataset) -> str | None:
    held = bench.aliases(dataset.id).get(CHAMPION)
    return None if held is None else held.run_id


def every_model(bench: Workbench, dataset: Dataset, best: Run | None) -> None:
    """The models of one dataset, the most accurate first, in pages."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader("All models", anchor=False, width="content")
        archived = st.toggle("Archived too", key="models.archived")
    query = with_model(dataset.id, archived=archived)
    runs, total = page_of(bench, query, key="models.page", per_page=PER_PAGE)
    if not runs:
        st.caption(f"No model for {plain(dataset.name)} to show.")
        return
    models, held = bench.registry.models_of([run.id for run in runs]), champion_of(bench, dataset)
    for run in (run for run in runs if run.id in models):
        is_best = best is not None and run.id == best.id
        panel.show(bench, models[run.id], run, champion=run.id == held, best=is_best)
    pager(total, "model", key="models.page", per_page=PER_PAGE)


require_frame()
page()
