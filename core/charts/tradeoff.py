"""Charts of what accuracy costs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import plotly.graph_objects as go

from core.charts.look import (
    ACCENT,
    GREY,
    HOVER,
    axis,
    categories,
    distinct_labels,
    escape,
    figure,
    legend_name,
    log_axis,
    require_some,
    shade,
    short,
    spans_decades,
)
from core.charts.styles import COLOURED, RunStyle, run_styles
from core.comparison.kinds import CostKind, cost_kind
from core.comparison.leaderboard import Row, pareto_front
from core.runs import Cost, Run
from core.wording import duration, share

_DIRECTLY_LABELLED = 6
_GREY = RunStyle(colour=GREY, dash="solid", symbol="circle")
REUSED = "reused, not paid"


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
    found = []
    for row in rows:
        value = getattr(row, kind.key)
        if row.accuracy is None or value is None:
            continue
        low, high = row.interval or (row.accuracy, row.accuracy)
        found.append(
            Point(
                run_id=row.run_id,
                name=row.name,
                cost=value * kind.scale,
                accuracy=100 * row.accuracy,
                below=100 * (row.accuracy - low),
                above=100 * (high - row.accuracy),
                on_front=row.run_id in front,
                words=f"{share(row.accuracy, row.interval)}, {kind.title} {kind.words(value, currency)}",
            )
        )
    return tuple(found)


def accuracy_vs_cost(rows: Sequence[Row], cost: str = "alone_wall_seconds", currency: str = "EUR") -> go.Figure:
    """Accuracy with its 95 % interval against a cost; a line joins the runs that nothing cheaper beats (Pareto front).

    Up to six runs are named at their points, more (or crowded ones) in a legend; runs beyond the twelfth are grey.
    A logarithmic axis where costs span decades. ``customdata[0]`` is the run id, for selections.
    """
    kind = cost_kind(cost)
    points = tradeoff_points(rows, cost, currency)
    require_some(points, f"no run has both an accuracy and a measured {kind.title}")
    styles = run_styles([point.run_id for point in points])
    direct = len(points) <= _DIRECTLY_LABELLED and not _crowded(points)
    coloured = [
        _points_trace([point], styles[point.run_id], label=_label_side(point, points) if direct else None)
        for point in points[:COLOURED]
    ]
    others = [_points_trace(points[COLOURED:], _GREY, label=None)] if points[COLOURED:] else []
    return figure(
        [_front_line(points), *others, *coloured],
        revision=f"accuracy against {kind.key}",
        height=420 if direct else 400 + 12 * len(coloured),  # a long legend must leave the points their room
        showlegend=not direct,
        xaxis=_cost_axis(kind, [point.cost for point in points], currency),
        yaxis=axis("test accuracy", "%"),
    )


def _cost_axis(kind: CostKind, costs: Sequence[float], currency: str) -> dict:
    unit = currency if kind.key.endswith("money") else kind.unit
    return log_axis(kind.title, unit, costs) if spans_decades(costs) else axis(kind.title, unit, rangemode="tozero")


def _crowded(points: Sequence[Point]) -> bool:
    """Whether the names of two runs beside their points would run into each other."""
    costs = [point.cost for point in points]
    log = spans_decades(costs)
    places = [math.log10(cost / min(costs)) if log else cost for cost in costs]
    width = max(places) if places else 0.0
    pairs = combinations(zip(places, points, strict=True), 2)
    return any(abs(x - z) < 0.35 * width and abs(a.accuracy - b.accuracy) < 1.5 for (x, a), (z, b) in pairs)


def _label_side(point: Point, points: Sequence[Point]) -> str:
    """Names beside their points, clear of the error bars, and towards the middle of the chart."""
    costs = sorted(other.cost for other in points)
    log = spans_decades(costs)
    middle = (costs[0] * costs[-1]) ** 0.5 if log else costs[-1] / 2
    return "top right" if point.cost <= middle else "top left"


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


def _points_trace(points: Sequence[Point], style: RunStyle, *, label: str | None) -> go.Scatter:
    return go.Scatter(
        name=legend_name(points[0].name) if len(points) == 1 else "other runs",
        x=[point.cost for point in points],
        y=[point.accuracy for point in points],
        mode="markers+text" if label else "markers",
        text=[f" {short(point.name)} " for point in points] if label else None,
        textposition=label,
        cliponaxis=False,
        marker={"color": style.colour, "symbol": style.symbol, "size": 11, "line": {"width": 0}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [point.above for point in points],
            "arrayminus": [point.below for point in points],
            "color": style.colour,
            "thickness": 1.2,
            "width": 4,
        },
        customdata=[[point.run_id, escape(point.name), point.words] for point in points],
        hovertemplate=HOVER,
    )


@dataclass(frozen=True, kw_only=True)
class StageBar:
    """Seconds on the clock of one stage of one run."""

    run_id: str
    name: str
    stage: str
    seconds: float


def stage_bars(names: Mapping[str, str], costs: Mapping[str, Cost]) -> tuple[StageBar, ...]:
    """The stages of every run with a measured cost, and what it did not pay because it was there already.

    Args:
        names: ``{run id: name}``, in the order to be shown; costs: by run id.
    """
    bars = []
    for run_id, name in names.items():
        if (cost := costs.get(run_id)) is None:
            continue
        stages = dict(cost.stages) or {"everything": cost.wall_seconds}
        if (saved := cost.alone_wall_seconds - cost.wall_seconds) > 0:
            stages[REUSED] = saved
        bars += [StageBar(run_id=run_id, name=name, stage=stage, seconds=spent) for stage, spent in stages.items()]
    return tuple(bars)


def cost_stages_title(runs: Sequence[Run], costs: Mapping[str, Cost]) -> str:
    """Which stage takes most: "Computing features takes 62 % of the time", or what reuse saved if that is more."""
    totals: dict[str, float] = {}
    for bar in stage_bars({run.id: run.name for run in runs}, costs):
        totals[bar.stage] = totals.get(bar.stage, 0.0) + bar.seconds
    everything = sum(totals.values())
    if not everything:
        return "Where does the time go?"
    stage = max(totals, key=totals.__getitem__)
    part = f"{100 * totals[stage] / everything:.0f} %"
    return f"Reuse saved {part} of the time" if stage == REUSED else f"{stage} takes {part} of the time"


def cost_stages(runs: Sequence[Run], costs: Mapping[str, Cost], names: Mapping[str, str] | None = None) -> go.Figure:
    """Seconds per stage of every run, stacked; hatched what was reused instead of computed. At most 40 runs.

    Args:
        names: of ``comparison.labels``; by default the runs' own names.
    """
    named = {run.id: (names or {}).get(run.id, run.name) for run in runs if run.id in costs}
    named = dict(list(named.items())[:40])
    bars = stage_bars(named, costs)
    require_some(bars, "no run has a measured cost")
    labels = dict(zip(named, distinct_labels(list(named.values())), strict=True))
    stages = list(dict.fromkeys(bar.stage for bar in bars if bar.stage != REUSED))
    traces = [
        _stage_trace([bar for bar in bars if bar.stage == stage], labels, 1.0 - 0.75 * place / max(1, len(stages) - 1))
        for place, stage in enumerate(stages)
    ]
    reused = [bar for bar in bars if bar.stage == REUSED]
    return figure(
        traces + ([_stage_trace(reused, labels, 0.0)] if reused else []),
        revision="cost stages",
        height=120 + 34 * len(named),
        barmode="stack",
        showlegend=True,
        xaxis=axis("time on the clock", "s"),
        yaxis=categories(list(labels.values()), autorange="reversed"),
    )


def _stage_trace(bars: Sequence[StageBar], labels: Mapping[str, str], strength: float) -> go.Bar:
    """Stages in shades of the accent; hatched grey for strength 0."""
    look: dict = {"color": shade(ACCENT, strength), "line": {"width": 0}}
    if not strength:
        pattern = {"shape": "/", "fgcolor": GREY, "bgcolor": "rgba(0, 0, 0, 0)", "size": 6, "solidity": 0.2}
        look = {"color": "rgba(0, 0, 0, 0)", "pattern": pattern, "line": {"width": 1, "color": GREY}}
    return go.Bar(
        name=escape(bars[0].stage),
        orientation="h",
        y=[labels[bar.run_id] for bar in bars],
        x=[bar.seconds for bar in bars],
        marker=look,
        customdata=[[bar.run_id, escape(bar.name), f"{escape(bar.stage)}: {duration(bar.seconds)}"] for bar in bars],
        hovertemplate=HOVER,
    )
