"""The dialog of one photo: large, with the most probable classes of every model, and why."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.models.predict import PhotoPredictions
from core.runs.values import Run
from core.text.units import brief, plain
from core.web.predict.bars import bars
from core.web.predict.why import why
from core.workbench import Workbench

_OPEN = "predict.open"

Runs = Mapping[str, Run]
"""The models by the id of their run."""


def open_button(position: int, name: str) -> None:
    """The button that opens the dialog of the photo at ``position``."""
    st.button(
        "Probabilities", key=f"open.{position}", type="tertiary", icon=":material/bar_chart:",
        help=f"All classes and models for {plain(brief(name, 60))}", on_click=_open, args=(position,),
    )  # fmt: skip


def dialog(
    bench: Workbench,
    found: Sequence[PhotoPredictions],
    runs: Runs,
    labels: Sequence[str | None],
    sizes: Mapping[str, int],
) -> None:
    """The dialog of the photo whose button was clicked, if any."""
    opened = st.session_state.get(_OPEN)
    if opened is None or opened >= len(found) or found[opened].jpeg is None:
        return
    title = plain(brief(found[opened].name, 60))
    st.dialog(title, width="large", on_dismiss=_close)(_details)(bench, found[opened], runs, labels[opened], sizes)


def _open(position: int) -> None:
    st.session_state[_OPEN] = position


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _details(
    bench: Workbench, photo: PhotoPredictions, runs: Runs, label: str | None, sizes: Mapping[str, int]
) -> None:
    """The photo beside the most probable classes of every model; below, why."""
    picture, beside = st.columns([2, 3], gap="medium")
    with picture:
        st.image(photo.jpeg or b"", width="stretch", alt=f"Photo {photo.name}")
        known = "" if label is None else f" · labelled **{plain(label)}**"
        st.caption(f"{photo.width} × {photo.height} pixels{known}")
    with beside:
        for prediction in photo.predictions:
            bars(prediction, runs.get(prediction.run_id), sizes.get(prediction.run_id))
    why(bench, photo, [(runs[one.run_id], one) for one in photo.predictions if one.classes and one.run_id in runs])
