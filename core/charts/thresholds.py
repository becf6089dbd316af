"""Accuracy against cost for every threshold of a confidence cascade."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import ACCENT, GREY, HOVER, Trace, axis, figure, require_some, scatter
from core.models.cascades.thresholds import ThresholdPoint
from core.text.tables import Rows
from core.text.units import milliseconds, percent, points


def thresholds_chart(curve: Sequence[ThresholdPoint], chosen: float) -> Chart:
    """Validation accuracy against the expected time per photo (or the fraction passed on), the chosen one marked."""
    require_some(curve, "no threshold was tried")
    marked = min(curve, key=lambda point: abs(point.threshold - chosen))
    return Chart(figure=_draw(curve, marked), title=_title(curve[0], marked), rows=lambda: _rows(curve))


def _title(cheap: ThresholdPoint, chosen: ThresholdPoint) -> str:
    """What the chosen threshold gives, compared with the cheap model alone (threshold 0)."""
    gain = chosen.accuracy - cheap.accuracy
    better = f"{points(gain)} more than" if gain > 0 else "the same as"
    return (
        f"Passing on {percent(chosen.passed_on)} of the photos gives {percent(chosen.accuracy)} validation accuracy, "
        f"{better} the cheap model alone{_time(chosen)}"
    )


def _rows(curve: Sequence[ThresholdPoint]) -> Rows:
    return [
        {"threshold": point.threshold, "validation_accuracy": point.accuracy, "passed_on": point.passed_on}
        | {"ms_per_photo": point.milliseconds}
        for point in curve
    ]


def _draw(curve: Sequence[ThresholdPoint], marked: ThresholdPoint) -> go.Figure:
    timed = all(point.milliseconds is not None for point in curve)
    line = _trace(curve, timed, "lines+markers", {"color": GREY, "size": 5}, line={"color": GREY, "width": 1.5})
    mark = _trace([marked], timed, "markers", {"color": ACCENT, "size": 13, "line": {"width": 0}})
    title, unit = ("expected time per photo", "ms") if timed else ("passed on to the costly model", "%")
    return figure(
        [line, mark],
        revision="thresholds",
        height=320,
        xaxis=axis(title, unit, rangemode="tozero"),
        yaxis=axis("validation accuracy", "%"),
    )


def _trace(curve: Sequence[ThresholdPoint], timed: bool, mode: str, marker: dict, **options: Any) -> Trace:
    return scatter(
        x=[point.milliseconds if timed else 100 * point.passed_on for point in curve],
        y=[100 * point.accuracy for point in curve],
        mode=mode,
        marker=marker,
        customdata=[["", _name(point), _detail(point)] for point in curve],
        hovertemplate=HOVER,
        **options,
    )


def _name(point: ThresholdPoint) -> str:
    if point.passed_on == 0:
        return "never passed on"
    return "always passed on" if point.passed_on == 1 else f"passed on below {percent(point.threshold)}"


def _detail(point: ThresholdPoint) -> str:
    return f"{percent(point.accuracy)} accuracy, {percent(point.passed_on)} passed on{_time(point)}"


def _time(point: ThresholdPoint) -> str:
    return "" if point.milliseconds is None else f", {milliseconds(point.milliseconds)} per photo"
