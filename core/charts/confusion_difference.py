"""Two confusion tables, one minus the other: where does one run do better than the other?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.charts.confusion import LONGEST_LABEL, MOST_NUMBERED, cell_markers, most_mistaken, table_figure
from core.charts.look import Trace, distinct_labels, escape, heatmap, require_some
from core.text.units import brief, count

_ALIKE = "rgba(128, 140, 134, 0.18)"  # without a number, so it may be faint on light and dark
_SCALE = [[0, "#E88B4B"], [0.49, "#FAE9DD"], [0.5, _ALIKE], [0.51, "#DDEAF5"], [1, "#6FAEDD"]]
"""Orange: the second run does better; grey: alike; blue: the first does. Everybody tells blue from orange."""


@dataclass(frozen=True, kw_only=True)
class DifferenceCell:
    """Photos of a true class that were given a class by the runs a and b; cells empty for both are left out."""

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
        """Photos that speak for a: more right answers, or fewer wrong ones."""
        return self.more if self.true == self.predicted else -self.more


def difference_cells(
    a: Sequence[Sequence[int]], b: Sequence[Sequence[int]], class_names: Sequence[str]
) -> tuple[DifferenceCell, ...]:
    """Every cell with a photo of either run, row by row; of very many classes those with the most wrong answers."""
    kept = most_mistaken(np.asarray(a) + np.asarray(b))
    return tuple(
        DifferenceCell(true=class_names[true], predicted=class_names[given], a=int(one), b=int(other))
        for true in kept
        for given in kept
        if (one := a[true][given]) + (other := b[true][given])
    )


def confusion_difference_title(
    a: Sequence[Sequence[int]], b: Sequence[Sequence[int]], class_names: Sequence[str], names: tuple[str, str]
) -> str:
    """The confusion the runs differ in most: "Lite1 takes rose for tulip 4 times less often than Lite0"."""
    wrong = [cell for cell in difference_cells(a, b, class_names) if cell.true != cell.predicted and cell.more]
    if not wrong:
        return f"{names[0]} and {names[1]} mix up the same classes equally often"
    most = max(wrong, key=lambda cell: abs(cell.more))
    fewer, other = names if most.more < 0 else names[::-1]
    many, few = max(most.a, most.b), min(most.a, most.b)
    return (
        f"{fewer} takes {most.true} for {most.predicted} less often than {other}: "
        f"{few} instead of {count(many, 'time')}"
    )


def confusion_difference_caption(names: tuple[str, str]) -> str:
    """What the colours and numbers mean."""
    return f"Photos more (+) or fewer (−) of {names[0]}. Blue: {names[0]} does better; orange: {names[1]} does."


def confusion_difference_rows(
    a: Sequence[Sequence[int]], b: Sequence[Sequence[int]], class_names: Sequence[str], names: tuple[str, str]
) -> list[dict[str, Any]]:
    """One row per cell that has photos of either run."""
    cells = difference_cells(a, b, class_names)
    return [
        {"true": cell.true, "answer": cell.predicted, "a": names[0], "photos_a": cell.a}
        | {"b": names[1], "photos_b": cell.b, "difference": cell.more}
        for cell in cells
    ]


def confusion_difference(
    a: Sequence[Sequence[int]], b: Sequence[Sequence[int]], class_names: Sequence[str], names: tuple[str, str]
) -> go.Figure:
    """The table of a minus that of b, in photos: blue where a does better, orange where b does, grey where alike.

    ``customdata[3]`` and ``[4]`` are the true and the given class, for selections.

    Args:
        a, b: ``confusion[true][predicted]`` of the same photos; names: of the two runs.
    """
    require_some(class_names, "there are no classes")
    kept = [class_names[label] for label in most_mistaken(np.asarray(a) + np.asarray(b))]
    labels = dict(zip(kept, distinct_labels(kept, LONGEST_LABEL), strict=True))
    cells = difference_cells(a, b, class_names)
    markers = cell_markers(
        [(labels[cell.predicted], labels[cell.true]) for cell in cells],
        [_number(cell.more) for cell in cells],
        [_data(cell, names) for cell in cells],
        numbered=len(labels) <= MOST_NUMBERED,
    )
    revision = "confusion difference"
    return table_figure([_heat(cells, labels), markers], list(labels.values()), revision)


def _heat(cells: Sequence[DifferenceCell], labels: dict[str, str]) -> Trace:
    gains = {(cell.true, cell.predicted): cell.gain for cell in cells}
    most = max((abs(gain) for gain in gains.values()), default=0) or 1
    return heatmap(
        x=list(labels.values()),
        y=list(labels.values()),
        z=[[gains.get((true, given)) for given in labels] for true in labels],
        zmin=-most,
        zmax=most,
        colorscale=_SCALE,
        showscale=False,
        xgap=2,
        ygap=2,
        hoverinfo="skip",
    )


def _number(more: int) -> str:
    return f"+{more}" if more > 0 else f"−{-more}" if more else ""


def _data(cell: DifferenceCell, names: tuple[str, str]) -> list[str]:
    answer = "recognised" if cell.true == cell.predicted else f"taken for {escape(cell.predicted)}"
    a, b = (escape(brief(name, 40)) for name in names)
    return ["", escape(cell.true), f"{answer}: {a} {cell.a}, {b} {cell.b}", cell.true, cell.predicted]
