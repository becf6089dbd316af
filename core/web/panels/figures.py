"""Figures side by side, in columns that line up and wrap on a phone."""

import streamlit as st

from core.web.widgets import metric

Figure = tuple[str, str, str]
"""Label, value with unit, and the tooltip that says how it was measured."""

_WIDTH = 150
"""CSS pixels: two beside each other on a phone."""


def figures(*shown: Figure) -> None:
    with st.container(horizontal=True, gap="small"):
        for label, value, measured in shown:
            wide = 2 * _WIDTH if len(value) > 12 or len(label) > 20 else _WIDTH
            with st.container(width=wide):
                metric(label, value, measured)
