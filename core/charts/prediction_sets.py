"""How many classes a prediction set holds, by the confidence that is asked for."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import Trace, axis, escape, figure, hover, legend_name, numbers, require_some, scatter
from core.charts.styles import RunStyle
from core.comparison.prediction_sets import SetMeasure
from core.text.tables import Rows

Measures = Mapping[str, Sequence[SetMeasure]]
"""By run id, best run first, each by rising confidence."""


def set_size_chart(measures: Measures, names: Mapping[str, str], *, styles: Mapping[str, RunStyle]) -> Chart:
    """Mean number of classes in the prediction sets of the test photos, by confidence, one line per run.

    Args:
        names: by run id. styles: of ``run_styles`` for all runs of the page.
    """
    drawn = {run_id: found for run_id, found in measures.items() if found}
    require_some(list(drawn), "no run has enough validation photos for prediction sets")
    return Chart(
        figure=_draw(drawn, names, styles),
        title="How many classes must a prediction name to be right as often as asked?",
        caption="Smaller is more precise: 1 is a single class for every photo. Below 1 some sets are empty.",
        rows=lambda: set_rows(drawn, names),
    )


def set_rows(measures: Measures, names: Mapping[str, str]) -> Rows:
    """One row per run and confidence."""
    return [
        {"run": run_id, "name": names.get(run_id, run_id), "confidence": one.confidence, "by_class": one.by_class}
        | {"photos": one.photos, "coverage": one.coverage, "ci95_low": one.ci95[0], "ci95_high": one.ci95[1]}
        | {"classes_per_set": one.classes, "single_class": one.single, "empty": one.empty}
        for run_id, found in measures.items()
        for one in found
    ]


def _draw(drawn: Measures, names: Mapping[str, str], styles: Mapping[str, RunStyle]) -> go.Figure:
    order = sorted(drawn, key=lambda run_id: styles[run_id].emphasised)
    return figure(
        [_line(names.get(run_id, run_id), drawn[run_id], styles[run_id]) for run_id in order],
        revision="prediction sets",
        height=340 + (14 * len(drawn) if len(drawn) > 1 else 0),
        showlegend=len(drawn) > 1,
        xaxis=axis("confidence", "%"),
        yaxis=axis("classes in a set, mean", rangemode="tozero"),
    )


def _line(name: str, found: Sequence[SetMeasure], style: RunStyle) -> Trace:
    return scatter(
        name=legend_name(name),
        showlegend=style.emphasised,
        x=numbers(100 * one.confidence for one in found),
        y=numbers(one.classes for one in found),
        mode="lines+markers",
        line={"color": style.colour, "width": 2 if style.emphasised else 1, "dash": style.dash},
        marker={"color": style.colour, "symbol": style.symbol, "size": 6, "line": {"width": 0}},
        opacity=style.opacity,
        meta=[escape(name)],
        customdata=numbers(100 * one.coverage for one in found),
        hovertemplate=hover(
            "%{y:.2f} classes at %{x:.0f} % confidence, for %{customdata:.1f} % of test photos with the true one"
        ),
    )
