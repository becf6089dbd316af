"""Models: which models exist, and what were they made from?"""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.comparison.summary import recommendation
from core.comparison.verdict import Verdict
from core.datasets.values import Dataset
from core.runs.values import CHAMPION, Run
from core.text.units import count, plain, size
from core.web.models import export_dialog, import_panel, panel
from core.web.models.ready import can_predict, most_accurate
from core.web.parts import champion, not_there
from core.web.parts.choice import choose_dataset
from core.web.parts.frame import require_frame
from core.web.parts.leaks import leak_marks
from core.web.parts.paging import page_of, pager
from core.web.parts.widgets import before_first_run, explained, heading
from core.web.server.state import workbench
from core.workbench import Workbench

PER_PAGE = 10


def page() -> None:
    bench = workbench()
    number, size_bytes = bench.registry.models_in_all()
    champions = bench.champions()
    if not number and not champions:
        heading("Models", "There are no models yet; every finished run saves one.")
        not_there.note(not_there.missing(bench, "dataset"))
        before_first_run(
            "No models yet",
            "Every finished run saves a model. This page shows its accuracy, size and lineage, with a download.",
            photos=bool(bench.registry.datasets()),
        )
        import_panel.show(bench)
        return
    first_line = st.container()
    with explained():
        dataset = chosen_dataset(bench)
        found = bench.verdict(dataset.id)
        with first_line:
            heading("Models", summary(bench, dataset, found, f"{count(number, 'model')}, {size(size_bytes)} on disk"))
            not_there.note(not_there.missing(bench, "dataset"))
        if found is not None:
            leak_marks(bench, [dataset.id])
        champion.show(bench, dataset)
        every_model(bench, dataset, found)
        import_panel.show(bench)
        export_dialog.dialog(bench)


def chosen_dataset(bench: Workbench) -> Dataset:
    """The dataset of the URL, else the one with the newest run."""
    datasets = bench.registry.datasets()
    by_id = {dataset.id: dataset for dataset in datasets}
    newest = next((by_id[id_] for id_ in bench.registry.datasets_with_runs() if id_ in by_id), datasets[0])
    linked = bool(st.query_params.get("dataset"))
    return choose_dataset(bench, datasets, key="models.dataset", default=None if linked else newest)


def summary(bench: Workbench, dataset: Dataset, found: Verdict | None, total: str) -> str:
    """The first line: number and size of all models, and which one of the dataset to use."""
    if found is None:
        return f"{total}; none for {plain(dataset.name)} to show."
    runs = bench.registry.runs_of([found.best.run_id, found.recommended.run_id])
    said = plain(recommendation(found, {run.id: run.name for run in runs}))
    held = champion_of(bench, dataset)
    is_champion = " It is the champion." if held == found.recommended.run_id else ""
    return f"{total}. For {plain(dataset.name)}: {said}{is_champion}"


def champion_of(bench: Workbench, dataset: Dataset) -> str | None:
    held = bench.aliases(dataset.id).get(CHAMPION)
    return None if held is None else held.run_id


def every_model(bench: Workbench, dataset: Dataset, found: Verdict | None) -> None:
    """The models of one dataset in pages: the recommended one, then the most accurate first."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("All models", anchor=False, width="content")
        archived = st.toggle("Archived too", key="models.archived")
    runs, total = page_of(
        partial(most_accurate, bench, dataset.id, archived=archived), key="models.page", per_page=PER_PAGE
    )
    if found is not None and st.session_state["models.page"] == 1:
        runs = recommended_first(bench, runs, found.recommended.run_id)
    if not runs:
        st.caption(f"No model for {plain(dataset.name)} to show.")
        return
    models, held = bench.registry.models_of([run.id for run in runs]), champion_of(bench, dataset)
    for run in (run for run in runs if run.id in models):
        panel.show(
            bench, models[run.id], run,
            champion=run.id == held, verdict=found,
        )  # fmt: skip
    pager(total, "model", key="models.page", per_page=PER_PAGE)


def recommended_first(bench: Workbench, runs: Sequence[Run], run_id: str) -> list[Run]:
    """The first page with the recommended run before all others, if its model exists."""
    return [*can_predict(bench, [run_id]), *(run for run in runs if run.id != run_id)]


require_frame()
page()
