"""The reliability diagram: does the confidence of a run match its accuracy?"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import (
    GREY,
    HOVER,
    Trace,
    axis,
    bar,
    dotted_entry,
    error_bars,
    escape,
    figure,
    legend_name,
    require_some,
    scatter,
    shade,
    short,
)
from core.charts.styles import RunStyle
from core.comparison.reliability import Reliability, ReliabilityBin
from core.runs.metrics import wilson_interval
from core.text.tables import Rows
from core.text.units import count, percent

_MOST_RUNS = 40
_CLEAR = 0.01
"""Mean confidence and accuracy that are closer than this count as equal."""
SCALED = "temperature scaled"
_FEWEST, _FEWEST_FRACTION = 10, 0.03
"""Photos of a point of a line; fewer are noise, and lines between such points hide the others."""


def reliability_chart(
    before: Sequence[Reliability],
    names: Mapping[str, str],
    *,
    after: Sequence[Reliability] = (),
    most: int = _MOST_RUNS,
    styles: Mapping[str, RunStyle],
) -> Chart:
    """Accuracy against confidence: on the diagonal they are equal, below it a run is overconfident.

    One run is drawn as bars with 95 % intervals, several as lines through ``joined`` bins; dotted after temperature
    scaling. Below it the number of photos by confidence. Title and rows are about all runs, at most 40.

    Args:
        before: best run first. after: of those whose temperature was scaled.
        names: by run id.
        most: of the best runs that are drawn, beside those in ``after`` and the two that the title names.
        styles: of ``run_styles`` for all runs of the page.
    """
    scaled = {run.run_id for run in after}
    about = [run for run in before[:_MOST_RUNS] if run.bins]
    require_some(about, "no run has predictions for the test photos")
    named = {one.run_id for one in _best_and_worst(before)}
    drawn = [run for rank, run in enumerate(about) if rank < most or run.run_id in scaled | named]
    later = [run for run in after[:_MOST_RUNS] if run.bins and run.run_id in {one.run_id for one in about}]
    return Chart(
        figure=_draw(drawn, later, names, styles),
        title=_title(before, later, names),
        caption=_caption(len(before), len(drawn), most, bool(later)),
        rows=lambda: _rows(about, later, names),
    )


def _title(before: Sequence[Reliability], after: Sequence[Reliability], names: Mapping[str, str]) -> str:
    """The calibration of one run, or the best and the worst of several."""
    if len(before) == 1:
        return _title_of_one(before[0], names, {one.run_id: one for one in after})
    least, most = _best_and_worst(before)
    return (
        f"{_name(least, names)} is calibrated best: calibration error {percent(least.ece)}; "
        f"worst is {_name(most, names)}: {percent(most.ece)}"
    )


def _best_and_worst(runs: Sequence[Reliability]) -> tuple[Reliability, Reliability]:
    """Those with the smallest and with the largest calibration error."""
    return min(runs, key=lambda one: one.ece), max(runs, key=lambda one: one.ece)


def _title_of_one(run: Reliability, names: Mapping[str, str], after: Mapping[str, Reliability]) -> str:
    photos = sum(one.photos for one in run.bins)
    confidence = sum(one.photos * one.confidence for one in run.bins) / photos
    accuracy = sum(one.photos * one.accuracy for one in run.bins) / photos
    gap = confidence - accuracy
    word = "overconfident" if gap > _CLEAR else "underconfident" if gap < -_CLEAR else "well calibrated on average"
    scaled = f", {percent(after[run.run_id].ece)} with temperature scaling" if run.run_id in after else ""
    means = f"mean confidence {percent(confidence)}, accuracy {percent(accuracy)}"
    return f"{_name(run, names)} is {word}: {means} (calibration error {percent(run.ece)}{scaled})"


def _name(run: Reliability, names: Mapping[str, str]) -> str:
    return names.get(run.run_id, run.run_id)


def _caption(runs: int, drawn: int, most: int, scaled: bool) -> str:
    """What is drawn otherwise than measured, and what is left out; "" where nothing is."""
    sentences = []
    if drawn > 1:
        sentences.append(f"Bins of fewer than {_FEWEST} photos or 3 % of them are joined with their neighbour.")
    if drawn < runs:
        too = ", those with a scaled temperature" if scaled else ""
        sentences.append(
            f"The {most} most accurate of {runs} runs{too}, and those that the title names; the files have all."
        )
    if scaled:
        sentences.append("Dotted: after temperature scaling.")
    return " ".join(sentences)


def _rows(before: Sequence[Reliability], after: Sequence[Reliability], names: Mapping[str, str]) -> Rows:
    """One row per run and point or bar; fractions from 0 to 1."""
    return [
        {"run": run.run_id, "name": _name(run, names), "scaled": scaled, "low": one.low, "high": one.high}
        | {"photos": one.photos, "confidence": one.confidence, "accuracy": one.accuracy}
        for scaled, runs in ((False, before), (True, after))
        for run in runs
        for one in (run.bins if len(before) == 1 and not scaled else joined(run.bins))
    ]


def _draw(
    before: Sequence[Reliability],
    after: Sequence[Reliability],
    names: Mapping[str, str],
    styles: Mapping[str, RunStyle],
) -> go.Figure:
    alone = len(before) == 1
    low = 100 * min(one.low for run in (*before, *after) for one in run.bins)
    lines = [_bars(before[0], names, styles)] if alone else [_line(run, names, styles, scaled=False) for run in before]
    return figure(
        [
            _diagonal(low),
            *lines,
            *(_line(run, names, styles, scaled=True) for run in after),
            *([dotted_entry(SCALED)] if after else []),
            *(_photos(run, names, styles, scaled=False, alone=alone) for run in before),
            *(_photos(run, names, styles, scaled=True, alone=False) for run in after),
        ],
        revision="reliability",
        height=480 + (0 if alone else 18 * len(before)),
        showlegend=not alone or bool(after),
        bargap=0.06,
        xaxis=axis("confidence", "%", range=[low, 100.5], anchor="y2", showgrid=False),
        yaxis=axis("accuracy", "%", range=[0, 102], domain=[0.27, 1]),
        yaxis2=axis("photos", domain=[0, 0.2], rangemode="tozero", nticks=3),
    )


def joined(bins: Sequence[ReliabilityBin]) -> tuple[ReliabilityBin, ...]:
    """Neighbours merged, the most confident first, until each has ten photos and 3 % of all (the last: the rest)."""
    least = max(_FEWEST, _FEWEST_FRACTION * sum(one.photos for one in bins))
    found: list[ReliabilityBin] = []
    for one in sorted(bins, key=lambda one: -one.low):
        if found and found[-1].photos < least:
            found[-1] = _merged(one, found[-1])
        else:
            found.append(one)
    if len(found) > 1 and found[-1].photos < least:
        found[-2:] = [_merged(found[-1], found[-2])]
    return tuple(reversed(found))


def _merged(low: ReliabilityBin, high: ReliabilityBin) -> ReliabilityBin:
    photos = low.photos + high.photos
    return ReliabilityBin(
        low=low.low,
        high=high.high,
        photos=photos,
        confidence=(low.photos * low.confidence + high.photos * high.confidence) / photos,
        accuracy=(low.photos * low.accuracy + high.photos * high.accuracy) / photos,
    )


def _diagonal(low: float) -> Trace:
    look = {"color": GREY, "width": 1.5, "dash": "dash"}
    return scatter(
        x=[low, 100],
        y=[low, 100],
        mode="lines",
        line=look,
        hoverinfo="skip",
        name="perfectly calibrated",
        showlegend=True,
    )


def _bars(run: Reliability, names: Mapping[str, str], styles: Mapping[str, RunStyle]) -> Trace:
    colour = styles[run.run_id].colour
    ends = [wilson_interval(round(one.accuracy * one.photos), one.photos) for one in run.bins]
    return bar(
        name="as trained",
        x=[50 * (one.low + one.high) for one in run.bins],
        width=[94 * (one.high - one.low) for one in run.bins],
        y=[100 * one.accuracy for one in run.bins],
        marker={"color": shade(colour, 0.55), "line": {"width": 0}},
        error_y=error_bars(
            [100 * (one.accuracy - low) for one, (low, _) in zip(run.bins, ends, strict=True)],
            [100 * (high - one.accuracy) for one, (_, high) in zip(run.bins, ends, strict=True)],
            colour,
        ),
        customdata=[_data(run, one, names, scaled=False) for one in run.bins],
        hovertemplate=HOVER,
    )


def _line(run: Reliability, names: Mapping[str, str], styles: Mapping[str, RunStyle], *, scaled: bool) -> Trace:
    style, bins = styles[run.run_id], joined(run.bins)
    most = max(one.photos for one in bins)
    symbol = f"{style.symbol}-open" if scaled else style.symbol
    label = legend_name(_name(run, names))
    return scatter(
        name=f"{label}, {SCALED}" if scaled else label,
        legendgroup=run.run_id,
        showlegend=style.emphasised and not scaled,
        x=[100 * one.confidence for one in bins],
        y=[100 * one.accuracy for one in bins],
        mode="lines+markers",
        cliponaxis=False,
        line={"color": style.colour, "width": 1.5 if style.emphasised else 1, "dash": "dot" if scaled else "solid"},
        marker={
            "color": style.colour,
            "symbol": symbol,
            "opacity": 1,  # otherwise markers of several sizes are paler, and outlined
            "line": {"width": 0 if not scaled else 1.2},
            "size": [5 + 7 * (one.photos / most) ** 0.5 for one in bins],
        },
        opacity=style.opacity,
        customdata=[_data(run, one, names, scaled=scaled) for one in bins],
        hovertemplate=HOVER,
    )


def _data(run: Reliability, one: ReliabilityBin, names: Mapping[str, str], *, scaled: bool) -> list[str]:
    detail = f"confidence {percent(one.confidence)}, accuracy {percent(one.accuracy)}, {count(one.photos, 'photo')}"
    return [run.run_id, escape(_name(run, names)), f"{detail}, {SCALED}" if scaled else detail]


def _photos(
    run: Reliability, names: Mapping[str, str], styles: Mapping[str, RunStyle], *, scaled: bool, alone: bool
) -> Any:
    """Bars of one run; outlines of several, because bars would hide each other."""
    style = styles[run.run_id]
    unit = f"photos, {SCALED}" if scaled else "photos"
    shared: dict[str, Any] = {
        "yaxis": "y2",
        "legendgroup": run.run_id,
        "showlegend": False,
        "customdata": [
            [
                run.run_id,
                short(_name(run, names)),
                f"{100 * one.low:.0f} to {100 * one.high:.0f} %: {one.photos} {unit}",
            ]
            for one in run.bins
        ],
        "hovertemplate": HOVER,
    }
    middles, photos = [50 * (one.low + one.high) for one in run.bins], [one.photos for one in run.bins]
    if alone:
        width = [94 * (one.high - one.low) for one in run.bins]
        marker = {"color": shade(style.colour, 0.55), "line": {"width": 0}}
        return bar(x=middles, y=photos, width=width, marker=marker, **shared)
    look: dict[str, Any] = {"color": style.colour, "width": 1.2, "shape": "hvh", "dash": "dot" if scaled else "solid"}
    return scatter(x=middles, y=photos, mode="lines", line=look, opacity=style.opacity, **shared)
