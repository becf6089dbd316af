"""The reliability diagram: is a run right as often as it is sure?"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.look import (
    GREY,
    HOVER,
    Trace,
    axis,
    bar,
    escape,
    figure,
    legend_name,
    require_some,
    scatter,
    shade,
    short,
)
from core.charts.styles import RunStyle, styles_of
from core.comparison.reliability import Reliability, ReliabilityBin
from core.runs.metrics import wilson_interval
from core.text.units import count, percent

_MOST_RUNS = 40
_CLEAR = 0.01
"""Mean confidence and accuracy that are closer than this count as equal."""
SCALED = "temperature scaled"
_FEWEST, _FEWEST_SHARE = 10, 0.03
"""Photos of a point of a line; fewer say nothing, and lines between such points hide the others."""


def reliability_title(
    before: Sequence[Reliability], names: Mapping[str, str], *, after: Sequence[Reliability] = ()
) -> str:
    """How far off one run is, or who of several is least: "Lite0 is too sure: 93 % sure on average, right on 87 %"."""
    if not before:
        return "Is a run right as often as it is sure?"
    if len(before) == 1:
        return _of_one(before[0], names, {one.run_id: one for one in after})
    least, most = (choose(before, key=lambda one: one.ece) for choose in (min, max))
    return (
        f"{_name(least, names)} knows best how sure it may be: calibration error {percent(least.ece)}; "
        f"farthest off is {_name(most, names)}: {percent(most.ece)}"
    )


def _of_one(run: Reliability, names: Mapping[str, str], after: Mapping[str, Reliability]) -> str:
    photos = sum(one.photos for one in run.bins)
    if not photos:
        return "Is a run right as often as it is sure?"
    sure = sum(one.photos * one.confidence for one in run.bins) / photos
    right = sum(one.photos * one.accuracy for one in run.bins) / photos
    gap = sure - right
    word = "too sure" if gap > _CLEAR else "not sure enough" if gap < -_CLEAR else "as sure as it may be on average"
    scaled = f", {percent(after[run.run_id].ece)} with its temperature scaled" if run.run_id in after else ""
    said = f"{percent(sure)} sure on average, right on {percent(right)}"
    return f"{_name(run, names)} is {word}: {said} (calibration error {percent(run.ece)}{scaled})"


def _name(run: Reliability, names: Mapping[str, str]) -> str:
    return names.get(run.run_id, run.run_id)


def reliability_rows(
    before: Sequence[Reliability], names: Mapping[str, str], *, after: Sequence[Reliability] = ()
) -> list[dict[str, Any]]:
    """One row per run and point or bar that is drawn; shares from 0 to 1."""
    return [
        {"run": run.run_id, "name": _name(run, names), "scaled": scaled, "low": one.low, "high": one.high}
        | {"photos": one.photos, "confidence": one.confidence, "accuracy": one.accuracy}
        for scaled, runs in ((False, before[:_MOST_RUNS]), (True, after[:_MOST_RUNS]))
        for run in runs
        for one in (run.bins if len(before) == 1 and not scaled else joined(run.bins))
    ]


def reliability(
    before: Sequence[Reliability],
    names: Mapping[str, str],
    *,
    after: Sequence[Reliability] = (),
    styles: Mapping[str, RunStyle] | None = None,
) -> go.Figure:
    """Share right against confidence: on the diagonal a run is right as often as it is sure, below it is too sure.

    One run is drawn as bars with 95 % intervals, several as lines through ``joined`` bins; dotted what they would say
    with their temperature scaled. Under it, how many photos were answered with which confidence. At most 40 runs.

    Args:
        names: by run id. after: the same runs after temperature scaling.
        styles: of ``run_styles`` for all runs of the page.
    """
    shown = [run for run in before[:_MOST_RUNS] if run.bins]
    require_some(shown, "no run has answers for the test photos")
    looks = styles_of([run.run_id for run in before], styles)
    drawn = {run.run_id for run in shown}
    later = [run for run in after if run.run_id in drawn and run.bins]
    first: list[Any] = [_bars(shown[0], names, looks)] if len(shown) == 1 else []
    first += [] if first else [_line(run, names, looks, scaled=False) for run in shown]
    low = 100 * min(one.low for run in (*shown, *later) for one in run.bins)
    return figure(
        [
            _diagonal(low),
            *first,
            *(_line(run, names, looks, scaled=True) for run in later),
            *([_key_to_dots()] if later else []),
            *(_photos(run, names, looks, scaled=False, alone=len(shown) == 1) for run in shown),
            *(_photos(run, names, looks, scaled=True, alone=False) for run in later),
        ],
        revision="reliability",
        height=480 + (18 * len(shown) if len(shown) > 1 else 0),
        showlegend=len(shown) > 1 or bool(later),
        bargap=0.06,
        xaxis=axis("how sure the run is", "%", range=[low, 100.5], anchor="y2", showgrid=False),
        yaxis=axis("right answers", "%", range=[0, 102], domain=[0.27, 1]),
        yaxis2=axis("photos", domain=[0, 0.2], rangemode="tozero", nticks=3),
    )


def joined(bins: Sequence[ReliabilityBin]) -> tuple[ReliabilityBin, ...]:
    """Neighbours put together, from the surest down, until each has ten photos and 3 % of all (the last: the rest)."""
    least = max(_FEWEST, _FEWEST_SHARE * sum(one.photos for one in bins))
    found: list[ReliabilityBin] = []
    for one in sorted(bins, key=lambda one: -one.low):
        if found and found[-1].photos < least:
            found[-1] = _together(one, found[-1])
        else:
            found.append(one)
    if len(found) > 1 and found[-1].photos < least:
        found[-2:] = [_together(found[-1], found[-2])]
    return tuple(reversed(found))


def _together(low: ReliabilityBin, high: ReliabilityBin) -> ReliabilityBin:
    photos = low.photos + high.photos
    return ReliabilityBin(
        low=low.low,
        high=high.high,
        photos=photos,
        confidence=(low.photos * low.confidence + high.photos * high.confidence) / photos,
        accuracy=(low.photos * low.accuracy + high.photos * high.accuracy) / photos,
    )


def reliability_caption(before: Sequence[Reliability]) -> str:
    """What is drawn otherwise than measured; "" where nothing is."""
    said = [f"Bins of fewer than {_FEWEST} photos or 3 % of them are joined with their neighbour."] * (len(before) > 1)
    said += [f"{_MOST_RUNS} of {len(before)} runs are drawn."] * (len(before) > _MOST_RUNS)
    return " ".join(said)


def _diagonal(low: float) -> Trace:
    look = {"color": GREY, "width": 1.5, "dash": "dash"}
    return scatter(
        x=[low, 100], y=[low, 100], mode="lines", line=look, hoverinfo="skip", name="as sure as right", showlegend=True
    )


def _key_to_dots() -> Trace:
    """An entry of the legend that says what the dotted lines are."""
    look = {"color": GREY, "dash": "dot", "width": 1.5}
    return scatter(name=SCALED, x=[None], y=[None], mode="lines", line=look, hoverinfo="skip")


def _bars(run: Reliability, names: Mapping[str, str], looks: Mapping[str, RunStyle]) -> Trace:
    colour = looks[run.run_id].colour
    ends = [wilson_interval(round(one.accuracy * one.photos), one.photos) for one in run.bins]
    return bar(
        name="as trained",
        x=[50 * (one.low + one.high) for one in run.bins],
        width=[94 * (one.high - one.low) for one in run.bins],
        y=[100 * one.accuracy for one in run.bins],
        marker={"color": shade(colour, 0.55), "line": {"width": 0}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [100 * (high - one.accuracy) for one, (_, high) in zip(run.bins, ends, strict=True)],
            "arrayminus": [100 * (one.accuracy - low) for one, (low, _) in zip(run.bins, ends, strict=True)],
            "color": colour,
            "thickness": 1.2,
            "width": 3,
        },
        customdata=[_data(run, one, names, scaled=False) for one in run.bins],
        hovertemplate=HOVER,
    )


def _line(run: Reliability, names: Mapping[str, str], looks: Mapping[str, RunStyle], *, scaled: bool) -> Trace:
    style, bins = looks[run.run_id], joined(run.bins)
    most = max(one.photos for one in bins)
    symbol = f"{style.symbol}-open" if scaled else style.symbol
    label = legend_name(_name(run, names))
    return scatter(
        name=f"{label}, {SCALED}" if scaled else label,
        legendgroup=run.run_id,
        showlegend=style.coloured and not scaled,
        x=[100 * one.confidence for one in bins],
        y=[100 * one.accuracy for one in bins],
        mode="lines+markers",
        cliponaxis=False,
        line={"color": style.colour, "width": 1.5 if style.coloured else 1, "dash": "dot" if scaled else "solid"},
        marker={
            "color": style.colour,
            "symbol": symbol,
            "opacity": 1,  # markers of several sizes would else be paler, and outlined
            "line": {"width": 0 if not scaled else 1.2},
            "size": [5 + 7 * (one.photos / most) ** 0.5 for one in bins],
        },
        opacity=1.0 if style.coloured else 0.4,
        customdata=[_data(run, one, names, scaled=scaled) for one in bins],
        hovertemplate=HOVER,
    )


def _data(run: Reliability, one: ReliabilityBin, names: Mapping[str, str], *, scaled: bool) -> list[str]:
    said = f"{percent(one.confidence)} sure, right on {percent(one.accuracy)} of {count(one.photos, 'photo')}"
    return [run.run_id, escape(_name(run, names)), f"{said}, {SCALED}" if scaled else said]


def _photos(
    run: Reliability, names: Mapping[str, str], looks: Mapping[str, RunStyle], *, scaled: bool, alone: bool
) -> Any:
    """Bars of one run; outlines of several, for bars would hide each other."""
    style = looks[run.run_id]
    said = f" photos, {SCALED}" if scaled else " photos"
    shared: dict[str, Any] = {
        "yaxis": "y2",
        "legendgroup": run.run_id,
        "showlegend": False,
        "customdata": [
            [run.run_id, short(_name(run, names)), f"{100 * one.low:.0f} to {100 * one.high:.0f} % sure: {one.photos}"
             + said]
            for one in run.bins
        ],
        "hovertemplate": HOVER,
    }  # fmt: skip
    middles, photos = [50 * (one.low + one.high) for one in run.bins], [one.photos for one in run.bins]
    if alone:
        width = [94 * (one.high - one.low) for one in run.bins]
        marker = {"color": shade(style.colour, 0.55), "line": {"width": 0}}
        return bar(x=middles, y=photos, width=width, marker=marker, **shared)
    look: dict[str, Any] = {"color": style.colour, "width": 1.2, "shape": "hvh", "dash": "dot" if scaled else "solid"}
    return scatter(x=middles, y=photos, mode="lines", line=look, opacity=1 if style.coloured else 0.4, **shared)
