"""What one model predicts for one photo: its most probable classes as bars, its time and its size."""

import streamlit as st

from core.models.predict import Prediction
from core.runs.values import Run
from core.text.units import milliseconds, percent, plain, size
from core.web.parts.widgets import run_chip
from core.web.predict.doubt import remark, show_doubt


def bars(prediction: Prediction, run: Run | None, size_bytes: int | None = None, mark: str = "") -> None:
    """The name of the model, its classes as bars, and how it came to them.

    Args:
        size_bytes: of the files that it predicts with. mark: markdown beside the name.
    """
    with st.container(gap="xsmall"):
        if run is not None:
            run_chip(run)
        if mark:
            st.markdown(mark)
        if prediction.problem:
            st.warning(plain(prediction.problem), icon=":material/warning:")
            return
        for one in prediction.classes:
            label = f"{plain(one.class_name)} · {_exact(one.probability)}"
            st.progress(min(1.0, max(0.0, one.probability)), text=label)
        _how(prediction, size_bytes)


def _how(prediction: Prediction, size_bytes: int | None) -> None:
    parts = [milliseconds(prediction.milliseconds)]
    if size_bytes is not None:
        parts.append(f"{size(size_bytes)} of files")
    if prediction.passed_on is not None:
        parts.append(
            "the cheap model was unsure and passed it on" if prediction.passed_on else "the cheap model was sure"
        )
    if prediction.calibrated:
        parts.append("calibrated")
    if like := remark(prediction):
        parts.append(like)
    show_doubt(prediction)
    st.caption(" · ".join(parts))


def _exact(probability: float) -> str:
    return "under 0.1 %" if probability < 0.0005 else percent(probability)
