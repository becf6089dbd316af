"""A chart on a page."""

from typing import Any

import streamlit as st

from core.charts import CONFIG, Chart
from core.text.units import glued, plain


def finding(sentence: str) -> None:
    """The title of a chart as a sentence above it; escaped here."""
    st.markdown(f"**{glued(plain(sentence))}**")


def draw(chart: Chart, *, key: str, alt: str, config: dict[str, Any] = CONFIG, **options: Any) -> None:
    """The figure without its title.

    Args:
        alt: describes the figure for people who do not see it; escaped here. options: of ``st.plotly_chart``.
    """
    st.plotly_chart(chart.figure, key=key, theme="streamlit", config=config, alt=plain(alt), **options)


def titled(chart: Chart, *, key: str, alt: str) -> None:
    """The title and the figure."""
    finding(chart.title)
    draw(chart, key=key, alt=alt)
