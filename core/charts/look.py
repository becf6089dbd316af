"""What all charts share: axes, traces, one hover format, and user text that stays text.

Figures carry no font, no text colour and no ground:
``st.plotly_chart(figure, theme="streamlit", config=config())`` brings those of the page, in light and dark, so that a
picture saved from a dark page can be read. Colours of their own are readable on both.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio

from core.errors import InvalidInput
from core.text.units import brief

ACCENT = "#2A8560"
GREY = "#8A8F98"
_FEW_EPOCHS = 6
GRID = "rgba(128, 128, 128, 0.18)"

HOVER = "<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>"
"""The one hover format: a name, and below it the values. ``customdata`` is (id, name, values)."""

MOST_POINTS = 20_000
"""Points a chart may send to the browser, all lines together."""


def hover(template: str) -> str:
    """The same format for lines of many points: the name is ``meta[0]``, sent once; ``template`` holds no user text.

    A name and a text with each of thousands of points would be megabytes.
    """
    return f"<b>%{{meta[0]}}</b><br>{template}<extra></extra>"


def config(format: str = "svg", filename: str = "graft") -> dict[str, Any]:
    """Plotly's settings of a chart: no logo, few buttons, and the camera saves ``filename`` as ``format``.

    Args:
        format: "svg" (sharp at every size) or "png" (twice the size on the screen).
        filename: without ending; whatever is no letter, digit, dot, hyphen or underscore becomes a hyphen.

    Raises:
        InvalidInput: the browser cannot make such a picture.
    """
    if format not in ("svg", "png"):
        raise InvalidInput(f"A chart can be saved as svg or png. Received: {format!r}")
    name = re.sub(r"[^\w.-]+", "-", filename).strip("-.") or "graft"
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
        "toImageButtonOptions": {"format": format, "filename": name} | ({"scale": 2} if format == "png" else {}),
    }


CONFIG = config()

_TEMPLATE = pio.templates["none"].to_plotly_json()
_LONGEST_NAME = 32
_LONGEST_IN_LEGEND = 52


def escape(text: object) -> str:
    """User text for Plotly, which interprets some HTML in names, labels and hovers."""
    line = " ".join(str(text).split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: object, limit: int = _LONGEST_NAME) -> str:
    """``text`` escaped and, where it is long, cut in the middle (see ``brief``)."""
    return escape(brief(" ".join(str(text).split()), limit))


def legend_name(text: object) -> str:
    """For a legend, which has more room than an axis, but not too long for a phone."""
    return short(text, _LONGEST_IN_LEGEND)


def distinct_labels(names: Sequence[str], limit: int = _LONGEST_NAME) -> list[str]:
    """Short labels, all different: on a category axis equal labels would share one position."""
    labels = [short(name, limit) for name in names]
    return [label if labels.count(label) == 1 else escape(name) for label, name in zip(labels, names, strict=True)]


Trace = dict[str, Any]
"""One trace of a figure as Plotly writes it: its own objects validate every value, which takes ten times as long."""


def scatter(**values: Any) -> Trace:
    return {"type": "scatter", **values}


def bar(**values: Any) -> Trace:
    return {"type": "bar", **values}


def heatmap(**values: Any) -> Trace:
    return {"type": "heatmap", **values}


def error_bars(
    below: Iterable[float], above: Iterable[float], colour: str, *, width: int = 3, visible: bool = True
) -> dict[str, Any]:
    """Intervals around values: ``below`` and ``above`` are distances from them."""
    ends = {"array": list(above), "arrayminus": list(below)}
    look = {"color": colour, "thickness": 1.2, "width": width, "visible": visible}
    return {"type": "data", "symmetric": False} | ends | look


def legend_entry(name: str, mode: str, **look: Any) -> Trace:
    """An entry of the legend that explains a style and has no points."""
    return scatter(name=name, x=[None], y=[None], mode=mode, hoverinfo="skip", **look)


def dotted_entry(name: str) -> Trace:
    """An entry of the legend that explains the dotted lines."""
    return legend_entry(name, "lines", line={"color": GREY, "dash": "dot", "width": 1.5})


def figure(traces: Sequence[Trace], *, revision: str, height: int = 360, **layout: Any) -> go.Figure:
    """A figure of ``traces``; zoom and hidden traces survive a redraw as long as ``revision`` stays.

    Not validated by Plotly, which would take nine tenths of the time; the tests validate every chart.
    """
    shared = {
        "template": _TEMPLATE,
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 16, "b": 8},
        "uirevision": revision,
        "hovermode": "closest",
        "showlegend": False,
        "bargap": 0.3,
        "barcornerradius": 3,
        # above the plot: below it a legend would run into the axis title on a phone
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    }
    return go.Figure({"data": list(traces), "layout": shared | layout}, _validate=False)


def axis(title: str, unit: str = "", **changes: Any) -> dict[str, Any]:
    """A number axis, its unit in the title."""
    return {
        "title": {"text": f"{title} ({unit})" if unit else title},
        "gridcolor": GRID,
        "zeroline": False,
        "automargin": True,
        "showgrid": True,
    } | changes


def epoch_axis(first: int, last: int, **changes: Any) -> dict[str, Any]:
    """An axis of epochs, which are whole numbers: Plotly would write 1.5 where there are few."""
    few: dict[str, Any] = {"dtick": 1} if last - first <= _FEW_EPOCHS else {}
    return axis("epoch") | few | changes


def categories(names: Sequence[str], **changes: Any) -> dict[str, Any]:
    """An axis of names in this order; ``category``, because Plotly would parse "2024" or "1e5" as numbers."""
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(names),
        "ticklabelstandoff": 6,
        "showgrid": False,
        "automargin": True,
    } | changes


def log_axis(title: str, unit: str, values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis over ``values``, with ticks at 1, 2 and 5 (over many decades at 1 only), written out."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    steps = (1, 2, 5) if high - low <= 3 else (1,)
    ticks = [step * 10.0**power for power in range(low, high + 1) for step in steps]
    return axis(title, unit, type="log", tickvals=ticks, ticktext=[f"{tick:,g}" for tick in ticks])


_UNITS = ((3 * 86_400.0, 86_400.0, "d"), (3 * 3600.0, 3600.0, "h"), (600.0, 60.0, "min"), (0.0, 1.0, "s"))


def time_unit(longest: float) -> tuple[float, str]:
    """A unit of time suitable for an axis up to ``longest`` seconds: its length in seconds, and its name."""
    return next((seconds, unit) for least, seconds, unit in _UNITS if longest >= least)


def spans_decades(values: Sequence[float]) -> bool:
    """Whether a log scale is needed: all above zero, and the largest ten times the smallest or more."""
    return bool(values) and min(values) > 0 and max(values) >= 10 * min(values)


def shade(colour: str, strength: float) -> str:
    """``colour`` (``#RRGGBB``) with an opacity of ``strength``."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {strength:g})"


def numbers(values: Iterable[float | None]) -> np.ndarray:
    """Values of a long line, None as a gap: an array is sent packed, without a check of each number."""
    return np.array(list(values), np.float64)  # None becomes NaN


def require_some(values: Sequence[Any], what: str) -> None:
    if not values:
        raise InvalidInput(f"There is nothing to draw: {what}.")
