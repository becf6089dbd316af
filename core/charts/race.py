"""Validation accuracy of the runs of a launch over time, also while they train."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import MOST_POINTS, Trace, axis, escape, figure, hover, numbers, scatter, time_unit
from core.charts.styles import RunStyle, run_styles
from core.charts.thinning import thinned
from core.comparison.race import Racer
from core.text.units import duration, percent

CAPTION = (
    "Time counts from each run's own start, without its time in the queue; features that an earlier run computed cost "
    "it nothing. Marker: the epoch that would be kept, or a run without epochs."
)
"""The same from the launch to the end, so that nothing below it moves."""
HEIGHT = 300
"""Pixels; the same before the first accuracy is known, so that nothing below it moves."""
_NOTHING_YET = {
    "text": "The first point appears with the first epoch.",
    "x": 0.5,
    "y": 0.5,
    "xref": "paper",
    "yref": "paper",
    "showarrow": False,
}
_MOST_ON_A_LINE = 200
_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
"""Ends of the time axis, times a power of ten: it grows in steps and not with every epoch."""
_SHORTEST = 20.0


def race_chart(racers: Sequence[Racer], styles: Mapping[str, RunStyle] | None = None, *, revision: str = "") -> Chart:
    """A line per run with a marker at the epoch that would be kept; runs without epochs are a marker.

    Args:
        revision: names the launch; zoom is kept as long as it stays the same.
    """
    looks = styles or run_styles(racer.run for racer in racers)
    drawn = [racer for racer in racers if racer.seconds]
    return Chart(
        figure=_draw(drawn, looks, revision),
        title=_title(drawn, is_over=all(racer.run.status.ended for racer in racers)),
        caption=CAPTION,
        rows=lambda: [
            {"run": racer.run.id, "name": racer.name, "seconds": seconds, "val_accuracy": accuracy}
            for racer in drawn
            for seconds, accuracy in zip(racer.seconds, racer.accuracies, strict=True)
        ],
    )


def _title(drawn: Sequence[Racer], *, is_over: bool) -> str:
    known = [racer for racer in drawn if racer.accuracy is not None]
    if not known:
        return "Which run reaches which validation accuracy, and how soon?"
    best = max(known, key=lambda racer: racer.accuracy or 0.0)
    at = duration(best.seconds[best.kept or 0])
    so_far = "" if is_over else " so far"
    return f"Highest validation accuracy{so_far}: {percent(best.accuracy)}, {best.name} after {at}"


def _draw(drawn: Sequence[Racer], styles: Mapping[str, RunStyle], revision: str) -> go.Figure:
    longest = max((racer.seconds[-1] for racer in drawn), default=0.0)
    end = _rounded_up(longest)
    per_unit, unit = time_unit(end)
    lowest = min((min(racer.accuracies) for racer in drawn), default=0.0)
    behind_first = sorted(drawn, key=lambda racer: (styles[racer.run.id].emphasised, -(racer.rank or len(drawn))))
    most = min(_MOST_ON_A_LINE, MOST_POINTS // max(1, len(drawn)) - 2)
    traces = [
        _line(racer, styles[racer.run.id], per_unit, unit, most) for racer in behind_first if len(racer.seconds) > 1
    ]
    traces += [_mark(racer, styles[racer.run.id], per_unit) for racer in behind_first]
    note = {} if drawn else {"annotations": [_NOTHING_YET]}
    return figure(
        traces,
        **note,
        revision=f"race {revision}",
        height=HEIGHT,
        xaxis=axis("time since the run's start", unit, showgrid=False, range=[0, end / per_unit]),
        yaxis=axis("validation accuracy", "%", range=[_floor(lowest), 102]),
    )


def _rounded_up(seconds: float) -> float:
    """The end of the time axis for this many seconds."""
    scale = 1.0
    while _STEPS[-1] * scale < seconds:
        scale *= 10
    return max(_SHORTEST, next(step * scale for step in _STEPS if step * scale >= seconds))


def _floor(lowest: float) -> float:
    """The begin of the accuracy axis in percent: a multiple of 20 below the lowest accuracy."""
    return max(0.0, 20 * ((100 * lowest - 2) // 20))


def _line(racer: Racer, style: RunStyle, per_unit: float, unit: str, most: int) -> Trace:
    kept = thinned(racer.accuracies, racer.kept, most)
    return scatter(
        name=escape(racer.name),
        x=numbers(racer.seconds[index] for index in kept) / per_unit,
        y=100 * numbers(racer.accuracies[index] for index in kept),
        mode="lines",
        line={"color": style.colour, "width": 2 if style.emphasised else 1, "dash": "solid"},
        opacity=1.0 if style.emphasised else 0.6,
        meta=[escape(racer.name)],
        hovertemplate=hover(f"validation accuracy %{{y:.1f}} %, after %{{x:.3~g}} {unit}"),
    )


def _mark(racer: Racer, style: RunStyle, per_unit: float) -> Trace:
    place = racer.kept or 0
    at = duration(racer.seconds[place])
    return scatter(
        x=[racer.seconds[place] / per_unit],
        y=[100 * racer.accuracies[place]],
        name=escape(racer.name),
        mode="markers",
        cliponaxis=False,  # a run may end where the axis ends
        marker={"color": style.colour, "symbol": style.symbol, "size": 10 if style.emphasised else 6},
        meta=[escape(racer.name)],
        hovertemplate=hover(f"validation accuracy {percent(racer.accuracies[place])}, after {at}"),
    )
