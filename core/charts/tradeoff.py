"""The chart of what accuracy costs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import plotly.graph_objects as go

from core.charts.look import (
    GREY,
    HOVER,
    axis,
    escape,
    figure,
    legend_name,
    log_axis,
    require_some,
    shade,
    short,
    spans_decades,
)
from core.charts.styles import GREY_STYLE, RunStyle, styles_of
from core.comparison.claims import claim
from core.comparison.kinds import CostKind, cost_kind
from core.comparison.leaderboard import Row, pareto_front
from core.comparison.names import without_shared
from core.comparison.paired import Paired
from core.wording import share

_DIRECTLY_LABELLED = 6


@dataclass(frozen=True, kw_only=True)
class Point:
    """One run in the plane of cost and accuracy. ``cost`` is in the unit of the axis, the rest in percent."""

    run_id: str
    name: str
    cost: float
    accuracy: float
    below: float
    above: float
    on_front: bool
    words: str


def tradeoff_points(rows: Sequence[Row], cost: str = "alone_wall_seconds", currency: str = "EUR") -> tuple[Point, ...]:
    """The rows whose accuracy and cost were measured, in their order; ``below`` and ``above`` are error bars."""
    kind = cost_kind(cost)
    front = {row.run_id for row in pareto_front(rows, cost)}
    names = without_shared({row.run_id: row.name for row in rows})
    found = []
    for row in rows:
        value = getattr(row, kind.key)
        if row.accuracy is None or value is None:
            continue
        low, high = row.interval or (row.accuracy, row.accuracy)
        found.append(
            Point(
                run_id=row.run_id,
                name=names[row.run_id],
                cost=value * kind.scale,
                accuracy=100 * row.accuracy,
                below=100 * (row.accuracy - low),
                above=100 * (high - row.accuracy),
                on_front=row.run_id in front,
                words=f"{share(row.accuracy, row.interval)}, {kind.title} {kind.words(value, currency)}",
            )
        )
    return tuple(found)


def accuracy_vs_cost_title(rows: Sequence[Row], pairs: Iterable[Paired], cost: str = "alone_wall_seconds") -> str:
    """What may be said of the best run and its cost: "Lite1 is as accurate as Lite0 (a tie) at a fifth of the ..."."""
    return claim(rows, pairs, cost)


def accuracy_vs_cost_rows(
    rows: Sequence[Row], cost: str = "alone_wall_seconds", currency: str = "EUR"
) -> list[dict[str, Any]]:
    """One row per run that is drawn; accuracies in percent, the cost in the unit of the axis."""
    kind = cost_kind(cost)
    return [
        {"run": point.run_id, "name": point.name, "accuracy": point.accuracy}
        | {"low95": point.accuracy - point.below, "high95": point.accuracy + point.above}
        | {kind.key: point.cost, "unit": _unit(kind, currency), "pareto_front": point.on_front}
        for point in tradeoff_points(rows, cost, currency)
    ]


def accuracy_vs_cost(
    rows: Sequence[Row],
    cost: str = "alone_wall_seconds",
    currency: str = "EUR",
    styles: Mapping[str, RunStyle] | None = None,
) -> go.Figure:
    """Accuracy with its 95 % interval against a cost; a line joins the runs that nothing cheaper beats (Pareto front).

    Up to six runs are named at their points, more (or crowded ones) in a legend; runs beyond the twelfth are grey. Of
    many runs those on the front are named at their points where there is room. A logarithmic axis where costs span
    decades. ``customdata[0]`` is the run id, for selections.

    Args:
        styles: of ``run_styles`` for all runs of the page.
    """
    kind = cost_kind(cost)
    points = tradeoff_points(rows, cost, currency)
    require_some(points, f"no run has both an accuracy and a measured {kind.title}")
    looks = styles_of([point.run_id for point in points], styles)
    coloured = [point for point in points if looks[point.run_id].coloured]
    others = [point for point in points if not looks[point.run_id].coloured]
    labelled = _labelled(points)
    named = [_points_trace([p], looks[p.run_id], [labelled.get(p.run_id)], named=True) for p in coloured]
    grey = [_points_trace(others, GREY_STYLE, [labelled.get(p.run_id) for p in others], named=False)] if others else []
    legend = len(labelled) < len(points)
    return figure(
        [_front_line(points), *grey, *named],
        revision=f"accuracy against {kind.key}",
        height=440 + 12 * len(coloured) if legend else 420,  # a long legend must leave the points their room
        showlegend=legend,
        xaxis=_cost_axis(kind, [point.cost for point in points], currency),
        yaxis=axis("test accuracy", "%"),
    )


def _unit(kind: CostKind, currency: str) -> str:
    return currency if kind.key.endswith("money") else kind.unit


def _cost_axis(kind: CostKind, costs: Sequence[float], currency: str) -> dict:
    unit = _unit(kind, currency)
    return log_axis(kind.title, unit, costs) if spans_decades(costs) else axis(kind.title, unit, rangemode="tozero")


def _labelled(points: Sequence[Point]) -> dict[str, str]:
    """Who is named at its point, and on which side: all of a few, else those on the front; nobody where crowded."""
    chosen = points if len(points) <= _DIRECTLY_LABELLED else [point for point in points if point.on_front]
    if len(chosen) > _DIRECTLY_LABELLED or _crowded(chosen, points):
        return {}
    return {point.run_id: _label_side(point, points) for point in chosen}


def _places(points: Sequence[Point], among: Sequence[Point]) -> list[float]:
    """Where the points lie along the axis of cost, from 0 to 1 (the costliest of ``among``)."""
    costs = [point.cost for point in among]
    if spans_decades(costs):
        width = math.log(max(costs) / min(costs))
        return [math.log(point.cost / min(costs)) / width for point in points]
    return [point.cost / max(costs) if max(costs) else 0.0 for point in points]


def _crowded(points: Sequence[Point], among: Sequence[Point]) -> bool:
    """Whether the names of two runs beside their points would run into each other."""
    height = max(30.0, *(point.accuracy for point in among)) - min(point.accuracy for point in among)
    pairs = combinations(zip(_places(points, among), points, strict=True), 2)
    return any(abs(x - z) < 0.35 and abs(a.accuracy - b.accuracy) < 0.05 * height for (x, a), (z, b) in pairs)


def _label_side(point: Point, points: Sequence[Point]) -> str:
    """Names beside their points, clear of the error bars, and towards the middle of the chart."""
    return "top right" if _places([point], points)[0] <= 0.5 else "top left"


def _front_line(points: Sequence[Point]) -> go.Scatter:
    front = sorted((point for point in points if point.on_front), key=lambda point: (point.cost, point.accuracy))
    return go.Scatter(
        name="Pareto front: nothing cheaper is as accurate",
        x=[point.cost for point in front],
        y=[point.accuracy for point in front],
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
        showlegend=len(front) > 1,
    )


def _points_trace(points: Sequence[Point], style: RunStyle, sides: Sequence[str | None], *, named: bool) -> go.Scatter:
    return go.Scatter(
        name=legend_name(points[0].name) if named else "other runs",
        x=[point.cost for point in points],
        y=[point.accuracy for point in points],
        mode="markers+text" if any(sides) else "markers",
        text=[f" {short(p.name)} " if side else "" for p, side in zip(points, sides, strict=True)],
        textposition=[side or "top right" for side in sides],
        cliponaxis=False,
        marker={"color": style.colour, "symbol": style.symbol, "size": 11 if named else 8, "line": {"width": 0}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [point.above for point in points],
            "arrayminus": [point.below for point in points],
            "color": style.colour if named else shade(style.colour, 0.35),
            "thickness": 1.2,
            "width": 4 if named else 0,
        },
        customdata=[[point.run_id, escape(point.name), point.words] for point in points],
        hovertemplate=HOVER,
    )
