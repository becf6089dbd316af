"""Accuracy against cost, with the Pareto front."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import (
    GREY,
    HOVER,
    Trace,
    axis,
    error_bars,
    escape,
    figure,
    legend_name,
    log_axis,
    require_some,
    scatter,
    shade,
    short,
    spans_decades,
)
from core.charts.styles import GREY_STYLE, RunStyle, styles_of
from core.comparison.cost_axes import CostKind, cost_kind
from core.comparison.summary import outcome_sentence
from core.comparison.table import Row, pareto_front
from core.comparison.verdict import Verdict
from core.recipes.labels import without_shared
from core.text.tables import Rows
from core.text.units import count, percent

_DIRECTLY_LABELLED = 6
_NAME_WIDTH = 0.35
"""Of a long name, as a part of the axis."""


@dataclass(frozen=True, kw_only=True)
class TradeoffPoint:
    """One run in the plane of cost and accuracy. ``cost`` is in the unit of the axis, the rest in percent."""

    run_id: str
    name: str
    cost: float
    accuracy: float
    below: float
    above: float
    on_front: bool
    label: str


def tradeoff_points(
    rows: Sequence[Row], cost: str = "alone_wall_seconds", currency: str = "EUR"
) -> tuple[TradeoffPoint, ...]:
    """The rows whose accuracy and cost were measured, in their order; ``below`` and ``above`` are error bars."""
    kind = cost_kind(cost)
    front = {row.run.id for row in pareto_front(rows, cost)}
    names = without_shared({row.run.id: row.name for row in rows})
    found = []
    for row in rows:
        value = row.value(kind.key)
        if row.accuracy is None or value is None:
            continue
        low, high = row.interval or (row.accuracy, row.accuracy)
        found.append(
            TradeoffPoint(
                run_id=row.run.id,
                name=names[row.run.id],
                cost=value * kind.scale,
                accuracy=100 * row.accuracy,
                below=100 * (row.accuracy - low),
                above=100 * (high - row.accuracy),
                on_front=row.run.id in front,
                label=f"{percent(row.accuracy, row.interval)}, {kind.title} {kind.words(value, currency)}",
            )
        )
    return tuple(found)


def tradeoff_chart(
    rows: Sequence[Row],
    cost: str = "alone_wall_seconds",
    *,
    verdict: Verdict | None = None,
    currency: str = "EUR",
    title_names: Mapping[str, str] | None = None,
    styles: Mapping[str, RunStyle] | None = None,
) -> Chart:
    """Accuracy with its 95 % interval against a cost; a line joins the runs that nothing cheaper beats (Pareto front).

    Up to six runs are named at their points, more (or crowded ones) in a legend; beyond twelve they are grey, and
    those on the front are named at their points where there is room. Grey runs far below the front are triangles at
    the lower edge: drawn to scale they would press all others together. A logarithmic axis where costs span decades.
    ``customdata[0]`` is the run id, for selections.

    Args:
        verdict: ``Comparison.verdict``, for the title.
        title_names: by run id; by default the names of the rows.
        styles: of ``run_styles`` for all runs of the page.
    """
    kind = cost_kind(cost)
    points = tradeoff_points(rows, cost, currency)
    require_some(points, f"no run has both an accuracy and a measured {kind.title}")
    titled = [replace(row, name=title_names[row.run.id]) for row in rows] if title_names else rows
    return Chart(
        figure=_draw(points, kind, currency, styles_of([point.run_id for point in points], styles)),
        title=outcome_sentence(titled, verdict, cost),
        caption=f"Test accuracy with its 95 % interval against {kind.title}.",
        rows=lambda: _rows(points, kind, currency),
    )


def _rows(points: Sequence[TradeoffPoint], kind: CostKind, currency: str) -> Rows:
    """One row per run that is drawn; accuracies in percent, the cost in the unit of the axis."""
    return [
        {"run": point.run_id, "name": point.name, "accuracy": point.accuracy}
        | {"ci95_low": point.accuracy - point.below, "ci95_high": point.accuracy + point.above}
        | {kind.key: point.cost, "unit": _unit(kind, currency), "pareto_front": point.on_front}
        for point in points
    ]


def _draw(points: Sequence[TradeoffPoint], kind: CostKind, currency: str, looks: Mapping[str, RunStyle]) -> go.Figure:
    coloured = [point for point in points if looks[point.run_id].coloured]
    floor, others, lower = _by_floor(coloured, [point for point in points if not looks[point.run_id].coloured])
    labelled = _labelled(points, looks)
    named = [_points_trace([p], looks[p.run_id], [labelled.get(p.run_id)], named=True) for p in coloured]
    grey = [_points_trace(others, GREY_STYLE, [labelled.get(p.run_id) for p in others], named=False)] if others else []
    legend = len(labelled) < len(points)
    return figure(
        [_front_line(points), *grey, *([_lower_trace(lower, floor)] if lower else []), *named],
        revision=f"accuracy against {kind.key}",
        height=440 + 16 * len(coloured) if legend else 420,  # a long legend must leave the points their room
        showlegend=legend,
        xaxis=_cost_axis(kind, [point.cost for point in points], currency),
        yaxis=axis("test accuracy", "%", **({"range": _range(floor, points)} if lower else {})),
    )


def _by_floor(
    coloured: Sequence[TradeoffPoint], grey: Sequence[TradeoffPoint]
) -> tuple[float, list[TradeoffPoint], list[TradeoffPoint]]:
    """Start of the axis, and the grey runs above and below it; the front and all coloured runs stay above."""
    kept = [*coloured, *(point for point in grey if point.on_front)]
    floor = min(point.accuracy - point.below for point in kept)
    above = [point for point in grey if point.accuracy >= floor]
    lower = [point for point in grey if point.accuracy < floor]
    lowest = min((point.accuracy for point in lower), default=floor)
    top = max(point.accuracy for point in (*coloured, *grey))
    if top - lowest < 2 * (top - floor):
        return floor, list(grey), []  # there is room for all
    return floor, above, lower


def _range(floor: float, points: Sequence[TradeoffPoint]) -> list[float]:
    top = max(point.accuracy + point.above for point in points)
    return [floor - 0.07 * (top - floor), top + 0.03 * (top - floor)]


def _lower_trace(points: Sequence[TradeoffPoint], floor: float) -> Trace:
    return scatter(
        name=f"{count(len(points), 'run')} below {floor:.0f} %",
        x=[point.cost for point in points],
        y=[floor] * len(points),
        mode="markers",
        marker={"color": GREY, "symbol": "triangle-down-open", "size": 9, "line": {"width": 1.5}},
        customdata=[[point.run_id, escape(point.name), point.label] for point in points],
        hovertemplate=HOVER,
    )


def _unit(kind: CostKind, currency: str) -> str:
    return currency if kind.key.endswith("money") else kind.unit


def _cost_axis(kind: CostKind, costs: Sequence[float], currency: str) -> dict:
    unit = _unit(kind, currency)
    return log_axis(kind.title, unit, costs) if spans_decades(costs) else axis(kind.title, unit, rangemode="tozero")


def _labelled(points: Sequence[TradeoffPoint], looks: Mapping[str, RunStyle]) -> dict[str, str]:
    """Sides of the names at points, by run id: all of a few runs, else those on the front and not in the legend."""
    few = len(points) <= _DIRECTLY_LABELLED
    chosen = [point for point in points if few or (point.on_front and not looks[point.run_id].coloured)]
    if len(chosen) > _DIRECTLY_LABELLED:
        return {}
    sides = {point.run_id: _label_side(point, points) for point in chosen}
    free = [point for point in chosen if not _covered(point, sides[point.run_id], points)]
    if few and len(free) < len(chosen):
        return {}
    return {point.run_id: sides[point.run_id] for point in free}


def _positions(points: Sequence[TradeoffPoint], among: Sequence[TradeoffPoint]) -> list[float]:
    """Positions of the points along the axis of cost, from 0 to 1 (the costliest of ``among``)."""
    costs = [point.cost for point in among]
    if spans_decades(costs):
        width = math.log(max(costs) / min(costs))
        return [math.log(point.cost / min(costs)) / width for point in points]
    return [point.cost / max(costs) if max(costs) else 0.0 for point in points]


def _covered(point: TradeoffPoint, side: str, points: Sequence[TradeoffPoint]) -> bool:
    """Whether the name beside ``point`` would overlap the interval of another run, or its name."""
    top, bottom = max(p.accuracy + p.above for p in points), min(p.accuracy - p.below for p in points)
    line = 0.06 * (top - bottom)
    positions = dict(zip([p.run_id for p in points], _positions(points, points), strict=True))
    here = positions[point.run_id]
    low, high = (here, here + _NAME_WIDTH) if side == "top right" else (here - _NAME_WIDTH, here)
    return any(
        low <= positions[other.run_id] <= high
        and other.accuracy - other.below - line < point.accuracy < other.accuracy + other.above
        for other in points
        if other is not point
    )


def _label_side(point: TradeoffPoint, points: Sequence[TradeoffPoint]) -> str:
    """Names beside their points, clear of the error bars, and towards the middle of the chart."""
    return "top right" if _positions([point], points)[0] <= 0.5 else "top left"


def _front_line(points: Sequence[TradeoffPoint]) -> Trace:
    front = sorted((point for point in points if point.on_front), key=lambda point: (point.cost, point.accuracy))
    return scatter(
        name="Pareto front: nothing cheaper is as accurate",
        x=[point.cost for point in front],
        y=[point.accuracy for point in front],
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
        showlegend=len(front) > 1,
    )


def _points_trace(
    points: Sequence[TradeoffPoint], style: RunStyle, sides: Sequence[str | None], *, named: bool
) -> Trace:
    return scatter(
        name=legend_name(points[0].name) if named else "other runs",
        x=[point.cost for point in points],
        y=[point.accuracy for point in points],
        mode="markers+text" if any(sides) else "markers",
        text=[f" {short(p.name)} " if side else "" for p, side in zip(points, sides, strict=True)],
        textposition=[side or "top right" for side in sides],
        cliponaxis=False,
        marker={"color": style.colour, "symbol": style.symbol, "size": 11 if named else 8, "line": {"width": 0}},
        error_y=error_bars(
            [point.below for point in points],
            [point.above for point in points],
            style.colour if named else shade(style.colour, 0.35),
            width=4 if named else 0,
        ),
        customdata=[[point.run_id, escape(point.name), point.label] for point in points],
        hovertemplate=HOVER,
    )
