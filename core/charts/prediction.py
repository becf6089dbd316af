"""The chart of one photo's answer: the likeliest classes."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.look import ACCENT, GREY, HOVER, axis, bar, categories, distinct_labels, escape, figure, require_some
from core.models.predict import Prediction
from core.text.units import percent


def top_classes(predictions: Sequence[Prediction], *, unsure: bool = False) -> go.Figure:
    """Bars of the likeliest classes of one photo, best on top; all grey when the model is unsure."""
    require_some(predictions, "the model gave no answer")
    labels = distinct_labels([prediction.class_name for prediction in predictions])
    percents = [100 * prediction.probability for prediction in predictions]
    colours = [GREY if unsure or place else ACCENT for place in range(len(percents))]
    trace = bar(
        orientation="h",
        y=labels,
        x=percents,
        marker={"color": colours, "line": {"width": 0}},
        text=[percent(prediction.probability) for prediction in predictions],
        textposition="outside",
        cliponaxis=False,
        customdata=[["", escape(p.class_name), percent(p.probability)] for p in predictions],
        hovertemplate=HOVER,
    )
    return figure(
        [trace],
        revision="top classes",
        height=30 + 32 * len(labels),
        margin={"l": 8, "r": 16, "t": 4, "b": 4},
        xaxis=axis("probability", "%", range=[0, 118], visible=False, fixedrange=True),
        yaxis=categories(labels, autorange="reversed", fixedrange=True),
    )
