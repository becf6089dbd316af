"""The confusion table of one run: which classes are taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts.look import HOVER, Trace, categories, distinct_labels, escape, figure, heatmap, require_some, scatter
from core.runs.values import Evaluation
from core.text.units import count, percent

MOST_NUMBERED = 20
"""Classes up to which the cells show their numbers."""
NUMBERS = "#14241C"
"""Reads with at least 6:1 on every colour of the scales, which are opaque and so the same in light and dark."""
LONGEST_LABEL = 18
"""Letters beside and below the table, which shall have most of the room on a phone."""
MOST_CLASSES = 80
"""Classes whose cells a browser still draws at once; of more, those with the most wrong answers."""
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
    """Rows of true classes, columns of given ones, in the order of the labels; at most ``MOST_CLASSES`` of each."""
    kept = most_mistaken(confusion)
    totals = [int(sum(row)) for row in confusion]
    return tuple(
        tuple(
            ConfusionCell(
                true=class_names[true],
                predicted=class_names[given],
                photos=int(confusion[true][given]),
                part=confusion[true][given] / totals[true] if totals[true] else 0.0,
            )
            for given in kept
        )
        for true in kept
    )


def most_mistaken(confusion: Sequence[Sequence[int]] | np.ndarray) -> list[int]:
    """Labels of the classes that are drawn: all, or of very many those with the most wrong answers, given or got."""
    counts = np.asarray(confusion).reshape(len(confusion), len(confusion))
    wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return sorted(np.argsort(-wrong, kind="stable")[:MOST_CLASSES].tolist())


def confusion_caption(class_names: Sequence[str]) -> str:
    """What is not drawn, "" where all is."""
    if len(class_names) <= MOST_CLASSES:
        return ""
    return f"The {MOST_CLASSES} of {len(class_names)} classes with the most wrong answers are drawn."


def confusion_title(evaluation: Evaluation, class_names: Sequence[str]) -> str:
    """The largest confusion: "rose is taken for tulip most often: 3 of 12 photos"."""
    cells = [cell for row in confusion_table(evaluation.confusion, class_names) for cell in row]
    wrong = [cell for cell in cells if cell.true != cell.predicted and cell.photos]
    if not wrong:
        return "Every test photo is recognised" if evaluation.n else "Which classes are confused?"
    worst = max(wrong, key=lambda cell: (cell.photos, cell.part))
    whole = sum(cell.photos for cell in cells if cell.true == worst.true)
    return f"{worst.true} is taken for {worst.predicted} most often: {worst.photos} of {count(whole, 'photo')}"


def confusion_rows(confusion: Sequence[Sequence[int]], class_names: Sequence[str]) -> list[dict[str, Any]]:
    """One row per cell that has photos."""
    return [
        {"true": cell.true, "answer": cell.predicted, "photos": cell.photos, "share_of_class": cell.part}
        for row in confusion_table(confusion, class_names)
        for cell in row
        if cell.photos
    ]


def confusion(counts: Sequence[Sequence[int]], class_names: Sequence[str]) -> go.Figure:
    """True classes down, given classes across: green what is right, orange what is not, stronger for a larger share.

    ``customdata[3]`` and ``[4]`` are the true and the given class, for selections.
    """
    table = confusion_table(counts, class_names)
    require_some(table, "there are no classes")
    labels = distinct_labels([row[0].true for row in table], LONGEST_LABEL)
    return table_figure(
        [*(_heat(table, labels, right=right) for right in (True, False)), _cells(table, labels)], labels, "confusion"
    )


def table_figure(traces: Sequence[Any], labels: Sequence[str], revision: str) -> go.Figure:
    """A table of true classes down and answers across."""
    return figure(
        traces,
        revision=revision,
        height=max(320, min(900, 160 + 26 * len(labels))),
        hoverdistance=40,
        # ranges of their own: Plotly's leave room around the markers, and the table would not reach its labels
        xaxis=categories(labels, title={"text": "answer"}, range=[-0.5, len(labels) - 0.5], ticklen=0),
        yaxis=categories(
            labels, title={"text": "true class", "standoff": 14}, range=[len(labels) - 0.5, -0.5], ticklen=0
        ),
    )


def _heat(table: Sequence[Sequence[ConfusionCell]], labels: Sequence[str], *, right: bool) -> Trace:
    """The cells that are right or those that are wrong; the others, and empty ones, are gaps."""
    return heatmap(
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


def _cells(table: Sequence[Sequence[ConfusionCell]], labels: Sequence[str]) -> Trace:
    found = [
        (given, true, cell)
        for true, row in zip(labels, table, strict=True)
        for given, cell in zip(labels, row, strict=True)
        if cell.photos
    ]
    return cell_markers(
        [(given, true) for given, true, _ in found],
        [str(cell.photos) for *_, cell in found],
        [_cell_data(cell) for *_, cell in found],
        numbered=len(labels) <= MOST_NUMBERED,
    )


def cell_markers(
    places: Sequence[tuple[str, str]], numbers: Sequence[str], data: Sequence[list[str]], *, numbered: bool
) -> Trace:
    """An unseen marker on every cell with photos, to point at and to click, and its number.

    Heatmaps can do neither: clicks on them select nothing, and they choose a text colour without looking at the page's.
    """
    return scatter(
        x=[given for given, _ in places],
        y=[true for _, true in places],
        mode="markers+text" if numbered else "markers",
        text=list(numbers) if numbered else None,
        marker={"symbol": "square", "size": 24, "color": "rgba(0, 0, 0, 0)"},
        textfont={"color": NUMBERS},
        unselected={"textfont": {"color": NUMBERS}},
        customdata=list(data),
        hovertemplate=HOVER,
    )


def _cell_data(cell: ConfusionCell) -> list[str]:
    answer = "recognised" if cell.true == cell.predicted else f"taken for {escape(cell.predicted)}"
    detail = f"{count(cell.photos, 'photo')} {answer} ({percent(cell.part)} of the class)"
    return ["", escape(cell.true), detail, cell.true, cell.predicted]
