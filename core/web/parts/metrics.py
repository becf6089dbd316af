"""Figures side by side, in columns that line up and wrap on a phone."""

import streamlit as st

from core.web.parts.widgets import metric

Figure = tuple[str, str, str]
"""Label, value with unit, and the tooltip that says how it was measured."""

_LONG = 14
"""Letters of a value beyond which it takes two columns: an accuracy with a lopsided interval."""


def figures(name: str, *shown: Figure) -> None:
    """``name`` is unique on the page; the grid itself is drawn by style.css (``figures-``, ``wide-figure-``)."""
    with st.container(key=f"figures-{name}"):
        for place, (label, value, measured) in enumerate(shown):
            wide = "wide-figure" if len(value) > _LONG else "figure"
            with st.container(key=f"{wide}-{name}-{place}"):
                metric(label, value, measured)
