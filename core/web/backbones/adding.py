"""Adding a backbone: from the Hugging Face Hub, or from a file of one's own."""

import streamlit as st

from core.web.backbones import file_panel, hub_panel, progress
from core.web.parts.widgets import explained, heading, page_link
from core.workbench import Workbench

PARAMETER, HUB, FILE = "add", "hub", "file"
"""Of the address: ``add=hub``, ``add=file``, or ``add=owner/name`` of a model that is looked up."""

_TABS = {HUB: "Hugging Face Hub", FILE: "Own file"}


def show(bench: Workbench) -> None:
    """The page ``/backbones?add=``."""
    heading(
        "Add a backbone",
        "Name a model of the Hugging Face Hub, or upload a network of your own. You see what it is before it is added.",
    )
    page_link("backbones", "All backbones")
    progress.show(bench)
    asked = st.query_params.get(PARAMETER, "")
    source = st.segmented_control(
        "Source", list(_TABS), format_func=_TABS.__getitem__, default=FILE if asked == FILE else HUB, required=True,
        key="backbone.source", on_change=_chosen, label_visibility="collapsed",
    )  # fmt: skip
    with explained():
        if source == FILE:
            file_panel.show(bench)
        else:
            hub_panel.show(bench, "" if asked in _TABS else asked)


def _chosen() -> None:
    st.query_params[PARAMETER] = st.session_state["backbone.source"]
