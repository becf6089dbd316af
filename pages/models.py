"""Models: what do I have and where did it come from?"""

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
"""Runs looked at that share the highest accuracy."""


def page() -> None:
    bench = workbench()
    sizes = bench.registry.model_sizes()
    champions = bench.champions()
    if not sizes and not champions:
        heading("Models", "You have no models yet: each finished run leaves one.")
        empty_state(
            "Every finished run leaves a model here",
            "One file that takes a photo and gives probabilities, with where it came from and what it cost.",
            page="pages/train.py",
            label="Choose what to train",
        )
        return
    first_line = st.container()
    with explained():
        dataset = chosen_dataset(bench)
        best = most_accurate(bench, dataset)
        with first_line:
            heading("Models", answer(bench, dataset, best, sizes))
        champion.show(bench, dataset, best)
        every_model(bench, dataset, best)


def chosen_dataset(bench: Workbench) -> Dataset:
    """That of the URL, else the one with the newest run."""
    datasets = bench.registry.datasets()
    by_id = {dataset.id: dataset for dataset in datasets}
    newest = next((by_id[id_] for id_ in bench.registry.datasets_with_runs() if id_ in by_id), datasets[0])
    linked = bool(st.query_params.get("dataset"))
    return choose_dataset(bench, datasets, key="models.dataset", default=None if linked else newest)


def most_accurate(bench: Workbench, dataset: Dataset) -> Run | None:
    """Of those with a model that are not archived.

    Of several as accurate the champion, if it is among them, else the cheapest, as on Overview and Compare.
    """
    found, _ = bench.registry.search(with_model(dataset.id), limit=MOST_EQUAL)
    equal = {run.id: run for run in found if run.test_accuracy == found[0].test_accuracy}
    if not equal:
        return None
    held = champion_of(bench, dataset)
    cheapest = leaderboard(list(equal.values()), bench.registry.costs(list(equal)))[0].run_id
    return equal[held if held in equal else cheapest]


def answer(bench: Workbench, dataset: Dataset, best: Run | None, sizes: Mapping[str, int]) -> str:
    """The first line: what there is, and which is the most accurate."""
    said = f"{count(len(sizes), 'model')}, {size(sum(sizes.values()))} on disk"
    if best is None:
        return f"{said}; none of {plain(dataset.name)} to show."
    accuracy = percent(best.test_accuracy, interval(best))
    if champion_of(bench, dataset) == best.id:
        return f"{said}; the champion of {plain(dataset.name)} is the most accurate, with {accuracy}."
    return f"{said}; the most accurate of {plain(dataset.name)} is {plain(best.name)} with {accuracy}."


def champion_of(bench: Workbench, dataset: Dataset) -> str | None:
    held = bench.aliases(dataset.id).get(CHAMPION)
    return None if held is None else held.run_id


def every_model(bench: Workbench, dataset: Dataset, best: Run | None) -> None:
    """The models of one dataset, the most accurate first, a page at a time."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader("All models", anchor=False, width="content")
        archived = st.toggle("Archived too", key="models.archived")
    query = with_model(dataset.id, archived=archived)
    runs, total = page_of(bench, query, key="models.page", per_page=PER_PAGE)
    if not runs:
        st.caption(f"No model of {plain(dataset.name)} to show.")
        return
    models, held = bench.registry.models_of([run.id for run in runs]), champion_of(bench, dataset)
    for run in (run for run in runs if run.id in models):
        is_best = best is not None and run.id == best.id
        panel.show(bench, models[run.id], run, champion=run.id == held, best=is_best)
    pager(total, "model", key="models.page", per_page=PER_PAGE)


require_frame()
page()
