"""The chart of a confidence cascade: accuracy against cost for every threshold."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.look import ACCENT, GREY, HOVER, Trace, axis, figure, require_some, scatter
from core.comparison.thresholds import ThresholdPoint
from core.text.units import milliseconds, percent, points


def thresholds_title(curve: Sequence[ThresholdPoint], chosen: float) -> str:
    """What the chosen threshold gives, against asking the cheap run alone and the costly one always."""
    require_some(curve, "no threshold was tried")
    point = _chosen(curve, chosen)
    cost = "" if point.milliseconds is None else f", {milliseconds(point.milliseconds)} a photo"
    gain = point.accuracy - curve[0].accuracy
    better = f", {points(gain)} more than the cheap run alone" if gain > 0 else ", as the cheap run alone"
    return (
        f"Passing on {percent(point.passed_on)} of the photos is right on {percent(point.accuracy)} of the validation "
        f"photos{better}{cost}"
    )


def accuracy_by_threshold_rows(curve: Sequence[ThresholdPoint]) -> list[dict[str, Any]]:
    """One row per threshold, the shares from 0 to 1."""
    return [
        {"threshold": point.threshold, "validation_accuracy": point.accuracy, "passed_on": point.passed_on}
        | {"ms_per_photo": point.milliseconds}
        for point in curve
    ]


def accuracy_by_threshold(curve: Sequence[ThresholdPoint], chosen: float) -> go.Figure:
    """Validation accuracy against the expected time per photo (or the share passed on), the chosen one marked."""
    require_some(curve, "no threshold was tried")
    timed = all(point.milliseconds is not None for point in curve)
    marked = _chosen(curve, chosen)
    line = _trace(curve, timed, "lines+markers", {"color": GREY, "size": 5}, line={"color": GREY, "width": 1.5})
    mark = _trace([marked], timed, "markers", {"color": ACCENT, "size": 13, "line": {"width": 0}})
    title, unit = ("expected time per photo", "ms") if timed else ("passed on to the costly run", "%")
    return figure(
        [line, mark],
        revision="thresholds",
        height=320,
        xaxis=axis(title, unit, rangemode="tozero"),
        yaxis=axis("validation accuracy", "%"),
    )


def _trace(curve: Sequence[ThresholdPoint], timed: bool, mode: str, marker: dict, **options) -> Trace:
    return scatter(
        x=[point.milliseconds if timed else 100 * point.passed_on for point in curve],
        y=[100 * point.accuracy for point in curve],
        mode=mode,
        marker=marker,
        customdata=[["", _name(point), _words(point)] for point in curve],
        hovertemplate=HOVER,
        **options,
    )


def _name(point: ThresholdPoint) -> str:
    if point.passed_on == 0:
        return "never passed on"
    return "always passed on" if point.passed_on == 1 else f"passed on below {percent(point.threshold)}"


def _words(point: ThresholdPoint) -> str:
    cost = "" if point.milliseconds is None else f", {milliseconds(point.milliseconds)} a photo"
    return f"right on {percent(point.accuracy)}, {percent(point.passed_on)} passed on{cost}"


def _chosen(curve: Sequence[ThresholdPoint], chosen: float) -> ThresholdPoint:
    return min(curve, key=lambda point: abs(point.threshold - chosen))
