"""The predictions as a wall of photos or with the models side by side, and as files."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.errors import Unavailable
from core.files.here import model_here
from core.models.inference.model_files import read_model
from core.models.predict import PhotoPredictions
from core.output.predictions import photo_row
from core.serving.rows import table_rows
from core.text.tables import as_csv
from core.web.predict import columns, details, wall
from core.web.predict.confidence import choose_confidence
from core.workbench import Workbench

WALL, SIDE_BY_SIDE = "wall", "side-by-side"
VIEWS = {WALL: ":material/grid_view: Wall", SIDE_BY_SIDE: ":material/view_column: Side by side"}
FEW = 6
"""Photos up to which several models are shown side by side unless the address says otherwise."""


def show(bench: Workbench, found: Sequence[PhotoPredictions], runs: details.Runs, labels: Sequence[str | None]) -> None:
    """All photos with what the models predict.

    Args:
        labels: the class that each photo is known to have; None where it is not known.
    """
    sizes = _sizes(bench, runs)
    with st.container(horizontal=True, vertical_alignment="center", key="predict-view"):
        view = _choose_view(len(found), len(runs))
        choose_confidence("predict.confidence")
        _files(found)
    if view == SIDE_BY_SIDE:
        columns.show(found, runs, labels, sizes)
    else:
        wall.legend(runs)
        wall.show(found, runs, labels)
    details.dialog(bench, found, runs, labels, sizes)


def _choose_view(photos: int, models: int) -> str:
    """``?view=``, else side by side for one photo, or for few photos by several models."""
    asked = st.query_params.get("view", "")
    few = photos == 1 or (photos <= FEW and models > 1)
    view = asked if asked in VIEWS else SIDE_BY_SIDE if few else WALL
    st.session_state["predict.view"] = view
    st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, key="predict.view", label_visibility="collapsed",
        required=True, on_change=_view_into_url,
    )  # fmt: skip
    return view


def _view_into_url() -> None:
    st.query_params["view"] = st.session_state["predict.view"]


def _sizes(bench: Workbench, runs: details.Runs) -> Mapping[str, int]:
    """Bytes of the files that each model predicts with; without those whose files are gone."""
    found = {}
    for run_id in runs:
        try:
            found[run_id] = read_model(model_here(bench.settings, run_id)).size_bytes
        except (Unavailable, OSError):
            continue
    return found


def _files(found: Sequence[PhotoPredictions]) -> None:
    """Buttons for the predictions as CSV and as JSON."""
    for word, mime, write in (("CSV", "text/csv", _as_csv), ("JSON", "application/json", _as_json)):
        st.download_button(
            word, partial(write, found), f"predictions.{word.lower()}", mime,
            key=f"predict.download.{word.lower()}", icon=":material/download:", type="tertiary", on_click="ignore",
            help=f"All predictions on this page as {word}.",
        )  # fmt: skip


def _as_csv(found: Sequence[PhotoPredictions]) -> str:
    return as_csv([row for photo in found for row in table_rows(photo)])


def _as_json(found: Sequence[PhotoPredictions]) -> str:
    return json.dumps({"photos": [photo_row(photo) for photo in found]}, indent=1, ensure_ascii=False)
