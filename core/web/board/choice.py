"""Which runs the Board shows, and what each dashboard of TensorBoard is for."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import GraftError
from core.runs.values import Run, Status
from core.text.units import count, listed
from core.web.parts.widgets import STATUSES
from core.workbench import Workbench

SUGGESTED = 4

WORDS = {
    "timeseries": (
        ":material/show_chart: Time series",
        "Loss and accuracy after every epoch, training beside validation. A gap that widens between the two is "
        "overfitting; a pin keeps a chart at the top.",
    ),
    "hparams": (
        ":material/table_chart: HParams",
        "One row per run: its settings and, further right, its metrics. In *parallel coordinates* every run is a line; "
        "the boxes on the left select the columns. A run without a value in one of them has no line.",
    ),
    "projector": (
        ":material/scatter_plot: Projector",
        "Every point is a test photo; photos with similar features are close together. *Color by* true class or right "
        "shows which classes overlap; UMAP and t-SNE separate groups that overlap in PCA.",
    ),
    "scalars": (
        ":material/stacked_line_chart: Scalars",
        "The same numbers as under *Time series*, drawn larger, and over time as well as over epochs.",
    ),
}
"""Name and explanation of every dashboard."""


def run_titles(runs: Mapping[str, Run], datasets: Mapping[str, str]) -> dict[str, str]:
    """By run id its name, with its status unless it is finished; with its dataset where there are several.

    Args:
        datasets: titles by id.
    """
    several = len({run.dataset_id for run in runs.values()}) > 1
    titles = {}
    for run in runs.values():
        status = "" if run.status is Status.FINISHED else f" · {STATUSES[run.status][0].lower()}"
        dataset = f" · {datasets.get(run.dataset_id, run.dataset_id)}" if several else ""
        titles[run.id] = f"{run.name}{status}{dataset}"
    return titles


_SHOWN = {"hparams": "Settings and metrics", "projector": "Embedding maps"}


def first_line(chosen: Sequence[Run], datasets: Mapping[str, str], dashboard: str) -> str:
    """What is shown, in one sentence."""
    running = sum(run.status is Status.RUNNING for run in chosen)
    where = listed(list(dict.fromkeys(datasets.get(run.dataset_id, run.dataset_id) for run in chosen)))
    now = f", {running} still training" if running else ""
    if dashboard in _SHOWN:
        return f"{_SHOWN[dashboard]} of {count(len(chosen), 'run')} on {where}{now}. Refreshes every 30 s."
    without = sum(not run.epochs_done and run.status is not Status.RUNNING for run in chosen)
    more = f" {count(without, 'other run')} without epochs: see HParams." if without else ""
    curves = count(len(chosen) - without, "run")
    return f"Loss and accuracy per epoch of {curves} on {where}{now}.{more} Refreshes every 30 s."


def asked_runs(bench: Workbench, runs: dict[str, Run]) -> list[str]:
    """The existing runs among those in the URL; added to ``runs``, which has the newest only."""
    found = []
    for run_id in dict.fromkeys(st.query_params.get("runs", "").split(",")):
        try:
            run = bench.registry.run(run_id) if run_id else None
        except GraftError:
            continue
        if run is not None and run.id == run_id and run.attempt:
            runs.setdefault(run_id, run)
            found.append(run_id)
    return found


def suggested_runs(runs: Mapping[str, Run]) -> list[str]:
    """Runs of the dataset of the newest run: running ones, then the most accurate that have curves."""
    newest = next(iter(runs.values()))
    similar = [run for run in runs.values() if run.dataset_id == newest.dataset_id]

    def order(run: Run) -> tuple:
        return run.status is not Status.RUNNING, run.archived, not run.epochs_done, -(run.test_accuracy or 0.0)

    return [run.id for run in sorted(similar, key=order)[:SUGGESTED]]
