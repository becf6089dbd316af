"""Accuracy against coverage: how accurate is a run on the photos it is most confident about?"""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import (
    MOST_POINTS,
    Trace,
    axis,
    escape,
    figure,
    hover,
    legend_name,
    numbers,
    require_some,
    scatter,
)
from core.charts.styles import RunStyle
from core.charts.thinning import thinned
from core.comparison.coverage import CoveragePoint
from core.text.tables import Rows
from core.text.units import percent

_MOST_RUNS = 40
_MOST_ON_A_LINE = 400
_GOALS = (0.9, 0.95, 0.99, 1.0)
_ENOUGH = 0.05
"""Coverage from which on an accuracy is meaningful; the axis is chosen for these points."""

Curves = Mapping[str, Sequence[CoveragePoint]]
"""By run id, best run first, each in order of falling confidence."""


def coverage_chart(curves: Curves, names: Mapping[str, str], *, styles: Mapping[str, RunStyle]) -> Chart:
    """Accuracy on the photos a run is most confident about, against their fraction; at the right end these are all.

    At most 40 runs; those that are not emphasised faint.

    Args:
        names: by run id. styles: of ``run_styles`` for all runs of the page.
    """
    drawn = _drawn(curves)
    require_some(list(drawn), "no run has predictions for the test photos")
    return Chart(
        figure=_draw(drawn, names, styles),
        title=_title(curves, names),
        rows=lambda: _rows(drawn, names),
    )


def _drawn(curves: Curves) -> dict[str, list[CoveragePoint]]:
    known = {run_id: points for run_id, points in list(curves.items())[:_MOST_RUNS] if points}
    most = min(_MOST_ON_A_LINE, MOST_POINTS // max(1, len(known)) - 1)
    return {
        run_id: [points[index] for index in thinned([point.accuracy for point in points], most=most)]
        for run_id, points in known.items()
    }


def _title(curves: Curves, names: Mapping[str, str]) -> str:
    """What leaving out unsure predictions gives, for the most accurate run and the next round accuracy."""
    known = {run_id: points for run_id, points in curves.items() if points}
    run_id = max(known, key=lambda run_id: known[run_id][-1].accuracy)
    points, name = known[run_id], names.get(run_id, run_id)
    for goal in _GOALS:
        if goal <= points[-1].accuracy:
            continue
        reached = [point.coverage for point in points if point.accuracy >= goal]
        if reached:
            without = f"the {percent(1 - max(reached))} of photos it is least sure of"
            return f"{name} reaches {100 * goal:.0f} % accuracy without {without}"
    return f"{name}: {percent(points[-1].accuracy)} accuracy; leaving out unsure predictions does not increase it"


def _rows(drawn: Curves, names: Mapping[str, str]) -> Rows:
    return [
        {"run": run_id, "name": names.get(run_id, run_id), "threshold": point.threshold}
        | {"coverage": point.coverage, "accuracy": point.accuracy, "photos": point.photos}
        for run_id, points in drawn.items()
        for point in points
    ]


def _draw(drawn: Curves, names: Mapping[str, str], styles: Mapping[str, RunStyle]) -> go.Figure:
    order = sorted(drawn, key=lambda run_id: styles[run_id].emphasised)
    meaningful = [point.accuracy for points in drawn.values() for point in points if point.coverage >= _ENOUGH]
    low = 100 * min(meaningful, default=0.0)
    named = sum(styles[run_id].emphasised for run_id in drawn)
    return figure(
        [_line(run_id, drawn[run_id], names, styles[run_id]) for run_id in order],
        revision="coverage",
        height=400 + (14 * named if len(drawn) > 1 else 0),
        showlegend=len(drawn) > 1,
        xaxis=axis("coverage: most confident predictions", "%", range=[0, 101]),
        yaxis=axis("accuracy of these", "%", range=[max(0.0, low - 0.04 * (100 - low) - 0.5), 100.6]),
    )


def _line(run_id: str, points: Sequence[CoveragePoint], names: Mapping[str, str], style: RunStyle) -> Trace:
    name = names.get(run_id, run_id)
    end = numbers([0] * (len(points) - 1) + [9 if style.emphasised else 0])
    return scatter(
        name=legend_name(name),
        showlegend=style.emphasised,
        x=numbers(100 * point.coverage for point in points),
        y=numbers(100 * point.accuracy for point in points),
        mode="lines+markers",
        line={"color": style.colour, "width": 2 if style.emphasised else 1, "dash": style.dash},
        marker={"color": style.colour, "symbol": style.symbol, "size": end, "line": {"width": 0}},
        opacity=style.opacity,
        meta=[escape(name)],
        customdata=numbers(100 * point.threshold for point in points),
        hovertemplate=hover(
            "%{y:.1f} % accuracy on the %{x:.1f} % of photos with a confidence of at least %{customdata:.1f} %"
        ),
    )
