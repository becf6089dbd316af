"""How well every class is recognised by several runs, the worst class first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import plotly.graph_objects as go

from core.charts.look import (
    GRID,
    HOVER,
    Trace,
    axis,
    bar,
    categories,
    distinct_labels,
    escape,
    figure,
    legend_name,
    require_some,
    scatter,
    shade,
)
from core.charts.styles import GREY_STYLE, RunStyle, styles_of
from core.runs.metrics import wilson_interval
from core.runs.values import ClassScore, Evaluation
from core.text.units import count, listed, percent

MOST_CLASSES = 40
MOST_BARS = 6
"""Runs up to which every class has a bar for each; more are dots on one line."""
_MOST_WITH_INTERVAL = 4
_MOST_RUNS = 400


@dataclass(frozen=True, kw_only=True)
class ClassFigure:
    """Recall of one class. ``values`` and ``intervals`` (95 %, Wilson) by run id, 0..1; none without test photos."""

    class_name: str
    photos: int
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


def class_figures(evaluations: Mapping[str, Evaluation]) -> tuple[ClassFigure, ...]:
    """Worst mean recall first, of equals in the order of the labels; classes without test photos last."""
    scores = [evaluation.per_class for evaluation in evaluations.values()]
    if not scores:
        return ()
    figures = [_class_figure(list(evaluations), several) for several in zip(*scores, strict=True)]
    return tuple(sorted(figures, key=lambda one: mean(one.values.values()) if one.values else 2.0))


def _class_figure(run_ids: Sequence[str], scores: Sequence[ClassScore]) -> ClassFigure:
    known = {run_id: score for run_id, score in zip(run_ids, scores, strict=True) if score.recall is not None}
    return ClassFigure(
        class_name=scores[0].class_name,
        photos=scores[0].photos,
        values={run_id: score.recall or 0.0 for run_id, score in known.items()},
        intervals={
            run_id: wilson_interval(round((score.recall or 0.0) * score.photos), score.photos)
            for run_id, score in known.items()
        },
    )


def per_class_title(evaluations: Mapping[str, Evaluation], names: Mapping[str, str]) -> str:
    """The hardest class: "shirt is hardest: 58 % of its 38 photos are recognised, 51 % to 66 % from run to run"."""
    figures = [one for one in class_figures(evaluations) if one.values]
    if not figures:
        return "Which classes are hard?"
    worst = figures[0]
    low, high = min(worst.values.values()), max(worst.values.values())
    if low == 1.0:
        return "Every class is recognised completely"
    said = (
        f"{worst.class_name} is hardest: {percent(mean(worst.values.values()))} of its {count(worst.photos, 'photo')}"
    )
    between = f" on average, from {percent(low)} to {percent(high)}" if high > low else ""
    return f"{said} are recognised{between}" if worst.photos != 1 else f"{said} is recognised{between}"


def per_class_caption(evaluations: Mapping[str, Evaluation]) -> str:
    """What is not drawn, and which classes nothing is known about; "" where neither."""
    figures = class_figures(evaluations)
    said = []
    if len(figures) > MOST_CLASSES:
        said.append(f"The {MOST_CLASSES} hardest of {len(figures)} classes are drawn.")
    if empty := [one.class_name for one in figures if not one.photos]:
        them = "it" if len(empty) == 1 else "them"
        said.append(f"No test photo shows {listed(empty, 6)}: nothing is known about {them}.")
    if len(evaluations) > _MOST_RUNS:
        said.append(f"{_MOST_RUNS} of {len(evaluations)} runs are drawn.")
    return " ".join(said)


def per_class_rows(evaluations: Mapping[str, Evaluation], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row per class and run, shares from 0 to 1; empty where the class has no test photos."""
    return [
        {"class": one.class_name, "photos": one.photos, "run": run_id, "name": names.get(run_id, run_id)}
        | {"recall": one.values.get(run_id)}
        | dict(zip(("low95", "high95"), one.intervals.get(run_id, (None, None)), strict=True))
        for one in class_figures(evaluations)
        for run_id in evaluations
    ]


