"""Learning curves: one metric of several runs, over epochs or over the time they took."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import (
    MOST_POINTS,
    Trace,
    axis,
    dotted_entry,
    epoch_axis,
    escape,
    figure,
    hover,
    legend_name,
    log_axis,
    numbers,
    require_some,
    scatter,
    spans_decades,
    time_unit,
)
from core.charts.styles import RunStyle
from core.charts.thinning import thinned
from core.comparison.curves import TRAINING_OF, Curve, MetricKind, metric_kind
from core.errors import InvalidInput
from core.text.tables import Rows
from core.text.units import count, duration, percent

MOST_RUNS = 40
_MOST_ON_A_LINE = 500
"""More points than this on one line cannot be seen."""

Over = Literal["epoch", "wall", "paid"]
OVER: dict[str, str] = {"epoch": "epoch", "wall": "time in training", "paid": "time spent so far"}
"""What the curves can be drawn over. ``paid`` includes loading and computing features, before the first epoch."""


@dataclass(frozen=True, kw_only=True)
class CurveLine:
    """What is drawn of a curve (None is a gap).

    Args:
        training: whether it belongs to the training photos. of: number of points before thinning.
        x: epochs, or seconds. best: (index, value) of the epoch whose model was kept.
    """

    run_id: str
    name: str
    training: bool
    of: int
    epochs: tuple[int, ...]
    x: tuple[float, ...]
    values: tuple[float | None, ...]
    best: tuple[int, float] | None


def line_of(curve: Curve, over: Over = "epoch", *, training: bool = False, most: int = _MOST_ON_A_LINE) -> CurveLine:
    """Fractions become percent, NaN becomes a gap; long lines are thinned and keep their extremes."""
    factor = 100 if metric_kind(curve.metric).percent else 1
    given = curve.training if training else curve.values
    values = [factor * value if math.isfinite(value) else None for value in given]
    x = x_of(curve, over)
    best = curve.epochs.index(curve.best_epoch) if curve.best_epoch in curve.epochs else None
    kept = thinned(values, best, most)
    peak = None if best is None or training else values[best]
    return CurveLine(
        run_id=curve.run_id,
        name=curve.name,
        training=training,
        of=len(values),
        epochs=tuple(curve.epochs[index] for index in kept),
        x=tuple(x[index] for index in kept),
        values=tuple(values[index] for index in kept),
        best=None if best is None or peak is None else (kept.index(best), peak),
    )


def x_of(curve: Curve, over: Over) -> Sequence[float]:
    """Where each epoch lies on the axis: its number, or the seconds at its end."""
    if over == "epoch":
        return curve.epochs
    start = (curve.before or 0.0) if over == "paid" else 0.0
    return [start + seconds for seconds in curve.seconds]


def drawable(curves: Sequence[Curve], over: Over, styles: Mapping[str, RunStyle]) -> list[Curve]:
    """Those whose position on the axis is known, the emphasised ones first, at most ``MOST_RUNS``."""
    if over not in OVER:
        raise InvalidInput(f"Curves can be drawn over: {', '.join(OVER)}. Received: {over!r}")
    known = [curve for curve in curves if _is_known(curve, over)]
    return sorted(known, key=lambda curve: not styles[curve.run_id].emphasised)[:MOST_RUNS]


def _is_known(curve: Curve, over: Over) -> bool:
    return over == "epoch" or (bool(curve.seconds) and (over == "wall" or curve.before is not None))


def lines_of(curves: Sequence[Curve], over: Over, styles: Mapping[str, RunStyle]) -> tuple[CurveLine, ...]:
    """Every line that is drawn: validation, and training of the emphasised runs; thinned to ``MOST_POINTS`` in all."""
    drawn = drawable(curves, over, styles)
    both = [curve for curve in drawn if curve.training and styles[curve.run_id].emphasised]
    most = min(_MOST_ON_A_LINE, (MOST_POINTS - 2 * MOST_RUNS) // max(1, len(drawn) + len(both)) - 1)
    lines = [line_of(curve, over, training=True, most=most) for curve in both]
    return tuple(lines + [line_of(curve, over, most=most) for curve in reversed(drawn)])


def curves_chart(curves: Sequence[Curve], over: Over = "epoch", *, styles: Mapping[str, RunStyle]) -> Chart:
    """Validation as a solid line per run with its best epoch marked, training dotted; not emphasised ones faint.

    Args:
        over: a key of ``OVER``; a logarithmic axis where the runs took times that span decades.
        styles: of ``run_styles`` for all runs of the page.
    """
    require_some(curves, "no run has finished an epoch")
    lines = lines_of(curves, over, styles)
    require_some(lines, "the cost of a run is known when it has ended")
    return Chart(
        figure=_draw(lines, metric_kind(curves[0].metric), over, styles),
        title=_title(curves, over),
        caption=_caption(curves, lines, over),
        rows=lambda: _rows(lines, curves[0].metric, over),
    )


def _title(curves: Sequence[Curve], over: Over) -> str:
    """The run that reached the best value: "Lite1 reaches the highest validation accuracy: 94.1 % in epoch 12"."""
    ends = [
        (value, index, curve) for curve in curves for index, value in enumerate(curve.values) if math.isfinite(value)
    ]
    if not ends:
        return "How did the runs learn?"
    kind = metric_kind(curves[0].metric)
    choose, word = (max, "highest") if kind.percent else (min, "lowest")
    value, index, curve = choose(ends, key=lambda end: end[0])
    timed = over != "epoch" and _is_known(curve, over)
    after = f", after {duration(x_of(curve, over)[index])}" if timed else ""
    return f"{curve.name} reaches the {word} {kind.title}: {_label(kind, value)} in epoch {curve.epochs[index]}{after}"


def _caption(curves: Sequence[Curve], lines: Sequence[CurveLine], over: Over) -> str:
    """What the lines mean, and what is not drawn and why."""
    drawn, of = sum(len(line.x) for line in lines), sum(line.of for line in lines)
    sentences = ["Marker: the epoch whose model was kept."]
    if any(line.training for line in lines):
        sentences.append("Dotted: training photos.")
    if drawn < of:
        sentences.append(f"{drawn:,} of {of:,} points are drawn, every peak among them.")
    unknown = sum(not _is_known(curve, over) for curve in curves)
    if unknown:
        sentences.append(f"Not drawn: {count(unknown, 'run')} whose cost is not known yet, because it has not ended.")
    shown = len({line.run_id for line in lines})
    if shown + unknown < len(curves):
        sentences.append(f"{shown} of {count(len(curves), 'run')} are drawn.")
    return " ".join(sentences)


def _rows(lines: Sequence[CurveLine], metric: str, over: Over) -> Rows:
    """One row per point that is drawn."""
    seconds = {} if over == "epoch" else {"seconds": over}
    return [
        {"run": line.run_id, "name": line.name, "metric": TRAINING_OF[metric] if line.training else metric}
        | {"epoch": line.epochs[index]}
        | dict.fromkeys(seconds, line.x[index])
        | {"value": line.values[index], "best": line.best is not None and line.best[0] == index}
        for line in lines
        for index in range(len(line.x))
    ]


def _draw(lines: Sequence[CurveLine], kind: MetricKind, over: Over, styles: Mapping[str, RunStyle]) -> go.Figure:
    scale = per_unit, unit = (1.0, "") if over == "epoch" else time_unit(max(line.x[-1] for line in lines))
    traces = [_trace(line, styles[line.run_id], kind, scale) for line in lines]
    traces += [_best_mark(line, styles[line.run_id], kind, per_unit) for line in lines if line.best]
    _name_best_first(traces)
    if any(line.training for line in lines):
        traces.append(dotted_entry("training photos"))
    ends = [line.x[-1] / per_unit for line in lines]
    every = [x / per_unit for line in lines for x in line.x]
    log = over != "epoch" and spans_decades(ends)
    named = sum(trace.get("showlegend") is True for trace in traces)
    return figure(
        traces,
        revision=f"curves {kind.key} {over}",
        height=380 + 14 * named,  # a legend of many names must not leave the lines without room
        showlegend=True,
        xaxis=_x_axis(over, unit, every, log=log),
        yaxis=axis(kind.title.removeprefix("validation ") if named and len(lines) > named else kind.title, kind.unit),
    )


def _x_axis(over: Over, unit: str, every: Sequence[float], *, log: bool) -> dict[str, Any]:
    if over == "epoch":
        return epoch_axis(round(min(every)), round(max(every)), showgrid=False)
    return log_axis(OVER[over], unit, every) if log else axis(OVER[over], unit, showgrid=False)


def _name_best_first(traces: Sequence[Trace]) -> None:
    """The best run is drawn last, on top of the others, but comes first in the legend, as in all other charts."""
    for rank, trace in enumerate(reversed([trace for trace in traces if trace["showlegend"]]), start=1):
        trace["legendrank"] = rank


def _trace(line: CurveLine, style: RunStyle, kind: MetricKind, scale: tuple[float, str]) -> Trace:
    """``scale``: seconds per unit of the axis, and its name; (1, "") over epochs."""
    per_unit, unit = scale
    look: dict[str, Any] = {"color": style.colour, "width": 2 if style.emphasised else 1, "dash": "solid"}
    if line.training:
        look |= {"width": 1.2, "dash": "dot"}
    return scatter(
        name=legend_name(line.name),
        legendgroup=line.run_id,
        showlegend=style.emphasised and not line.training and not line.best,
        x=numbers(line.x) / per_unit,
        y=numbers(line.values),
        mode="lines" if len(line.x) > 1 else "markers",
        line=look,
        marker={"size": 5},
        opacity=1.0 if style.emphasised and not line.training else 0.6,
        meta=[escape(line.name)],
        customdata=numbers(line.epochs),
        hovertemplate=hover(_template(kind, line.training, unit)),
    )


def _template(kind: MetricKind, training: bool, unit: str) -> str:
    title = kind.title.replace("validation", "training") if training else kind.title
    value = "%{y:.1f} %" if kind.percent else "%{y:.3g} s" if kind.unit == "s" else "%{y:.3g}"
    return f"{title} {value}, epoch %{{customdata}}" + (f", after %{{x:.3~g}} {unit}" if unit else "")


def _best_mark(line: CurveLine, style: RunStyle, kind: MetricKind, per_unit: float) -> Trace:
    assert line.best is not None
    index, value = line.best
    label = f"{kind.title} {_label(kind, value / 100 if kind.percent else value)}, epoch {line.epochs[index]}"
    return scatter(
        x=[line.x[index] / per_unit],
        y=[value],
        name=legend_name(line.name),
        mode="lines+markers",  # the line shows in the legend, which names the run by this trace
        legendgroup=line.run_id,
        showlegend=style.emphasised,
        line={"color": style.colour, "width": 2},
        marker={"color": style.colour, "symbol": style.symbol, "size": 10 if style.emphasised else 6},
        meta=[escape(line.name)],
        hovertemplate=hover(f"{label}: best epoch, kept as the model"),
    )


def _label(kind: MetricKind, value: float) -> str:
    if kind.percent:
        return percent(value)
    return duration(value) if kind.unit == "s" else f"{value:.3g}"
