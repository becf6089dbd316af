"""What every chart function returns."""

from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go

from core.text.tables import Rows


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure with the text and the data that belong to it.

    Args:
        figure: without a title, SVG traces only, at most ``look.MOST_POINTS`` points in all.
        title: the finding in one sentence, else the question that the chart answers. Plain text, not escaped.
        caption: how to read it and what is not drawn; "" where nothing needs to be said.
        rows: computes the table of what is drawn. Called for a download only, because tables can be long.
    """

    figure: go.Figure
    title: str
    caption: str = ""
    rows: Callable[[], Rows]
