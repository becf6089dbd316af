"""Embedding maps of the test photos for TensorBoard's projector, from cached features or after a click."""

from collections.abc import Sequence

import streamlit as st

from core.files.home import run_folder
from core.models import projector
from core.runs.values import Run, Status
from core.text.units import count, plain
from core.web.parts.widgets import explained
from core.workbench import Workbench


def count_maps(bench: Workbench, runs: Sequence[Run]) -> int:
    """Number of runs that have a map."""
    return sum(_has_map(bench, run) for run in runs)


def make_maps(bench: Workbench, runs: Sequence[Run]) -> None:
    """Compute the maps of runs with cached features; the others need a pass of all test photos, started by a button."""
    finished = [run for run in runs if run.status is Status.FINISHED]
    missing = [run for run in finished if not _has_map(bench, run)]
    if missing:
        with st.spinner("Computing maps of the test photos …"):
            for run in missing:
                _make(bench, run, compute=False)
    slow = [run for run in missing if not _has_map(bench, run)]
    if slow:
        _offer(bench, slow)


def _offer(bench: Workbench, runs: Sequence[Run]) -> None:
    names = ", ".join(plain(run.name) for run in runs)
    st.caption(f"Without a map yet, because their model has to process all test photos first: {names}.")
    if st.button(f"Compute {count(len(runs), 'map')}", icon=":material/scatter_plot:", key="board.maps"):
        for run in runs:
            _make(bench, run, compute=True)
        if count_maps(bench, runs):  # otherwise the reasons stay visible
            st.rerun()


def _make(bench: Workbench, run: Run, *, compute: bool) -> None:
    bar = st.progress(0.0, text=plain(run.name)) if compute else None

    def advance(done: int, total: int) -> None:
        if bar is not None:
            bar.progress(done / total, text=plain(run.name))

    with explained():
        bench.photo_map(run.id, compute=compute, progress=advance)


def _has_map(bench: Workbench, run: Run) -> bool:
    return projector.has_files(run_folder(bench.settings, run.id).tensorboard)