def per_class(
    evaluations: Mapping[str, Evaluation], names: Mapping[str, str], *, styles: Mapping[str, RunStyle] | None = None
) -> go.Figure:
    """Recall of every class: bars of up to six runs (up to four with their 95 % intervals), dots of more.

    Args:
        evaluations: by run id, in the order to be shown, of one dataset; names: by run id.
        styles: of ``run_styles`` for all runs of the page.
    """
    ids = list(evaluations)[:_MOST_RUNS]
    figures = class_figures({run_id: evaluations[run_id] for run_id in ids})[:MOST_CLASSES]
    require_some(figures, "no run was measured on the test photos")
    looks, labels = styles_of(ids, styles), _labels(figures)
    bars = len(ids) <= MOST_BARS
    draw = _bars if bars else _dots
    coloured = [run_id for run_id in ids if looks[run_id].coloured]
    traces: list[Any] = []
    if grey := [run_id for run_id in ids if not looks[run_id].coloured]:
        traces.append(draw(grey, figures, labels, names, GREY_STYLE, len(ids)))
    traces += [draw([run_id], figures, labels, names, looks[run_id], len(ids)) for run_id in coloured]
    each = 16 + 11 * len(ids) if bars else 58
    lowest = min((value for one in figures for value in one.values.values()), default=0.0)
    return figure(
        traces,
        revision="per class",
        height=120 + (22 * len(traces) if len(ids) > 1 else 0) + each * len(figures),
        barmode="group",
        bargap=0.25,
        scattermode="group",
        scattergap=0.25,
        showlegend=len(ids) > 1,
        xaxis=axis("test photos recognised", "%", range=[0 if bars else 100 * max(-0.02, lowest - 0.05), 102]),
        yaxis=categories(
            labels,
            range=[len(labels) - 0.5, -0.5],  # Plotly's own range would leave out classes without photos
            showgrid=not bars,
            gridcolor=GRID,
            tickson="boundaries",
            ticklen=0,
        ),
    )


def _labels(figures: Sequence[ClassFigure]) -> list[str]:
    names = distinct_labels([one.class_name for one in figures], 20)
    return [label if one.photos else f"{label} (no test photos)" for label, one in zip(names, figures, strict=True)]


def _found(
    run_ids: Sequence[str], figures: Sequence[ClassFigure], labels: Sequence[str]
) -> list[tuple[str, ClassFigure, str]]:
    return [
        (label, one, run_id)
        for label, one in zip(labels, figures, strict=True)
        for run_id in run_ids
        if run_id in one.values
    ]


def _data(one: ClassFigure, run_id: str, names: Mapping[str, str]) -> list[str]:
    said = f"{escape(one.class_name)}: {percent(one.values[run_id])} of {count(one.photos, 'photo')}"
    return [run_id, escape(names.get(run_id, run_id)), said]


def _common(
    run_ids: Sequence[str], found: Sequence[tuple], names: Mapping[str, str], style: RunStyle
) -> dict[str, Any]:
    """What bars and dots share: ``found`` is (label, figure, run id) of each."""
    return {
        "name": legend_name(names.get(run_ids[0], run_ids[0])) if style.coloured else "other runs",
        "orientation": "h",
        "y": [label for label, *_ in found],
        "x": [100 * one.values[run_id] for _, one, run_id in found],
        "customdata": [_data(one, run_id, names) for _, one, run_id in found],
        "hovertemplate": HOVER,
    }


def _bars(
    run_ids: Sequence[str],
    figures: Sequence[ClassFigure],
    labels: Sequence[str],
    names: Mapping[str, str],
    style: RunStyle,
    runs: int,
) -> Trace:
    found = _found(run_ids, figures, labels)
    intervals = runs <= _MOST_WITH_INTERVAL  # inside a bar of its full colour they would not be seen
    ends = [one.intervals[run_id] for _, one, run_id in found]
    values = [one.values[run_id] for _, one, run_id in found]
    return bar(
        **_common(run_ids, found, names, style),
        marker={"color": shade(style.colour, 0.6 if intervals else 1.0), "line": {"width": 0}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (high - value) for value, (_, high) in zip(values, ends, strict=True)],
            "arrayminus": [100 * (value - low) for value, (low, _) in zip(values, ends, strict=True)],
            "color": style.colour,
            "thickness": 1.2,
            "width": 3,
            "visible": intervals,
        },
    )


def _dots(
    run_ids: Sequence[str],
    figures: Sequence[ClassFigure],
    labels: Sequence[str],
    names: Mapping[str, str],
    style: RunStyle,
    runs: int,
) -> Trace:
    found = _found(run_ids, figures, labels)
    return scatter(
        **_common(run_ids, found, names, style),
        mode="markers",
        offsetgroup=run_ids[0],
        cliponaxis=False,
        marker={"color": style.colour, "symbol": style.symbol, "size": 10 if style.coloured else 6},
        opacity=1.0 if style.coloured else 0.5,
    )
