"""Recall of every class by several runs, the hardest class first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import (
    GRID,
    HOVER,
    Trace,
    axis,
    bar,
    categories,
    distinct_labels,
    error_bars,
    escape,
    figure,
    legend_name,
    require_some,
    scatter,
    shade,
)
from core.charts.styles import RunStyle
from core.runs.metrics import wilson_interval
from core.runs.values import ClassScore, Evaluation
from core.text.tables import Rows
from core.text.units import count, listed, percent

MOST_CLASSES = 40
MOST_BARS = 6
"""Runs up to which every class has a bar for each; more are dots on one line."""
_MOST_WITH_INTERVAL = 4
_MOST_RUNS = 400


@dataclass(frozen=True, kw_only=True)
class ClassRecall:
    """Recall of one class. ``values`` and ``intervals`` (95 %, Wilson) by run id, 0..1; none without test photos."""

    class_name: str
    photos: int
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


def class_recalls(evaluations: Mapping[str, Evaluation]) -> tuple[ClassRecall, ...]:
    """Lowest mean recall first, of equals in the order of the labels; classes without test photos last."""
    scores = [evaluation.per_class for evaluation in evaluations.values()]
    if not scores:
        return ()
    recalls = [_class_recall(list(evaluations), several) for several in zip(*scores, strict=True)]
    return tuple(sorted(recalls, key=lambda one: mean(one.values.values()) if one.values else 2.0))


def _class_recall(run_ids: Sequence[str], scores: Sequence[ClassScore]) -> ClassRecall:
    known = {run_id: score for run_id, score in zip(run_ids, scores, strict=True) if score.recall is not None}
    return ClassRecall(
        class_name=scores[0].class_name,
        photos=scores[0].photos,
        values={run_id: score.recall or 0.0 for run_id, score in known.items()},
        intervals={
            run_id: wilson_interval(round((score.recall or 0.0) * score.photos), score.photos)
            for run_id, score in known.items()
        },
    )


def per_class_chart(
    evaluations: Mapping[str, Evaluation],
    names: Mapping[str, str],
    *,
    most: int = _MOST_RUNS,
    styles: Mapping[str, RunStyle],
) -> Chart:
    """Recall of every class: bars of up to six runs (up to four with their 95 % intervals), dots of more.

    Args:
        evaluations: by run id, in the order to be shown, of one dataset; names: by run id.
        most: runs that figure, title and caption are about; the rows are those of all.
        styles: of ``run_styles`` for all runs of the page.
    """
    about = dict(list(evaluations.items())[:most])
    recalls = class_recalls(about)
    require_some(recalls, "no run was measured on the test photos")
    return Chart(
        figure=_draw(list(about), recalls[:MOST_CLASSES], names, styles),
        title=_title(recalls),
        caption=_caption(recalls, len(about), len(evaluations)),
        rows=lambda: _rows(evaluations, names),
    )


def _title(recalls: Sequence[ClassRecall]) -> str:
    """The hardest class: "shirt is hardest: recall 58 % on average (from 51 to 66 %) on its 38 photos"."""
    known = [one for one in recalls if one.values]
    if not known:
        return "Which classes are hard?"
    worst = known[0]
    low, high = min(worst.values.values()), max(worst.values.values())
    if low == 1.0:
        return "Every class has a recall of 100 %"
    hardest = f"{worst.class_name} is hardest: recall {100 * mean(worst.values.values()):.0f} %"
    between = f" on average (from {100 * low:.0f} to {100 * high:.0f} %)" if high > low else ""
    return f"{hardest}{between} on its {count(worst.photos, 'photo')}"


def _caption(recalls: Sequence[ClassRecall], drawn: int, runs: int) -> str:
    """What is not drawn, and the classes without test photos; "" where neither."""
    sentences = []
    if len(recalls) > MOST_CLASSES:
        sentences.append(f"The {MOST_CLASSES} hardest of {len(recalls):,} classes are drawn.")
    if empty := [one.class_name for one in recalls if not one.photos]:
        sentences.append(f"Not measured, because without test photos: {listed(empty, 6)}.")
    if drawn < runs:
        sentences.append(f"{drawn} of {runs} runs are drawn.")
    return " ".join(sentences)


def _rows(evaluations: Mapping[str, Evaluation], names: Mapping[str, str]) -> Rows:
    """One row per class and run, fractions from 0 to 1; None where the class has no test photos."""
    return [
        {"class": one.class_name, "photos": one.photos, "run": run_id, "name": names.get(run_id, run_id)}
        | {"recall": one.values.get(run_id)}
        | dict(zip(("ci95_low", "ci95_high"), one.intervals.get(run_id, (None, None)), strict=True))
        for one in class_recalls(evaluations)
        for run_id in evaluations
    ]


def _draw(
    ids: Sequence[str], recalls: Sequence[ClassRecall], names: Mapping[str, str], styles: Mapping[str, RunStyle]
) -> go.Figure:
    bars = len(ids) <= MOST_BARS
    how = {"bars": bars, "intervals": len(ids) <= _MOST_WITH_INTERVAL}  # invisible inside bars of full colour
    faint = [run_id for run_id in ids if not styles[run_id].emphasised]
    strong = [run_id for run_id in ids if styles[run_id].emphasised]
    traces = [_trace(faint, recalls, names, styles, **how)] if faint else []
    traces += [_trace([run_id], recalls, names, styles, **how) for run_id in strong]
    labels = _labels(recalls)
    each = 16 + 11 * len(ids) if bars else 58
    lowest = min((value for one in recalls for value in one.values.values()), default=0.0)
    return figure(
        traces,
        revision="per class",
        height=120 + (22 * len(traces) if len(ids) > 1 else 0) + each * len(recalls),
        barmode="group",
        bargap=0.25,
        scattermode="group",
        scattergap=0.25,
        showlegend=len(ids) > 1,
        xaxis=axis("recall", "%", range=[0 if bars else 100 * max(-0.02, lowest - 0.05), 102]),
        yaxis=categories(
            labels,
            range=[len(labels) - 0.5, -0.5],  # Plotly's own range would leave out classes without photos
            showgrid=not bars,
            gridcolor=GRID,
            tickson="boundaries",
            ticklen=0,
        ),
    )


def _labels(recalls: Sequence[ClassRecall]) -> list[str]:
    names = distinct_labels([one.class_name for one in recalls], 20)
    return [label if one.photos else f"{label} (no test photos)" for label, one in zip(names, recalls, strict=True)]


def _trace(
    run_ids: Sequence[str],
    recalls: Sequence[ClassRecall],
    names: Mapping[str, str],
    styles: Mapping[str, RunStyle],
    *,
    bars: bool,
    intervals: bool,
) -> Trace:
    """Bars or dots of one run, or of all that are not emphasised."""
    found = [
        (label, one, run_id)
        for label, one in zip(_labels(recalls), recalls, strict=True)
        for run_id in run_ids
        if run_id in one.values
    ]
    style = styles[run_ids[0]]
    shared = {
        "name": legend_name(names.get(run_ids[0], run_ids[0])) if style.emphasised else "other runs",
        "showlegend": style.emphasised,
        "orientation": "h",
        "y": [label for label, *_ in found],
        "x": [100 * one.values[run_id] for _, one, run_id in found],
        "customdata": [_data(one, run_id, names) for _, one, run_id in found],
        "hovertemplate": HOVER,
    }
    if not bars:
        return scatter(
            **shared,
            mode="markers",
            offsetgroup=run_ids[0],
            cliponaxis=False,
            marker={
                "color": [styles[run_id].colour for *_, run_id in found],
                "symbol": [styles[run_id].symbol for *_, run_id in found],
                "size": 10 if style.emphasised else 6,
            },
            opacity=style.opacity,
        )
    ends = [(one.values[run_id], *one.intervals[run_id]) for _, one, run_id in found]
    return bar(
        **shared,
        marker={
            "color": [shade(styles[run_id].colour, 0.6 if intervals else 1.0) for *_, run_id in found],
            "line": {"width": 0},
            "pattern": style.pattern,
        },
        error_x=error_bars(
            [100 * (value - low) for value, low, _ in ends],
            [100 * (high - value) for value, _, high in ends],
            style.colour,
            visible=intervals,
        ),
    )


def _data(one: ClassRecall, run_id: str, names: Mapping[str, str]) -> list[str]:
    detail = f"{escape(one.class_name)}: {percent(one.values[run_id])} of {count(one.photos, 'photo')}"
    return [run_id, escape(names.get(run_id, run_id)), detail]
