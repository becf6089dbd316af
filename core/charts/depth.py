"""Depth sweeps: accuracy and cost over the number of blocks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import HOVER, Trace, axis, error_bars, escape, figure, legend_name, require_some, scatter
from core.charts.styles import RunStyle
from core.comparison.cost_axes import COSTS
from core.comparison.depths import DepthPoint, DepthSeries
from core.recipes.patterns import TRAINS_TOP_BLOCKS
from core.text.tables import Rows
from core.text.units import count, percent, points, times

_MOST_NAMED = 12


@dataclass(frozen=True, kw_only=True)
class _Metric:
    """One metric of a depth: its value on the axis, its label, its error bar (down, up)."""

    value: Callable[[DepthPoint], float | None]
    title: str
    unit: str
    label: Callable[[DepthPoint], str]
    bar: Callable[[DepthPoint], tuple[float, float]] = lambda point: (0.0, 0.0)


def _interval(point: DepthPoint) -> tuple[float, float]:
    if point.low is None or point.high is None:
        return 0.0, 0.0
    return 100 * (point.accuracy - point.low), 100 * (point.high - point.accuracy)


_SECONDS, _PER_PHOTO = COSTS["alone_wall_seconds"], COSTS["ms_per_photo"]

DEPTH_METRICS: dict[str, _Metric] = {
    "accuracy": _Metric(
        value=lambda point: 100 * point.accuracy,
        title="test accuracy",
        unit="%",
        label=lambda point: percent(point.accuracy, (point.low, point.high)),
        bar=_interval,
    ),
    "seconds": _Metric(
        value=lambda point: point.seconds,
        title=_SECONDS.title,
        unit="s",
        label=lambda point: f"{_SECONDS.title} {_SECONDS.words(point.seconds)}",
    ),
    "ms_per_photo": _Metric(
        value=lambda point: point.ms_per_photo,
        title=_PER_PHOTO.title,
        unit="ms",
        label=lambda point: f"{_PER_PHOTO.title} {_PER_PHOTO.words(point.ms_per_photo)}",
    ),
}
"""What can be drawn over the depth."""


def depth_title(series: DepthSeries) -> str:
    """The best depth of one series, and what the cheapest depth loses against it."""
    best, cheapest, key = best_and_cheapest(series)
    reached = f"{series.name} is most accurate with {_blocks(series, best)}: {percent(best.accuracy)}"
    if cheapest is None:
        return reached
    if len(series.points) > 1 and len({point.accuracy for point in series.points}) == 1:
        least = f"the least {COSTS[_COSTS[key]].title} with {_blocks(series, best)}"
        return f"{series.name} has {percent(best.accuracy)} at every depth, {least}"
    if cheapest is best:
        return f"{reached}, and cheapest there"
    part = times(getattr(cheapest, key) / getattr(best, key))
    lower = points(best.accuracy - cheapest.accuracy)
    return f"{reached}; with {_blocks(series, cheapest)} it is {lower} lower at {part} {COSTS[_COSTS[key]].title}"


def best_and_cheapest(series: DepthSeries) -> tuple[DepthPoint, DepthPoint | None, str]:
    """The most accurate depth (of equals the cheaper one), the cheapest, and the field of the cost; None for the
    cheapest where the cost is not known at every depth."""
    key = "seconds" if series.pattern in TRAINS_TOP_BLOCKS else "ms_per_photo"
    best = max(series.points, key=lambda point: (point.accuracy, -(getattr(point, key) or 0.0), -point.depth))
    known = all(getattr(point, key) is not None for point in series.points)
    return best, min(series.points, key=lambda point: getattr(point, key)) if known else None, key


_COSTS = {"seconds": "alone_wall_seconds", "ms_per_photo": "ms_per_photo"}


def _blocks(series: DepthSeries, point: DepthPoint) -> str:
    blocks = count(point.depth, "block")
    return f"{blocks} trained" if series.pattern in TRAINS_TOP_BLOCKS else f"{blocks} left out"


def depth_chart(series: Sequence[DepthSeries], metric: str = "accuracy", *, styles: Mapping[str, RunStyle]) -> Chart:
    """One line per series over the depth, in the colour of its first run.

    The title is about the first series; ``depth_title`` gives those of the others.

    Args:
        metric: a key of ``DEPTH_METRICS``. styles: of ``run_styles`` for all runs of the page.
    """
    drawn = DEPTH_METRICS[metric]
    known = [one for one in series if any(drawn.value(point) is not None for point in one.points)]
    require_some(known, f"{drawn.title} was measured at no depth")
    return Chart(figure=_draw(known, metric, styles), title=depth_title(series[0]), rows=lambda: _rows(series))


def _rows(series: Sequence[DepthSeries]) -> Rows:
    """One row per depth, with all its metrics."""
    return [
        {"series": one.name, "pattern": str(one.pattern), "depth": point.depth, "runs": " ".join(point.run_ids)}
        | {"accuracy": point.accuracy, "ci95_low": point.low, "ci95_high": point.high}
        | {"alone_wall_seconds": point.seconds, "ms_per_photo": point.ms_per_photo}
        for one in series
        for point in one.points
    ]


def _draw(series: Sequence[DepthSeries], metric: str, styles: Mapping[str, RunStyle]) -> go.Figure:
    drawn = DEPTH_METRICS[metric]
    firsts = [one.points[0].run_ids[0] for one in series]
    looks = {first: replace(styles[first], emphasised=place < _MOST_NAMED) for place, first in enumerate(firsts)}
    trained = all(one.pattern in TRAINS_TOP_BLOCKS for one in series)
    title = "blocks trained" if trained else "blocks left out at the top"
    zero = {} if metric == "accuracy" else {"rangemode": "tozero"}
    return figure(
        [_line(one, looks[first], drawn) for one, first in zip(series, firsts, strict=True)],
        revision=f"depth {metric}",
        height=300,
        showlegend=len(series) > 1,
        xaxis=axis(title, showgrid=False, dtick=1, tickformat="d"),
        yaxis=axis(drawn.title, drawn.unit, **zero),
    )


def _line(series: DepthSeries, style: RunStyle, drawn: _Metric) -> Trace:
    shown = [point for point in series.points if drawn.value(point) is not None]
    bars = [drawn.bar(point) for point in shown]
    return scatter(
        name=legend_name(series.name),
        showlegend=style.emphasised,
        x=[point.depth for point in shown],
        y=[drawn.value(point) for point in shown],
        mode="lines+markers",
        line={"color": style.colour, "width": 2},
        marker={"color": style.colour, "symbol": style.symbol, "size": 9},
        error_y=error_bars(
            [down for down, _ in bars],
            [up for _, up in bars],
            style.colour,
            width=4,
            visible=any(up or down for down, up in bars),
        ),
        customdata=[
            [point.run_ids[0], escape(series.name), f"{_blocks(series, point)}: {escape(drawn.label(point))}"]
            for point in shown
        ],
        hovertemplate=HOVER,
    )
