"""The confusion matrix of one run: which classes are predicted as which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import HOVER, Trace, categories, distinct_labels, escape, figure, heatmap, require_some, scatter
from core.text.tables import Rows
from core.text.units import count, percent

MOST_NUMBERED = 20
"""Classes up to which the cells show their numbers."""
NUMBERS = "#14241C"
"""Contrast of at least 6:1 on every colour of the scales, which are opaque and so the same in light and dark."""
LONGEST_LABEL = 18
"""Letters beside and below the matrix, which needs most of the width of a phone."""
MOST_CLASSES = 80
"""Classes that are drawn; of more, those with the most wrong predictions."""
_RIGHT = [[0, "#D9EDE3"], [1, "#5DB08C"]]
_WRONG = [[0, "#FBE3D3"], [1, "#F09A5E"]]

Counts = Sequence[Sequence[int]]
"""``counts[true][predicted]`` in photos, in the order of the labels."""


@dataclass(frozen=True, kw_only=True)
class ConfusionCell:
    """Photos of a true class that were predicted as a class; ``fraction`` of the photos of the true class."""

    true: str
    predicted: str
    photos: int
    fraction: float

    @property
    def right(self) -> bool:
        return self.true == self.predicted


ConfusionTable = tuple[tuple[ConfusionCell, ...], ...]
"""Rows of true classes, columns of predicted ones."""


def confusion_table(counts: Counts, class_names: Sequence[str]) -> ConfusionTable:
    """In the order of the labels; at most ``MOST_CLASSES`` rows and columns."""
    drawn = most_mistaken(counts)
    totals = [int(sum(row)) for row in counts]
    return tuple(
        tuple(
            ConfusionCell(
                true=class_names[true],
                predicted=class_names[predicted],
                photos=int(counts[true][predicted]),
                fraction=counts[true][predicted] / totals[true] if totals[true] else 0.0,
            )
            for predicted in drawn
        )
        for true in drawn
    )


def most_mistaken(counts: Counts | np.ndarray) -> list[int]:
    """Labels of the classes that are drawn: all, or of very many those in most wrong predictions (either side)."""
    photos = np.asarray(counts).reshape(len(counts), len(counts))
    wrong = photos.sum(axis=0) + photos.sum(axis=1) - 2 * np.diag(photos)
    return sorted(np.argsort(-wrong, kind="stable")[:MOST_CLASSES].tolist())


def confusion_chart(counts: Counts, class_names: Sequence[str]) -> Chart:
    """True classes down, predictions across: green where right, orange where wrong, stronger for a larger fraction.

    ``customdata[3]`` and ``[4]`` of a cell are the true and the predicted class, for selections.
    """
    table = confusion_table(counts, class_names)
    require_some(table, "there are no classes")
    left_out = f"The {MOST_CLASSES} of {len(class_names):,} classes with the most wrong predictions are drawn."
    return Chart(
        figure=_draw(table),
        title=_title(table),
        caption=left_out if len(class_names) > MOST_CLASSES else "",
        rows=lambda: _rows(table),
    )


def _title(table: ConfusionTable) -> str:
    cells = [cell for row in table for cell in row if cell.photos]
    wrong = [cell for cell in cells if not cell.right]
    if not wrong:
        return "All test photos are classified correctly" if cells else "Which classes are confused?"
    worst = max(wrong, key=lambda cell: (cell.photos, cell.fraction))
    of = count(sum(cell.photos for cell in cells if cell.true == worst.true), "photo")
    return f"Most frequent confusion: {worst.true} predicted as {worst.predicted}, {worst.photos} of {of}"


def _rows(table: ConfusionTable) -> Rows:
    return [
        {"true": cell.true, "answer": cell.predicted, "photos": cell.photos, "share_of_class": cell.fraction}
        for row in table
        for cell in row
        if cell.photos
    ]


def _draw(table: ConfusionTable) -> go.Figure:
    labels = distinct_labels([row[0].true for row in table], LONGEST_LABEL)
    return matrix_figure(
        [*(_heat(table, labels, right=right) for right in (True, False)), _cells(table, labels)], labels, "confusion"
    )


def matrix_figure(traces: Sequence[Any], labels: Sequence[str], revision: str) -> go.Figure:
    """A matrix of true classes down and predictions across."""
    return figure(
        traces,
        revision=revision,
        height=max(320, min(900, 160 + 26 * len(labels))),
        hoverdistance=40,
        # own ranges: Plotly's leave room around the markers, and the matrix would not reach its labels
        xaxis=categories(
            labels, title={"text": "prediction"}, range=[-0.5, len(labels) - 0.5], ticklen=0, autotickangles=[0, 90]
        ),
        yaxis=categories(
            labels, title={"text": "true class", "standoff": 14}, range=[len(labels) - 0.5, -0.5], ticklen=0
        ),
    )


def _heat(table: ConfusionTable, labels: Sequence[str], *, right: bool) -> Trace:
    """The right cells or the wrong ones; all others, and empty ones, are gaps."""
    fractions = [[cell.fraction if cell.photos and cell.right is right else None for cell in row] for row in table]
    return cell_colours(fractions, labels, (0, 1), _RIGHT if right else _WRONG)


def cell_colours(
    values: Sequence[Sequence[float | None]], labels: Sequence[str], ends: tuple[float, float], scale: list
) -> Trace:
    """Colours of a matrix: ``scale`` from its lower to its upper end, None as a gap."""
    look = {"colorscale": scale, "showscale": False, "xgap": 2, "ygap": 2, "hoverinfo": "skip"}
    return heatmap(x=list(labels), y=list(labels), z=values, zmin=ends[0], zmax=ends[1], **look)


def _cells(table: ConfusionTable, labels: Sequence[str]) -> Trace:
    filled = [
        (predicted, true, cell)
        for true, row in zip(labels, table, strict=True)
        for predicted, cell in zip(labels, row, strict=True)
        if cell.photos
    ]
    return cell_markers(
        [(predicted, true) for predicted, true, _ in filled],
        [str(cell.photos) for *_, cell in filled],
        [_cell_data(cell) for *_, cell in filled],
        numbered=len(labels) <= MOST_NUMBERED,
    )


def cell_markers(
    positions: Sequence[tuple[str, str]], numbers: Sequence[str], data: Sequence[list[str]], *, numbered: bool
) -> Trace:
    """A transparent marker on every cell with photos, for hovering and clicking, and its number.

    Heatmaps support neither: a click on them selects nothing, and their text colour ignores that of the page.
    """
    return scatter(
        x=[predicted for predicted, _ in positions],
        y=[true for _, true in positions],
        mode="markers+text" if numbered else "markers",
        text=list(numbers) if numbered else None,
        marker={"symbol": "square", "size": 24, "color": "rgba(0, 0, 0, 0)"},
        textfont={"color": NUMBERS},
        unselected={"textfont": {"color": NUMBERS}},
        customdata=list(data),
        hovertemplate=HOVER,
    )


def _cell_data(cell: ConfusionCell) -> list[str]:
    outcome = f"{count(cell.photos, 'photo')} {prediction_label(cell.true, cell.predicted)}"
    return ["", escape(cell.true), f"{outcome} ({percent(cell.fraction)} of the class)", cell.true, cell.predicted]


def prediction_label(true: str, predicted: str) -> str:
    """What happened to the photos of a cell, escaped."""
    return "classified correctly" if true == predicted else f"predicted as {escape(predicted)}"
