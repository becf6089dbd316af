"""Charts of a depth sweep: what is reached and what it costs, block by block."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.charts.look import HOVER, Trace, axis, escape, figure, legend_name, require_some, scatter
from core.charts.styles import RunStyle, styles_of
from core.comparison.cost_axes import COSTS
from core.comparison.depths import DepthPoint, DepthSeries
from core.recipes.recipe import Pattern
from core.text.units import count, percent, points, times

_MOST_NAMED = 12


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """One figure of a depth: where it is on the axis, how it reads, its error bar (down, up)."""

    value: Callable[[DepthPoint], float | None]
    title: str
    unit: str
    words: Callable[[DepthPoint], str]
    bar: Callable[[DepthPoint], tuple[float, float]] = lambda point: (0.0, 0.0)


def _interval(point: DepthPoint) -> tuple[float, float]:
    if point.low is None or point.high is None:
        return 0.0, 0.0
    return 100 * (point.accuracy - point.low), 100 * (point.high - point.accuracy)


_SECONDS, _PER_PHOTO = COSTS["alone_wall_seconds"], COSTS["ms_per_photo"]

DEPTH_FIGURES: dict[str, _Figure] = {
    "accuracy": _Figure(
        value=lambda point: 100 * point.accuracy,
        title="test accuracy",
        unit="%",
        words=lambda point: percent(point.accuracy, (point.low, point.high)),
        bar=_interval,
    ),
    "seconds": _Figure(
        value=lambda point: point.seconds,
        title=_SECONDS.title,
        unit="s",
        words=lambda point: f"{_SECONDS.title} {_SECONDS.words(point.seconds)}",
    ),
    "ms_per_photo": _Figure(
        value=lambda point: point.ms_per_photo,
        title=_PER_PHOTO.title,
        unit="ms",
        words=lambda point: f"{_PER_PHOTO.title} {_PER_PHOTO.words(point.ms_per_photo)}",
    ),
}
"""What can be drawn over the depth."""


def depth_title(series: DepthSeries) -> str:
    """Where accuracy and cost cross: "Lite0, fine tuning is most accurate with 3 blocks trained: 93 %; with 1 ..."."""
    key = "seconds" if series.pattern is Pattern.FINE_TUNING else "ms_per_photo"
    best = max(series.points, key=lambda point: (point.accuracy, -(getattr(point, key) or 0.0), -point.depth))
    said = f"{series.name} is most accurate with {_blocks(series, best)}: {percent(best.accuracy)}"
    if any(getattr(point, key) is None for point in series.points):
        return said
    cheapest = min(series.points, key=lambda point: getattr(point, key))
    if cheapest is best:
        return f"{said}, and cheapest there"
    part = times(getattr(cheapest, key) / getattr(best, key))
    lower = points(best.accuracy - cheapest.accuracy)
    return f"{said}; with {_blocks(series, cheapest)} it is {lower} lower at {part} {COSTS[_COSTS[key]].title}"


_COSTS = {"seconds": "alone_wall_seconds", "ms_per_photo": "ms_per_photo"}


def _blocks(series: DepthSeries, point: DepthPoint) -> str:
    blocks = count(point.depth, "block")
    return f"{blocks} trained" if series.pattern is Pattern.FINE_TUNING else f"{blocks} left out"


def over_depth_rows(series: Sequence[DepthSeries]) -> list[dict[str, Any]]:
    """One row per depth, with every figure of it."""
    return [
        {"series": one.name, "pattern": str(one.pattern), "depth": point.depth, "runs": " ".join(point.run_ids)}
        | {"accuracy": point.accuracy, "low95": point.low, "high95": point.high}
        | {"alone_wall_seconds": point.seconds, "ms_per_photo": point.ms_per_photo}
        for one in series
        for point in one.points
    ]


def over_depth(
    series: Sequence[DepthSeries], what: str = "accuracy", styles: Mapping[str, RunStyle] | None = None
) -> go.Figure:
    """One line per series over the depth, in the colour of its first run; ``what`` is a key of ``DEPTH_FIGURES``."""
    drawn = DEPTH_FIGURES[what]
    known = [one for one in series if any(drawn.value(point) is not None for point in one.points)]
    require_some(known, f"{drawn.title} was measured at no depth")
    firsts = [one.points[0].run_ids[0] for one in known]
    looks = styles_of(firsts, styles)
    if not all(looks[first].coloured for first in firsts[:_MOST_NAMED]):
        looks = styles_of(firsts, None)  # grey on the page, but here each line must be told apart
    traces = [_line(one, looks[first], drawn) for one, first in zip(known, firsts, strict=True)]
    trained = {one.pattern for one in known} == {Pattern.FINE_TUNING}
    title = "blocks trained" if trained else "blocks left out at the top"
    zero = {} if what == "accuracy" else {"rangemode": "tozero"}
    return figure(
        traces,
        revision=f"depth {what}",
        height=300,
        showlegend=len(known) > 1,
        xaxis=axis(title, showgrid=False, dtick=1, tickformat="d"),
        yaxis=axis(drawn.title, drawn.unit, **zero),
    )


def _line(series: DepthSeries, style: RunStyle, drawn: _Figure) -> Trace:
    shown = [point for point in series.points if drawn.value(point) is not None]
    bars = [drawn.bar(point) for point in shown]
    return scatter(
        name=legend_name(series.name),
        showlegend=style.coloured,
        x=[point.depth for point in shown],
        y=[drawn.value(point) for point in shown],
        mode="lines+markers",
        line={"color": style.colour, "width": 2},
        marker={"color": style.colour, "symbol": style.symbol, "size": 9},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [up for _, up in bars],
            "arrayminus": [down for down, _ in bars],
            "color": style.colour,
            "thickness": 1.2,
            "width": 4,
            "visible": any(up or down for down, up in bars),
        },
        customdata=[
            [point.run_ids[0], escape(series.name), f"{_blocks(series, point)}: {escape(drawn.words(point))}"]
            for point in shown
        ],
        hovertemplate=HOVER,
    )
