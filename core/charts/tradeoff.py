"""Accuracy against cost, with the Pareto front."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    spans_decades,
)
from core.charts.placement import WIDTH, Mark, placed
from core.charts.styles import RunStyle, run_styles
from core.comparison.cost_axes import CostKind, cost_kind
from core.comparison.summary import BADGES, RECOMMENDED, outcome_sentence
from core.comparison.table import Row, pareto_front
from core.comparison.verdict import Standing, Verdict
from core.text.tables import Rows
from core.text.units import brief, count, percent

_END = 12
"""Characters up to which the last part of a name is shown whole."""
_BEST = BADGES[Standing.BEST]
_SHORT = 18
"""Characters of a name that fits almost everywhere."""
_DIRECTLY_LABELLED, _MOST_LABELLED = 6, 9
"""Runs that are named at their points: beside a legend, and without one."""


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
    found = []
    for row in rows:
        value = row.value(kind.key)
        if row.accuracy is None or value is None:
            continue
        low, high = row.interval or (row.accuracy, row.accuracy)
        found.append(
            TradeoffPoint(
                run_id=row.run.id,
                name=row.name,
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
    styles: Mapping[str, RunStyle] | None = None,
    legend: bool = True,
    width: int = WIDTH,
) -> Chart:
    """Accuracy with its 95 % interval against a cost; a line joins the runs that nothing cheaper beats (Pareto front).

    Up to six runs are named at their points, more (or crowded ones) in a legend; beyond twelve they are faint, and
    those on the front are named at their points where there is room. Without a legend as many are named as fit, the
    recommended one and the best first. Faint runs far below the front are triangles at
    the lower edge: drawn to scale they would press all others together. A logarithmic axis where costs span decades.
    ``customdata[0]`` is the run id, for selections.

    Args:
        verdict: ``Comparison.verdict``, for the title.
        styles: of ``run_styles`` for all runs of the page.
        legend: False where a table beside the chart has the colours of the runs.
        width: pixels that the plot has at least, for the names at points.
    """
    kind = cost_kind(cost)
    points = tradeoff_points(rows, cost, currency)
    require_some(points, f"no run has both an accuracy and a measured {kind.title}")
    looks = styles or run_styles(row.run for row in rows)
    first = {} if verdict is None else {verdict.best.run_id: _BEST, verdict.recommended.run_id: RECOMMENDED}
    labelled = _labelled_in_legend(points, looks, width) if legend else _labelled(points, first, width)
    return Chart(
        figure=_draw(points, kind, currency, looks, labelled, legend=legend),
        title=outcome_sentence(rows, verdict, cost),
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


def _draw(
    points: Sequence[TradeoffPoint],
    kind: CostKind,
    currency: str,
    looks: Mapping[str, RunStyle],
    labelled: Mapping[str, tuple[str, str]],
    *,
    legend: bool,
) -> go.Figure:
    strong = [point for point in points if looks[point.run_id].emphasised]
    floor, others, lower = _by_floor(strong, [point for point in points if not looks[point.run_id].emphasised])
    named = [_points_trace([p], looks, [labelled.get(p.run_id)]) for p in strong]
    faint = [_points_trace(others, looks, [labelled.get(p.run_id) for p in others])] if others else []
    shown = legend and len(labelled) < len(points)
    return figure(
        [_front_line(points), *faint, *([_lower_trace(lower, floor, looks)] if lower else []), *named],
        revision=f"accuracy against {kind.key}",
        # a long legend must leave the points their room; without one the axis is seen at 1440 x 900 on the page Compare
        height=440 + 16 * len(strong) if shown else 420 if legend else 324,
        showlegend=shown,
        xaxis=_cost_axis(kind, [point.cost for point in points], currency),
        yaxis=axis("test accuracy", "%", **({"range": _range(floor, points)} if lower else {})),
    )


def _by_floor(
    strong: Sequence[TradeoffPoint], faint: Sequence[TradeoffPoint]
) -> tuple[float, list[TradeoffPoint], list[TradeoffPoint]]:
    """Start of the axis, and the faint runs above and below it; the front and all emphasised runs stay above."""
    kept = [*strong, *(point for point in faint if point.on_front)]
    floor = min(point.accuracy - point.below for point in kept)
    above = [point for point in faint if point.accuracy >= floor]
    lower = [point for point in faint if point.accuracy < floor]
    lowest = min((point.accuracy for point in lower), default=floor)
    top = max(point.accuracy for point in (*strong, *faint))
    if top - lowest < 2 * (top - floor):
        return floor, list(faint), []  # there is room for all
    return floor, above, lower


def _range(floor: float, points: Sequence[TradeoffPoint]) -> list[float]:
    top = max(point.accuracy + point.above for point in points)
    return [floor - 0.07 * (top - floor), top + 0.03 * (top - floor)]


def _lower_trace(points: Sequence[TradeoffPoint], floor: float, looks: Mapping[str, RunStyle]) -> Trace:
    return scatter(
        name=f"{count(len(points), 'run')} below {floor:.0f} %",
        x=[point.cost for point in points],
        y=[floor] * len(points),
        mode="markers",
        marker={
            "color": [looks[p.run_id].colour for p in points],
            "symbol": "triangle-down-open",
            "size": 9,
            "line": {"width": 1.5},
        },
        customdata=[[point.run_id, escape(point.name), point.label] for point in points],
        hovertemplate=HOVER,
    )


def _unit(kind: CostKind, currency: str) -> str:
    return currency if kind.key.endswith("money") else kind.unit


def _cost_axis(kind: CostKind, costs: Sequence[float], currency: str) -> dict:
    unit = _unit(kind, currency)
    return log_axis(kind.title, unit, costs) if spans_decades(costs) else axis(kind.title, unit, rangemode="tozero")


def _labelled_in_legend(
    points: Sequence[TradeoffPoint], looks: Mapping[str, RunStyle], width: int
) -> dict[str, tuple[str, str]]:
    """Names at points and their sides, by run id: all of a few runs, or none; else of those on the front that the
    legend leaves out."""
    few = len(points) <= _DIRECTLY_LABELLED
    chosen = [point for point in points if few or (point.on_front and not looks[point.run_id].emphasised)]
    if len(chosen) > _DIRECTLY_LABELLED:
        return {}
    found = _placed(points, chosen, width)
    return {} if few and len(found) < len(chosen) else found


def _labelled(points: Sequence[TradeoffPoint], first: Mapping[str, str], width: int) -> dict[str, tuple[str, str]]:
    """Names at points and their sides, by run id: as many as fit, those of ``first`` and on the front before others.

    Args:
        first: what the verdict calls them, by run id, the most important last: shown where their names do not fit.
    """

    def importance(point: TradeoffPoint) -> tuple[int, bool, float]:
        place = -1 - list(first).index(point.run_id) if point.run_id in first else 0
        return place, not point.on_front, -point.accuracy

    return _placed(points, sorted(points, key=importance)[:_MOST_LABELLED], width, first)


def _placed(
    points: Sequence[TradeoffPoint],
    chosen: Sequence[TradeoffPoint],
    width: int,
    called: Mapping[str, str] | None = None,
) -> dict[str, tuple[str, str]]:
    top, bottom = max(p.accuracy + p.above for p in points), min(p.accuracy - p.below for p in points)
    height = (top - bottom) or 1.0
    marks = {
        point.run_id: Mark(
            x=x,
            y=(point.accuracy - bottom) / height,
            low=(point.accuracy - point.below - bottom) / height,
            high=(point.accuracy + point.above - bottom) / height,
        )
        for point, x in zip(points, _positions(points), strict=True)
    }
    short = called or {}
    names = {
        point.run_id: (brief(point.name, 32), _ends(point.name), *filter(None, [short.get(point.run_id)]))
        for point in chosen
    }
    return placed(marks, names, width=width)


def _ends(name: str) -> str:
    """The first word and the end, in which names of runs differ: ``Lite1 … regression``, ``Lite1 … seed 2``."""
    first, last = name.partition(" ")[0], name.rpartition(" · ")[2]
    if len(last) > _END:
        last = last.rpartition(" ")[2]
    return brief(f"{first} … {last}" if len(name) > _SHORT else name, 32)


def _positions(points: Sequence[TradeoffPoint]) -> list[float]:
    """Along the axis of cost, from 0 to 1 at the costliest."""
    costs = [point.cost for point in points]
    if spans_decades(costs):
        width = math.log(max(costs) / min(costs))
        return [math.log(cost / min(costs)) / width for cost in costs]
    return [cost / max(costs) if max(costs) else 0.0 for cost in costs]


def _front_line(points: Sequence[TradeoffPoint]) -> Trace:
    front = sorted((point for point in points if point.on_front), key=lambda point: (point.cost, point.accuracy))
    return scatter(
        name="Pareto front: no other run is more accurate and cheaper",
        x=[point.cost for point in front],
        y=[point.accuracy for point in front],
        mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dot", "shape": "hv"},
        hoverinfo="skip",
        showlegend=len(front) > 1,
    )


def _points_trace(
    points: Sequence[TradeoffPoint], looks: Mapping[str, RunStyle], labels: Sequence[tuple[str, str] | None]
) -> Trace:
    """One emphasised run, which the legend names; or all the others."""
    styles = [looks[point.run_id] for point in points]
    named = styles[0].emphasised
    colours, symbols = [one.colour for one in styles], [one.symbol for one in styles]
    return scatter(
        name=legend_name(points[0].name) if named else "other runs",
        showlegend=named,
        x=[point.cost for point in points],
        y=[point.accuracy for point in points],
        mode="markers+text" if any(labels) else "markers",
        text=[f" {escape(label[0])} " if label else "" for label in labels],
        textposition=[label[1] if label else "top right" for label in labels],
        cliponaxis=False,
        marker={
            "color": colours[0] if named else colours,
            "symbol": symbols[0] if named else symbols,
            "size": 11 if named else 8,
            "opacity": styles[0].opacity,
            "line": {"width": 0},
        },
        error_y=error_bars(
            [point.below for point in points],
            [point.above for point in points],
            styles[0].colour if named else shade(GREY, 0.35),
            width=4 if named else 0,
        ),
        customdata=[[point.run_id, escape(point.name), point.label] for point in points],
        hovertemplate=HOVER,
    )
