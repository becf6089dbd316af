"""The embedding map of the test photos: photos that are similar to a network lie close together, errors are marked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import (
    GREY,
    HOVER,
    MOST_POINTS,
    Trace,
    escape,
    figure,
    hover,
    legend_entry,
    numbers,
    require_some,
    scatter,
    shade,
    short,
)
from core.charts.styles import RUN_COLOURS, SYMBOLS
from core.models.embedding import PhotoMap
from core.text.tables import Rows
from core.text.units import percent

_MOST_DRAWN = MOST_POINTS - 10
_MOST_IN_LEGEND = 24
_LONGEST_IN_LEGEND = 20
_ERROR = "x"
_SHAPES = tuple(symbol for symbol in SYMBOLS if symbol not in ("cross", "star", "hexagram"))
"""Of classes beyond the palette; none resembles the cross of an error."""


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One photo of the map."""

    digest: str
    x: float
    y: float
    true: str
    predicted: str

    @property
    def right(self) -> bool:
        return self.true == self.predicted


def drawn_rows(right: np.ndarray, most: int = _MOST_DRAWN) -> np.ndarray:
    """Indices of the photos that are drawn: all, or of more than ``most`` every error and a sample of the others.

    The sample is random with a fixed seed; of more errors than ``most``, as many of them.
    """
    if len(right) <= most:
        return np.arange(len(right))
    draw = np.random.default_rng(0)
    wrong, others = np.flatnonzero(~right), np.flatnonzero(right)
    kept = wrong if len(wrong) <= most else draw.choice(wrong, most, replace=False)
    return np.sort(np.append(kept, draw.choice(others, most - len(kept), replace=False)))


def map_dots(found: PhotoMap, class_names: Sequence[str]) -> tuple[Dot, ...]:
    """What is drawn, in the order of the photos."""
    return tuple(
        Dot(
            digest=found.digests[row],
            x=float(found.xy[row, 0]),
            y=float(found.xy[row, 1]),
            true=class_names[int(found.labels[row])],
            predicted=class_names[int(found.predicted[row])],
        )
        for row in drawn_rows(np.asarray(found.correct)).tolist()
    )


def embedding_chart(found: PhotoMap, class_names: Sequence[str]) -> Chart:
    """A dot per photo in the colour of its true class; errors are outlined crosses, drawn last.

    Classes beyond the twelfth repeat colours with another shape. ``customdata[0]`` is the photo's digest.
    """
    dots = map_dots(found, class_names)
    require_some(dots, "there are no test photos")
    return Chart(
        figure=_draw(dots, found.explained),
        title=_title(found, class_names),
        caption=_caption(found, len(dots)),
        rows=lambda: _rows(dots),
    )


def _title(found: PhotoMap, class_names: Sequence[str]) -> str:
    """The pair of classes with most errors: "12 of 46 wrong predictions are between shirt and t-shirt"."""
    wrong = ~np.asarray(found.correct)
    pairs = Counter(
        tuple(sorted((int(true), int(predicted))))
        for true, predicted in zip(found.labels[wrong], found.predicted[wrong], strict=True)
    )
    if not pairs:
        return "All test photos are classified correctly"
    (one, other), most = pairs.most_common(1)[0]
    errors = int(wrong.sum())
    number = f"{most} of {errors} wrong predictions {'is' if most == 1 else 'are'}"
    number = number if errors > 1 else "The only wrong prediction is"
    return f"{number} between {class_names[one]} and {class_names[other]}"


def _caption(found: PhotoMap, drawn: int) -> str:
    legend = "Colour: true class. Cross: wrong prediction."
    if drawn == len(found.digests):
        return legend
    wrong = int((~np.asarray(found.correct)).sum())
    which = "every error among them" if wrong <= drawn else "errors only"
    return f"{legend} {drawn:,} of {len(found.digests):,} photos are drawn, {which}."


def _rows(dots: Sequence[Dot]) -> Rows:
    return [
        {"photo": dot.digest, "x": dot.x, "y": dot.y, "true": dot.true, "answer": dot.predicted, "right": dot.right}
        for dot in dots
    ]


def _draw(dots: Sequence[Dot], explained: tuple[float, float]) -> go.Figure:
    looks = class_looks(sorted({dot.true for dot in dots}))
    legend = len(looks) <= _MOST_IN_LEGEND
    traces = [_class(name, [dot for dot in dots if dot.true == name and dot.right], looks[name]) for name in looks]
    for trace in traces:
        trace["showlegend"] = legend
    for name in looks:
        if wrong := [dot for dot in dots if dot.true == name and not dot.right]:
            traces.append(_errors(name, wrong, looks[name][0]))
    if any(not dot.right for dot in dots):
        traces.append(legend_entry("wrong prediction", "markers", marker={"color": GREY, "symbol": _ERROR, "size": 10}))
    first, second = explained
    return figure(
        traces,
        revision="photo map",
        height=560,
        showlegend=True,
        xaxis=_direction(f"first component: {percent(first)} of the variance"),
        yaxis=_direction(f"second component: {percent(second)} of the variance"),
        legend={
            "orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal", "itemsizing": "constant"
        },
    )  # fmt: skip


def class_looks(class_names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(colour, shape) of every class: the palette in its order, then again with the next shape."""
    colours = len(RUN_COLOURS)
    return {
        name: (RUN_COLOURS[index % colours], _SHAPES[index // colours % len(_SHAPES)])
        for index, name in enumerate(class_names)
    }


def _class(name: str, dots: Sequence[Dot], look: tuple[str, str]) -> Trace:
    colour, shape = look
    return scatter(
        name=short(name, _LONGEST_IN_LEGEND),
        legendgroup=f"class {escape(name)}",
        x=numbers(dot.x for dot in dots),
        y=numbers(dot.y for dot in dots),
        mode="markers",
        marker={"color": shade(colour, 0.85), "symbol": shape, "size": 7, "line": {"width": 0}},
        meta=[escape(name)],
        customdata=[[dot.digest] for dot in dots],
        hovertemplate=hover("classified correctly"),
    )


def _errors(name: str, dots: Sequence[Dot], colour: str) -> Trace:
    return scatter(
        legendgroup=f"class {escape(name)}",
        showlegend=False,
        x=numbers(dot.x for dot in dots),
        y=numbers(dot.y for dot in dots),
        mode="markers",
        marker={"color": colour, "symbol": _ERROR, "size": 11, "line": {"width": 1, "color": "#6B7178"}},
        customdata=[[dot.digest, escape(dot.true), f"predicted as {escape(dot.predicted)}"] for dot in dots],
        hovertemplate=HOVER,
    )


def _direction(title: str) -> dict[str, Any]:
    """The numbers along a principal component have no meaning of their own, so they are not shown."""
    return {
        "title": {"text": title},
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
