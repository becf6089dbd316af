"""Metrics side by side, in columns that wrap on a phone."""

import streamlit as st

from core.web.parts.widgets import metric

Metric = tuple[str, str, str]
"""Label, value with unit, and the tooltip that says how it was measured."""

_LONG = 14
"""Characters of a value beyond which it takes two columns: an accuracy with its interval."""


def metrics(name: str, *shown: Metric) -> None:
    """``name`` is unique on the page; the grid itself is drawn by style.css (``figures-``, ``wide-figure-``)."""
    with st.container(key=f"figures-{name}"):
        for position, (label, value, measured) in enumerate(shown):
            wide = "wide-figure" if len(value) > _LONG else "figure"
            with st.container(key=f"{wide}-{name}-{position}"):
                metric(label, value, measured)
