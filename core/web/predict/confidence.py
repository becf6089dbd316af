"""The confidence of prediction sets: one choice for the photos of the page and for tables, kept in the address."""

import streamlit as st

from core.models.conformal import CONFIDENCE

CONFIDENCES = (0.9, 0.95, 0.99)
_SETS = (
    "Of the prediction sets: a set names so many classes that the true one is among them as often as this. More "
    "confidence needs larger sets, and more validation photos (9, 19, 99)."
)


def chosen_confidence() -> float:
    """``?confidence=90``, of the prediction sets; 95 % where the address says nothing, or something else."""
    asked = st.query_params.get("confidence", "")
    return next((one for one in CONFIDENCES if asked == in_percent(one)), CONFIDENCE)


def choose_confidence(key: str) -> None:
    """The choice of the address as buttons. ``key``: of the widget; the page has several."""
    st.session_state[key] = chosen_confidence()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.caption("Confidence", help=_SETS, width="content")
        st.segmented_control(
            "Confidence of the prediction sets", CONFIDENCES, format_func=lambda one: f"{in_percent(one)} %",
            key=key, label_visibility="collapsed", required=True, on_change=_into_url, args=(key,),
        )  # fmt: skip


def in_percent(confidence: float) -> str:
    """As in the address: ``90`` for 0.9."""
    return f"{100 * confidence:g}"


def _into_url(key: str) -> None:
    st.query_params["confidence"] = in_percent(st.session_state[key])
