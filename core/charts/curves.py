"""Charts of learning: metrics per epoch of several runs or of one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.look import ACCENT, GREY, HOVER, axis, escape, figure, legend_name, require_some
from core.charts.styles import COLOURED, RunStyle, run_styles
from core.comparison.curves import METRICS, Curve, MetricKind, metric_kind
from core.runs import Epoch
from core.wording import duration, share

MOST_POINTS = 200
"""Points of one line; more are not seen, and a browser takes seconds to redraw them."""
_MOST_RUNS = 40


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is drawn of a curve: at most ``MOST_POINTS`` points (None is a gap), and its best epoch."""

    run_id: str
    name: str
    epochs: tuple[int, ...]
    values: tuple[float | None, ...]
    best: tuple[int, float] | None


def thinned(values: Sequence[float | None], keep: int | None = None, most: int = MOST_POINTS) -> tuple[int, ...]:
    """Indices that keep a curve's shape: of every stretch the lowest and highest point, both ends, and ``keep``."""
    if len(values) <= most:
        return tuple(range(len(values)))
    width = math.ceil(len(values) / (most // 2 - 2))
    kept = {0, len(values) - 1} | ({keep} if keep is not None else set())
    for start in range(0, len(values), width):
        stretch = [index for index in range(start, min(start + width, len(values))) if values[index] is not None]
        if stretch:
            kept |= {min(stretch, key=lambda i: values[i] or 0.0), max(stretch, key=lambda i: values[i] or 0.0)}
    return tuple(sorted(kept))


def line_of(curve: Curve) -> Line:
    """Shares become percent; what is not a number becomes a gap."""
    factor = 100 if metric_kind(curve.metric).share else 1
    values = [factor * value if math.isfinite(value) else None for value in curve.values]
    place = curve.epochs.index(curve.best_epoch) if curve.best_epoch in curve.epochs else None
    kept = thinned(values, place)
    peak = None if place is None else values[place]
    return Line(
        run_id=curve.run_id,
        name=curve.name,
        epochs=tuple(curve.epochs[index] for index in kept),
        values=tuple(values[index] for index in kept),
        best=None if place is None or peak is None else (curve.epochs[place], peak),
    )


def learning_curves_title(curves: Sequence[Curve]) -> str:
    """Who got furthest: "Lite1 reaches the highest validation accuracy: 94.1 % in epoch 12"."""
    points = [
        (value, epoch, curve) for curve in curves for epoch, value in zip(curve.epochs, curve.values, strict=True)
    ]
    points = [point for point in points if math.isfinite(point[0])]
    if not points:
        return "How did the runs learn?"
    kind = metric_kind(curves[0].metric)
    choose = max if kind.share else min
    value, epoch, curve = choose(points, key=lambda point: point[0])
    word = "highest" if kind.share else "lowest"
    return f"{curve.name} reaches the {word} {kind.title}: {_words(kind, value)} in epoch {epoch}"


def learning_curves(curves: Sequence[Curve]) -> go.Figure:
    """One line per run with its best epoch marked; beyond 12 runs grey, beyond 40 left out."""
    require_some(curves, "no run has finished an epoch")
    kind = metric_kind(curves[0].metric)
    lines = [line_of(curve) for curve in curves[:_MOST_RUNS]]
    styles = run_styles([line.run_id for line in lines])
    named, others = lines[:COLOURED], lines[COLOURED:]
    traces = [_line_trace(line, styles[line.run_id], kind, named=False) for line in others]
    traces += [_line_trace(line, styles[line.run_id], kind, named=True) for line in named]
    traces += [_best_mark(line, styles[line.run_id], kind) for line in named if line.best]
    return figure(
        traces,
        revision=f"curves {kind.key}",
        height=340 + 10 * len(named),  # a legend of many names must not leave the lines without room
        showlegend=True,
        xaxis=axis("epoch", showgrid=False),
        yaxis=axis(kind.title, kind.unit),
    )


def _line_trace(line: Line, style: RunStyle, kind: MetricKind, *, named: bool) -> go.Scatter:
    return go.Scatter(
        name=legend_name(line.name),
        legendgroup=line.run_id,
        showlegend=named,
        x=line.epochs,
        y=line.values,
        mode="lines" if len(line.epochs) > 1 else "markers",
        line={"color": style.colour, "dash": style.dash, "width": 2 if named else 1},
        opacity=1.0 if named else 0.5,
        customdata=[
            [line.run_id, escape(line.name), _detail(kind, epoch, value)]
            for epoch, value in zip(line.epochs, line.values, strict=True)
        ],
        hovertemplate=HOVER,
    )


def _best_mark(line: Line, style: RunStyle, kind: MetricKind) -> go.Scatter:
    assert line.best is not None
    epoch, value = line.best
    return go.Scatter(
        x=[epoch],
        y=[value],
        mode="markers",
        legendgroup=line.run_id,
        showlegend=False,
        marker={"color": style.colour, "symbol": style.symbol, "size": 9},
        customdata=[
            [line.run_id, escape(line.name), f"{_detail(kind, epoch, value)}: its best epoch, kept as the model"]
        ],
        hovertemplate=HOVER,
    )


def _detail(kind: MetricKind, epoch: int, value: float | None) -> str:
    if value is None:
        return f"epoch {epoch}: not a number"
    return f"{kind.title} {_words(kind, value / 100 if kind.share else value)}, epoch {epoch}"


def _words(kind: MetricKind, value: float) -> str:
    if kind.share:
        return share(value)
    return duration(value) if kind.unit == "s" else f"{value:.3g}"


_LIVE = {"accuracy": ("accuracy", "val_accuracy"), "loss": ("loss", "val_loss")}


def live_curve(epochs: Sequence[Epoch], metric: str = "accuracy", best: int | None = None) -> go.Figure:
    """Training and validation ``accuracy`` or ``loss`` of one run.

    Args:
        best: the epoch to mark; without it that of the lowest validation loss so far.
    """
    require_some(epochs, "the run has not finished an epoch")
    lowest = min(epochs, key=lambda epoch: epoch.val_loss if math.isfinite(epoch.val_loss) else math.inf).number
    traces: list[go.Scatter] = []
    for key, colour, dash in zip(_LIVE[metric], (GREY, ACCENT), ("dot", "solid"), strict=True):
        kind = METRICS[key]
        curve = Curve(
            run_id=key,
            name=kind.title,
            metric=key,
            epochs=tuple(epoch.number for epoch in epochs),
            values=tuple(getattr(epoch, key) for epoch in epochs),
            best_epoch=best or lowest,
        )
        style = RunStyle(colour=colour, dash=dash, symbol="circle")
        line = line_of(curve)
        traces.append(_line_trace(line, style, kind, named=True))
        if key.startswith("val_") and line.best:
            traces.append(_best_mark(line, style, kind))
    return figure(
        traces,
        revision=f"live {metric}",
        height=260,
        showlegend=True,
        xaxis=axis("epoch", showgrid=False),
        yaxis=axis(metric, METRICS[metric].unit),
    )


def epoch_times(epochs: Sequence[Epoch]) -> go.Figure:
    """Seconds of every epoch of one run: the first one pays for start-up, a later peak for something else."""
    require_some(epochs, "the run has not finished an epoch")
    kept = thinned([epoch.seconds for epoch in epochs])
    shown = [epochs[index] for index in kept]
    trace = go.Bar(
        x=[epoch.number for epoch in shown],
        y=[epoch.seconds for epoch in shown],
        marker={"color": ACCENT, "line": {"width": 0}},
        customdata=[["", f"epoch {epoch.number}", duration(epoch.seconds)] for epoch in shown],
        hovertemplate=HOVER,
    )
    return figure(
        [trace],
        revision="epoch times",
        height=240,
        xaxis=axis("epoch", showgrid=False),
        yaxis=axis("time per epoch", "s", rangemode="tozero"),
    )
