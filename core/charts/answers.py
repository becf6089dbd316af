"""Charts of what a model answers: the confusion table, and the likeliest classes of one photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.charts.look import (
    ACCENT,
    GREY,
    HOVER,
    axis,
    categories,
    distinct_labels,
    escape,
    figure,
    require_some,
)
from core.prediction import Prediction
from core.runs import Evaluation
from core.wording import count, share

_MOST_NUMBERED = 20
"""Classes up to which the cells show their numbers."""
_NUMBERS = "#14241C"
"""Reads with at least 6:1 on every colour of the two scales, which are opaque and so the same in light and dark."""
_LONGEST_LABEL = 18
"""Letters beside and below the table, which shall have most of the room on a phone."""
_RIGHT = [[0, "#D9EDE3"], [1, "#5DB08C"]]
_WRONG = [[0, "#FBE3D3"], [1, "#F09A5E"]]


@dataclass(frozen=True, kw_only=True)
class ConfusionCell:
    """Photos of a true class that were given a class; ``part`` is their share of the true class, 0..1."""

    true: str
    predicted: str
    photos: int
    part: float


def confusion_table(
    confusion: Sequence[Sequence[int]], class_names: Sequence[str]
) -> tuple[tuple[ConfusionCell, ...], ...]:
    """Rows of true classes, columns of given ones, in the order of the labels."""
    return tuple(
        tuple(
            ConfusionCell(true=true, predicted=given, photos=photos, part=photos / sum(row) if sum(row) else 0.0)
            for given, photos in zip(class_names, row, strict=True)
        )
        for true, row in zip(class_names, confusion, strict=True)
    )


def confusion_title(evaluation: Evaluation, class_names: Sequence[str]) -> str:
    """The largest confusion: "rose is taken for tulip most often: 3 of 12 photos"."""
    cells = [cell for row in confusion_table(evaluation.confusion, class_names) for cell in row]
    wrong = [cell for cell in cells if cell.true != cell.predicted and cell.photos]
    if not wrong:
        return "Every test photo is recognised" if evaluation.n else "Which classes are confused?"
    worst = max(wrong, key=lambda cell: (cell.photos, cell.part))
    whole = sum(cell.photos for cell in cells if cell.true == worst.true)
    return f"{worst.true} is taken for {worst.predicted} most often: {worst.photos} of {count(whole, 'photo')}"


def confusion(counts: Sequence[Sequence[int]], class_names: Sequence[str]) -> go.Figure:
    """True classes down, given classes across: green what is right, orange what is not, stronger for a larger share.

    ``customdata[3]`` and ``[4]`` are the true and the given class, for selections.
    """
    table = confusion_table(counts, class_names)
    require_some(table, "there are no classes")
    labels = distinct_labels(class_names, _LONGEST_LABEL)
    return figure(
        [*(_heat(table, labels, right=right) for right in (True, False)), _cells(table, labels)],
        revision="confusion",
        height=max(320, min(900, 160 + 26 * len(labels))),
        hoverdistance=40,
        xaxis=categories(labels, title={"text": "answer"}),
        yaxis=categories(labels, title={"text": "true class"}, autorange="reversed"),
    )


def _heat(table: Sequence[Sequence[ConfusionCell]], labels: Sequence[str], *, right: bool) -> go.Heatmap:
    """The cells that are right or those that are wrong; the others, and empty ones, are gaps."""
    return go.Heatmap(
        x=list(labels),
        y=list(labels),
        z=[
            [cell.part if cell.photos and (cell.true == cell.predicted) is right else None for cell in row]
            for row in table
        ],
        zmin=0,
        zmax=1,
        colorscale=_RIGHT if right else _WRONG,
        showscale=False,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )


def _cells(table: Sequence[Sequence[ConfusionCell]], labels: Sequence[str]) -> go.Scatter:
    """An unseen marker on every cell with photos, to point at and to click, and its number.

    Heatmaps can do neither: clicks on them select nothing, and they choose a text colour without looking at the page's.
    """
    found = [
        (given, true, cell)
        for true, row in zip(labels, table, strict=True)
        for given, cell in zip(labels, row, strict=True)
        if cell.photos
    ]
    return go.Scatter(
        x=[given for given, _, _ in found],
        y=[true for _, true, _ in found],
        mode="markers+text" if len(labels) <= _MOST_NUMBERED else "markers",
        text=[str(cell.photos) for *_, cell in found],
        marker={"symbol": "square", "size": 24, "color": "rgba(0, 0, 0, 0)"},
        textfont={"color": _NUMBERS},
        unselected={"textfont": {"color": _NUMBERS}},
        customdata=[_cell_data(cell) for *_, cell in found],
        hovertemplate=HOVER,
    )


def _cell_data(cell: ConfusionCell) -> list[str]:
    answer = "recognised" if cell.true == cell.predicted else f"taken for {escape(cell.predicted)}"
    detail = f"{count(cell.photos, 'photo')} {answer} ({share(cell.part)} of the class)"
    return ["", escape(cell.true), detail, cell.true, cell.predicted]


def top_classes(predictions: Sequence[Prediction], *, unsure: bool = False) -> go.Figure:
    """Bars of the likeliest classes of one photo, best on top; all grey when the model is unsure."""
    require_some(predictions, "the model gave no answer")
    labels = distinct_labels([prediction.class_name for prediction in predictions])
    percents = [100 * prediction.probability for prediction in predictions]
    colours = [GREY if unsure or place else ACCENT for place in range(len(percents))]
    trace = go.Bar(
        orientation="h",
        y=labels,
        x=percents,
        marker={"color": colours, "line": {"width": 0}},
        text=[share(prediction.probability) for prediction in predictions],
        textposition="outside",
        cliponaxis=False,
        customdata=[["", escape(p.class_name), share(p.probability)] for p in predictions],
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
