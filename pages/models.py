"""Models: what do I have and where did it come from?"""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.runs import Model, Run, Status
from core.web.frame import require_frame
from core.web.panels import model_panel
from core.web.panels.choice import choose_dataset
from core.web.panels.words import interval
from core.web.state import workbench
from core.web.widgets import empty_state, explained, heading
from core.wording import count, plain, share, size
from core.workbench import Workbench

PER_PAGE = 10


def page() -> None:
    bench = workbench()
    models = bench.models()
    runs = {run.id: run for run in bench.runs(status=Status.FINISHED)}
    heading("Models", answer(models, runs))
    if not models:
        empty_state(
            "Every finished run leaves a model here",
            "One file that takes a photo and gives probabilities, with where it came from and what it cost.",
            page="pages/train.py",
            label="Choose what to train",
        )
        return
    with explained():
        of_dataset(bench, models, runs)


def answer(models: Sequence[Model], runs: Mapping[str, Run]) -> str:
    if not models:
        return "You have no models yet: each finished run leaves one."
    best = max((runs[m.run_id] for m in models if m.run_id in runs), key=_accuracy, default=None)
    said = f"{count(len(models), 'model')}, {size(sum(model.size_bytes for model in models))} on disk"
    return (
        f"{said}; the most accurate is {plain(best.name)} with {share(best.test_accuracy, interval(best))}."
        if best
        else said
    )


def _accuracy(run: Run) -> float:
    return run.test_accuracy or 0.0


def of_dataset(bench: Workbench, models: Sequence[Model], runs: Mapping[str, Run]) -> None:
    """The models of one dataset, best first."""
    there = {model.dataset_id for model in models}
    datasets = [dataset for dataset in bench.datasets() if dataset.id in there]
    linked = bool(st.query_params.get("dataset"))
    dataset = choose_dataset(bench, bench.datasets(), key="models.dataset", default=None if linked else datasets[0])
    mine = [model for model in models if model.dataset_id == dataset.id and model.run_id in runs]
    mine.sort(key=lambda model: -_accuracy(runs[model.run_id]))
    if not mine:
        st.caption(f"No model was trained on {plain(dataset.name)} yet.")
    start = _page_start(len(mine))
    for place, model in enumerate(mine[start : start + PER_PAGE], start):
        model_panel.show(bench, model, runs[model.run_id], champion=place == 0)


def _page_start(total: int) -> int:
    pages = max(1, -(-total // PER_PAGE))
    if pages == 1:
        return 0
    return PER_PAGE * (st.number_input(f"Page of {pages}", 1, pages, key="models.page", width=160) - 1)


require_frame()
page()
