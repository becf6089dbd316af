"""Backbones side by side: published accuracy against the work of one photo."""

import math
from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from core.backbones.values import Backbone
from core.charts.chart import Chart
from core.charts.look import ACCENT, GREY, HOVER, Trace, axis, escape, figure, log_axis, require_some, scatter
from core.charts.placement import Mark, placed
from core.text.tables import Rows
from core.text.units import brief, count, magnitude, percent

_MOST_NAMED, _WIDTH, _HEIGHT = 16, 560, 280


def backbones_chart(backbones: Sequence[Backbone], ready: Collection[str], width: int = _WIDTH) -> Chart:
    """ImageNet top-1 against multiply-adds; those without a published accuracy, or whose cost nobody counted, are not
    drawn. ``customdata[0]`` is the name of the backbone, for selections.

    Args:
        ready: names of those whose weights are on this machine. width: pixels that the plot has at least.
    """
    drawn = [one for one in backbones if one.top1 is not None and one.multiply_adds > 0]
    require_some(drawn, "no backbone here has a published ImageNet accuracy")
    return Chart(
        figure=_draw(drawn, ready, width),
        title=_title(drawn, ready),
        caption=_caption(len(backbones) - len(drawn)),
        rows=lambda: _rows(drawn, ready),
    )


def _title(drawn: Sequence[Backbone], ready: Collection[str]) -> str:
    """The most accurate one, and the most accurate that needs no download."""
    best = _most_accurate(drawn)
    here = [one for one in drawn if one.name in ready]
    first = f"{brief(best.title)} has the highest ImageNet top-1, {percent(best.top1)}"
    if not here or best in here:
        return first
    own = _most_accurate(here)
    return f"{first}; of those that are ready to use {brief(own.title)}, {percent(own.top1)}"


def _most_accurate(some: Sequence[Backbone]) -> Backbone:
    """The one with the highest published accuracy; of equals the cheapest."""
    return max(some, key=lambda one: (one.top1 or 0, -one.multiply_adds))


def _caption(left_out: int) -> str:
    text = (
        "Published accuracy on ImageNet against the work of one photo at the input size of each backbone. It says how "
        "good the features are on ImageNet; how accurate a model of your photos is, only a run says."
    )
    if not left_out:
        return text
    are = "is" if left_out == 1 else "are"
    return f"{text} {count(left_out, 'backbone')} without a published accuracy {are} not drawn."


def _rows(drawn: Sequence[Backbone], ready: Collection[str]) -> Rows:
    return [
        {"backbone": one.name, "title": one.title, "multiply_adds": one.multiply_adds, "top1": one.top1}
        | {"parameters": one.parameters, "input_size": one.input_size, "ready": one.name in ready}
        for one in drawn
    ]


def _draw(drawn: Sequence[Backbone], ready: Collection[str], width: int) -> go.Figure:
    named = _named(drawn, ready, width)
    costs = [one.multiply_adds / 1e9 for one in drawn]
    kinds = (("to be downloaded", False, GREY), ("ready to use", True, ACCENT))
    traces = [
        _points([one for one in drawn if (one.name in ready) == here], title, colour, named)
        for title, here, colour in kinds
    ]
    shown = [trace for trace in traces if trace["x"]]
    return figure(
        shown,
        revision="backbones",
        height=_HEIGHT + 100,
        showlegend=len(shown) > 1,
        xaxis=log_axis("multiply-adds", "billion per photo", costs),
        yaxis=axis("ImageNet top-1", "%"),
    )


def _points(some: Sequence[Backbone], title: str, colour: str, named: dict[str, tuple[str, str]]) -> Trace:
    return scatter(
        name=title,
        x=[one.multiply_adds / 1e9 for one in some],
        y=[100 * (one.top1 or 0) for one in some],
        mode="markers+text",
        text=[escape(named[one.name][0]) if one.name in named else "" for one in some],
        textposition=[named[one.name][1] if one.name in named else "top center" for one in some],
        textfont={"size": 12},
        cliponaxis=False,
        marker={"color": colour, "size": 10},
        customdata=[[one.name, escape(one.title), _hover(one)] for one in some],
        hovertemplate=HOVER,
    )


def _hover(one: Backbone) -> str:
    return (
        f"{percent(one.top1)} top-1 · {magnitude(one.multiply_adds)} multiply-adds · "
        f"{magnitude(one.parameters)} parameters · {one.input_size} px"
    )


def _named(drawn: Sequence[Backbone], ready: Collection[str], width: int) -> dict[str, tuple[str, str]]:
    """Names at points: the most accurate, the ready ones, then those that no cheaper one beats, as many as fit."""
    costs = [math.log(one.multiply_adds) for one in drawn]
    tops = [one.top1 or 0.0 for one in drawn]
    wide, high = max(costs) - min(costs) or 1.0, max(tops) - min(tops) or 1.0
    marks = {}
    for one, cost, top in zip(drawn, costs, tops, strict=True):
        y = (top - min(tops)) / high
        marks[one.name] = Mark(x=(cost - min(costs)) / wide, y=y, low=y, high=y)
    front = _front(drawn)
    best = _most_accurate(drawn)
    order = sorted(
        drawn, key=lambda one: (one is not best, one.name not in ready, one.name not in front, -(one.top1 or 0))
    )
    names = {one.name: (one.short_title,) for one in order[:_MOST_NAMED]}
    return placed(marks, names, width=width, height=_HEIGHT)


def _front(drawn: Sequence[Backbone]) -> set[str]:
    """Names of those that are more accurate than all that cost no more."""
    best, found = -1.0, set()
    for one in sorted(drawn, key=lambda one: (one.multiply_adds, -(one.top1 or 0))):
        if (one.top1 or 0) > best:
            best = one.top1 or 0
            found.add(one.name)
    return found
