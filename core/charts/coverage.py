"""The accuracy-coverage curve: how right is a run on the photos it is surest of?"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

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
from core.charts.styles import RunStyle, styles_of
from core.charts.thinning import thinned
from core.comparison.coverage import CoveragePoint
from core.text.units import percent

_MOST_RUNS = 40
_MOST_ON_A_LINE = 400
_GOALS = (0.9, 0.95, 0.99, 1.0)
_ENOUGH = 0.05
"""Share of the photos from which on an accuracy says something; the axis is laid out for these."""

Curves = Mapping[str, Sequence[CoveragePoint]]
"""By run id, best run first, the surest answers first."""


def coverage_curves_title(curves: Curves, names: Mapping[str, str]) -> str:
    """What leaving the unsure ones out gives: "Lite1 is right on 95 % of the photos if it may leave 18 % out"."""
    known = {run_id: points for run_id, points in curves.items() if points}
    if not known:
        return "How right is a run on the photos it is surest of?"
    run_id = max(known, key=lambda run_id: known[run_id][-1].accuracy)
    points, name = known[run_id], names.get(run_id, run_id)
    for goal in _GOALS:
        if goal <= points[-1].accuracy:
            continue
        reached = [point for point in points if point.accuracy >= goal]
        if reached:
            left = percent(1 - max(point.coverage for point in reached))
            return f"{name} is right on {100 * goal:.0f} % of the photos it answers if it may leave {left} of all out"
    return f"{name} is right on {percent(points[-1].accuracy)}; leaving unsure answers out does not help it"


def coverage_curves_rows(curves: Curves, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row per point that is drawn, shares from 0 to 1."""
    return [
        {"run": run_id, "name": names.get(run_id, run_id), "threshold": point.threshold}
        | {"coverage": point.coverage, "accuracy": point.accuracy, "photos": point.photos}
        for run_id, points in _drawn(curves).items()
        for point in points
    ]


def _drawn(curves: Curves) -> dict[str, list[CoveragePoint]]:
    known = {run_id: points for run_id, points in list(curves.items())[:_MOST_RUNS] if points}
    most = min(_MOST_ON_A_LINE, MOST_POINTS // max(1, len(known)) - 1)
    return {
        run_id: [points[place] for place in thinned([point.accuracy for point in points], most=most)]
        for run_id, points in known.items()
    }


def coverage_curves(
    curves: Curves, names: Mapping[str, str], *, styles: Mapping[str, RunStyle] | None = None
) -> go.Figure:
    """Accuracy on the share of photos a run is surest of, over that share; at the right end it answers all.

    At most 40 runs; beyond 12 grey.

    Args:
        names: by run id. styles: of ``run_styles`` for all runs of the page.
    """
    drawn = _drawn(curves)
    require_some(list(drawn), "no run has answers for the test photos")
    looks = styles_of(list(curves), styles)
    order = sorted(drawn, key=lambda run_id: looks[run_id].coloured)
    telling = [point.accuracy for points in drawn.values() for point in points if point.coverage >= _ENOUGH]
    low = 100 * min(telling, default=0.0)
    named = sum(looks[run_id].coloured for run_id in drawn)
    return figure(
        [_line(run_id, drawn[run_id], names, looks[run_id]) for run_id in order],
        revision="coverage",
        height=400 + (14 * named if len(drawn) > 1 else 0),
        showlegend=len(drawn) > 1,
        xaxis=axis("photos it answers, the surest ones", "%", range=[0, 101]),
        yaxis=axis("right answers among them", "%", range=[max(0.0, low - 0.04 * (100 - low) - 0.5), 100.6]),
    )


def _line(run_id: str, points: Sequence[CoveragePoint], names: Mapping[str, str], style: RunStyle) -> Trace:
    name = names.get(run_id, run_id)
    end = numbers([0] * (len(points) - 1) + [9 if style.coloured else 0])
    return scatter(
        name=legend_name(name),
        showlegend=style.coloured,
        x=numbers(100 * point.coverage for point in points),
        y=numbers(100 * point.accuracy for point in points),
        mode="lines+markers",
        line={"color": style.colour, "width": 2 if style.coloured else 1},
        marker={"color": style.colour, "symbol": style.symbol, "size": end, "line": {"width": 0}},
        opacity=1.0 if style.coloured else 0.5,
        meta=[escape(name)],
        customdata=numbers(100 * point.threshold for point in points),
        hovertemplate=hover(
            "right on %{y:.1f} % of the %{x:.1f} % of photos it is at least %{customdata:.1f} % sure of"
        ),
    )
