"""Two confusion matrices, one minus the other: where does one run do better than the other?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.confusion import (
    LONGEST_LABEL,
    MOST_NUMBERED,
    Counts,
    cell_colours,
    cell_markers,
    matrix_figure,
    most_mistaken,
    prediction_label,
)
from core.charts.look import Trace, distinct_labels, escape, require_some
from core.text.tables import Rows
from core.text.units import brief, count

_ALIKE = "rgba(128, 140, 134, 0.18)"  # without a number, so it may be faint on light and dark
_SCALE = [[0, "#E88B4B"], [0.49, "#FAE9DD"], [0.5, _ALIKE], [0.51, "#DDEAF5"], [1, "#6FAEDD"]]
"""Orange: the second run does better; grey: equal; blue: the first does. Everybody distinguishes blue from orange."""

Names = tuple[str, str]
"""Of the runs a and b."""


@dataclass(frozen=True, kw_only=True)
class DifferenceCell:
    """Photos of a true class that the runs a and b predicted as a class; cells empty for both are left out."""

    true: str
    predicted: str
    a: int
    b: int

    @property
    def more(self) -> int:
        """Photos more in a than in b."""
        return self.a - self.b

    @property
    def gain(self) -> int:
        """Photos in favour of a: more right predictions, or fewer wrong ones."""
        return self.more if self.true == self.predicted else -self.more


def difference_cells(a: Counts, b: Counts, class_names: Sequence[str]) -> tuple[DifferenceCell, ...]:
    """Every cell with a photo of either run, row by row; of very many classes those with the most wrong predictions."""
    drawn = most_mistaken(np.asarray(a) + np.asarray(b))
    return tuple(
        DifferenceCell(true=class_names[true], predicted=class_names[predicted], a=int(of_a), b=int(of_b))
        for true in drawn
        for predicted in drawn
        if (of_a := a[true][predicted]) + (of_b := b[true][predicted])
    )


def confusion_difference_chart(
    a: Counts, b: Counts, class_names: Sequence[str], names: Names, *, letters: Names | None = None
) -> Chart:
    """The matrix of a minus that of b, in photos: blue where a does better, orange where b does, grey where equal.

    ``customdata[3]`` and ``[4]`` of a cell are the true and the predicted class, for selections.

    Args:
        a, b: of the same photos. names: of the two runs.
        letters: what figure and caption call the runs, where the page names them otherwise beside the chart.
    """
    require_some(class_names, "there are no classes")
    cells = difference_cells(a, b, class_names)
    drawn = [class_names[label] for label in most_mistaken(np.asarray(a) + np.asarray(b))]
    first, second = called = letters or names
    return Chart(
        figure=_draw(cells, drawn, called),
        title=_title(cells, names),
        caption=f"More (+) or fewer (−) photos of {first} than of {second}. Blue: {first} is better; orange: "
        f"{second} is.",
        rows=lambda: _rows(cells, names),
    )


def _title(cells: Sequence[DifferenceCell], names: Names) -> str:
    wrong = [cell for cell in cells if cell.true != cell.predicted and cell.more]
    if not wrong:
        return f"{names[0]} and {names[1]} confuse the same classes equally often"
    most = max(wrong, key=lambda cell: abs(cell.more))
    fewer, other = names if most.more < 0 else names[::-1]
    many, few = max(most.a, most.b), min(most.a, most.b)
    return (
        f"{fewer} predicts {most.true} as {most.predicted} less often than {other}: "
        f"{few} instead of {count(many, 'time')}"
    )


def _rows(cells: Sequence[DifferenceCell], names: Names) -> Rows:
    return [
        {"true": cell.true, "answer": cell.predicted, "a": names[0], "photos_a": cell.a}
        | {"b": names[1], "photos_b": cell.b, "difference": cell.more}
        for cell in cells
    ]


def _draw(cells: Sequence[DifferenceCell], class_names: Sequence[str], names: Names) -> go.Figure:
    labels = dict(zip(class_names, distinct_labels(class_names, LONGEST_LABEL), strict=True))
    markers = cell_markers(
        [(labels[cell.predicted], labels[cell.true]) for cell in cells],
        [_signed(cell.more) for cell in cells],
        [_cell_data(cell, names) for cell in cells],
        numbered=len(labels) <= MOST_NUMBERED,
    )
    return matrix_figure([_heat(cells, labels), markers], list(labels.values()), "confusion difference")


def _heat(cells: Sequence[DifferenceCell], labels: dict[str, str]) -> Trace:
    gains = {(cell.true, cell.predicted): cell.gain for cell in cells}
    most = max((abs(gain) for gain in gains.values()), default=0) or 1
    values = [[gains.get((true, predicted)) for predicted in labels] for true in labels]
    return cell_colours(values, list(labels.values()), (-most, most), _SCALE)


def _signed(more: int) -> str:
    return f"+{more}" if more > 0 else f"−{-more}" if more else ""


def _cell_data(cell: DifferenceCell, names: Names) -> list[str]:
    a, b = (escape(brief(name, 40)) for name in names)
    detail = f"{prediction_label(cell.true, cell.predicted)}: {a} {cell.a}, {b} {cell.b}"
    return ["", escape(cell.true), detail, cell.true, cell.predicted]
