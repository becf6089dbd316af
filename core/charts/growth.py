"""Would more photos help? Accuracy against training photos, measured and forecast, and what each class would gain."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from core.advising.growth import ClassGrowth, ForecastOfPhotos, Growth, LearningCurve
from core.charts.chart import Chart
from core.charts.look import (
    ACCENT,
    GREY,
    HOVER,
    Trace,
    axis,
    bar,
    categories,
    distinct_labels,
    error_bars,
    escape,
    figure,
    legend_entry,
    legend_name,
    require_some,
    scatter,
    shade,
)
from core.charts.styles import RunStyle, run_style
from core.text.tables import Rows
from core.text.units import count, percent, points

_BAND = 0.18
_STEPS = 40
"""Points of a fitted curve."""


def growth_chart(found: Growth, classes: int) -> Chart:
    """Accuracy on validation photos against training photos per class: probes as markers, the fitted power law as a
    line, dotted where it is a forecast, and the forecast for twice the photos with its 80 % range.

    The band is that of the most accurate backbone alone: several would lie on each other.

    Args:
        classes: of the dataset; an average class is on the axis.
    """
    require_some(found.curves, found.problem or "no learning curve was made")
    return Chart(
        figure=_draw(found, max(1, classes)),
        title=_title(found),
        caption=_caption(found),
        rows=lambda: _rows(found),
    )


def _title(found: Growth) -> str:
    curve = found.curves[0]
    now, then = curve.accuracies[-1], curve.twice
    gain = then.accuracy - now
    if gain < 0.0005:
        return f"Twice the photos would not help {curve.title}: about {percent(then.accuracy, (then.low, then.high))}"
    return f"Twice the photos: {percent(now)} now, about {percent(then.accuracy, (then.low, then.high))} then"


def _caption(found: Growth) -> str:
    about = f" of {found.curves[0].title}" if len(found.curves) > 1 else ""
    return (
        f"Markers: probes on nested samples, mean of several orders, on {count(found.validation, 'validation photo')}. "
        f"Lines: the fitted power law, dotted where it is a forecast. Shaded: 80 % range{about}, by a bootstrap."
    )


def _rows(found: Growth) -> Rows:
    """Everything that is drawn: measured points, and forecasts with their range; accuracies from 0 to 1."""
    rows: list[dict[str, Any]] = []
    for curve in found.curves:
        name = {"backbone": curve.title, "size": curve.size}
        rows += [
            name | {"kind": "measured", "training_photos": photos, "accuracy": accuracy, "low": None, "high": None}
            for photos, accuracy in zip(curve.photos, curve.accuracies, strict=True)
        ]
        rows += [
            name | {"kind": "fitted", "training_photos": one.photos, "accuracy": one.accuracy}
            | {"low": one.low, "high": one.high}
            for one in sorted((*curve.band, curve.twice), key=lambda one: one.photos)
        ]  # fmt: skip
    return rows


def _draw(found: Growth, classes: int) -> go.Figure:
    styles = [run_style(place) for place in range(len(found.curves))]
    best = found.curves[0]
    several = len(found.curves) > 1
    traces = _band(best, classes, styles[0])
    for curve, style in reversed(list(zip(found.curves, styles, strict=True))):
        traces += [*_line(curve, classes, style), _measured(curve, classes, style), _then(curve, classes, style)]
    traces.append(legend_entry("forecast for twice the photos", "markers", marker=_OPEN | {"color": GREY}))
    lowest = min(min(curve.accuracies) for curve in found.curves)
    lowest = 100 * min([lowest, *(one.low for one in best.band), best.twice.low])
    highest = 100 * max([best.twice.high, *(one.high for one in best.band), *best.accuracies])
    room = max(1.0, 0.06 * (highest - lowest))
    return figure(
        traces,
        revision="growth",
        height=400 + (18 * len(found.curves) if several else 0),
        showlegend=True,
        xaxis=axis("training photos per class, on average", rangemode="tozero"),
        yaxis=axis("accuracy", "%", range=[max(0.0, lowest - room), min(100.5, highest + room)]),
    )


_OPEN = {"symbol": "circle-open", "size": 11, "line": {"width": 2}}


def _band(curve: LearningCurve, classes: int, style: RunStyle) -> list[Trace]:
    """One closed area: along the upper ends, and back along the lower ones."""
    ends = sorted(curve.band, key=lambda one: one.photos)
    if not ends:
        return []
    there = [one.photos / classes for one in ends]
    return [
        scatter(
            name="80 % range",
            x=[*there, *reversed(there)],
            y=[*(100 * one.high for one in ends), *(100 * one.low for one in reversed(ends))],
            mode="lines",
            line={"width": 0},
            fill="toself",
            fillcolor=shade(style.colour, _BAND),
            hoverinfo="skip",
        )
    ]


def _line(curve: LearningCurve, classes: int, style: RunStyle) -> list[Trace]:
    """The power law: solid over the measured samples, dotted beyond them."""
    first, last, end = curve.photos[0], curve.photos[-1], curve.twice.photos
    return [
        _part(curve, classes, style, first, last, "solid"),
        _part(curve, classes, style, last, end, "dot"),
    ]


def _part(curve: LearningCurve, classes: int, style: RunStyle, start: int, end: int, dash: str) -> Trace:
    photos = [start + (end - start) * step / _STEPS for step in range(_STEPS + 1)]
    return scatter(
        name=legend_name(curve.title),
        showlegend=False,
        x=[one / classes for one in photos],
        y=[100 * curve.law.accuracy(one) for one in photos],
        mode="lines",
        line={"color": style.colour, "width": 2, "dash": dash},
        hoverinfo="skip",
    )


def _measured(curve: LearningCurve, classes: int, style: RunStyle) -> Trace:
    title = f"{curve.title}, {curve.size} px"
    return scatter(
        name=legend_name(title),
        x=[photos / classes for photos in curve.photos],
        y=[100 * accuracy for accuracy in curve.accuracies],
        mode="markers",
        marker={"color": style.colour, "symbol": style.symbol, "size": 9},
        customdata=[
            [photos, escape(title), f"measured: {percent(accuracy)} with {count(photos, 'training photo')}"]
            for photos, accuracy in zip(curve.photos, curve.accuracies, strict=True)
        ],
        hovertemplate=HOVER,
    )


def _then(curve: LearningCurve, classes: int, style: RunStyle) -> Trace:
    one = curve.twice
    title = f"{curve.title}, {curve.size} px"
    words = f"forecast: about {_forecast(one)} with {count(one.photos, 'training photo')}"
    return scatter(
        name=legend_name(title),
        showlegend=False,
        x=[one.photos / classes],
        y=[100 * one.accuracy],
        mode="markers",
        marker=_OPEN | {"color": style.colour},
        error_y=error_bars([100 * (one.accuracy - one.low)], [100 * (one.high - one.accuracy)], style.colour, width=5),
        cliponaxis=False,
        customdata=[[one.photos, escape(title), words]],
        hovertemplate=HOVER,
    )


def _forecast(one: ForecastOfPhotos) -> str:
    return percent(one.accuracy, (one.low, one.high))


# --- class by class ---


def gains_chart(curve: LearningCurve) -> Chart:
    """Bars: what each class would gain in recall from twice the training photos, the largest gain first.

    Raises:
        InvalidInput: no class has validation photos enough for a curve of its own.
    """
    require_some(curve.classes, "no class has validation photos enough")
    most = curve.gains_most
    if most is None:
        title = "Which class would gain most cannot be told"
    else:
        title = f"{most.class_name} would gain most: about {points(most.gain)} in recall with twice the photos"
    return Chart(
        figure=_draw_gains(curve.classes, most),
        title=title,
        caption=f"Forecast of {curve.title}, class by class, without a range: few validation photos stand behind each. "
        "Full colour: the class that gains most in more than half of the draws of a bootstrap.",
        rows=lambda: [
            {"class": one.class_name, "training_photos": one.photos, "validation_photos": one.validation}
            | {"recall_now": one.recall, "gain": one.gain, "gains_most_in_share_of_draws": one.share}
            for one in curve.classes
        ],
    )


def _draw_gains(classes: Sequence[ClassGrowth], most: ClassGrowth | None) -> go.Figure:
    labels = distinct_labels([one.class_name for one in classes], 20)
    colours = [ACCENT if one is most else shade(ACCENT, 0.5) for one in classes]
    values = [100 * one.gain for one in classes]
    trace = bar(
        orientation="h",
        x=values,
        y=labels,
        marker={"color": colours, "line": {"width": 0}},
        text=[f"now {percent(one.recall)} of {one.validation}" for one in classes],
        textposition="outside",
        cliponaxis=False,
        constraintext="none",
        customdata=[[one.class_name, escape(one.class_name), _gain_words(one)] for one in classes],
        hovertemplate=HOVER,
    )
    largest = max([*values, 1.0])
    return figure(
        [trace],
        revision="gains",
        height=90 + 30 * len(classes),
        xaxis=axis("gain in recall with twice the photos", "points", range=[min(0.0, *values, 0.0), 1.6 * largest]),
        yaxis=categories(labels, autorange="reversed"),
    )


def _gain_words(one: ClassGrowth) -> str:
    return (
        f"{points(one.gain)} from {percent(one.recall)} of {count(one.validation, 'validation photo')}, with "
        f"{count(one.photos, 'training photo')} now; gains most in {percent(one.share)} of the draws"
    )
