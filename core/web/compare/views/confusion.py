"""Confusion matrices of one run or of two, and the photos of every cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.charts import Chart
from core.charts.confusion import Counts, confusion_chart
from core.charts.confusion_difference import confusion_difference_chart
from core.comparison.photos import confusion_cells, photos_in_cell
from core.text.units import brief, count, percent, plain
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.compare.views.marking import decide_button

Cell = tuple[str, str]
"""(true class, predicted class)."""

_ONE_LINE = 38
"""Letters of the names above the matrices: on two lines one would push its matrix below the other."""
_FRAME = "#7768CE"
"""Around the chosen cell: contrasts with green, orange and blue, on light and dark pages."""

_WHO: Mapping[tuple[bool, ...], str] = {
    (True, False): "Predicted by A only",
    (False, True): "Predicted by B only",
    (True, True): "Predicted by both",
}
"""Headings of photos by whether A and whether B predicted the class of the cell."""


@dataclass(frozen=True, kw_only=True)
class Matrices:
    """What is shown: run A, and B beside it unless it is None. ``cells``: photos of A and of B by cell."""

    selected: Selected
    a: str
    b: str | None
    cells: Mapping[Cell, tuple[int, int]]
    cell: Cell

    @property
    def names(self) -> Sequence[str]:
        return self.selected.comparison.class_names

    def counts(self, run_id: str) -> Counts:
        return self.selected.comparison.evaluations[run_id].confusion

    def chart(self, run_id: str) -> Chart:
        return confusion_chart(self.counts(run_id), self.names)


def show(selected: Selected) -> None:
    ids = [id_ for id_ in parts.require_predictions(selected) if id_ in selected.comparison.evaluations]
    if not ids:
        return
    a, b = parts.choose_two(selected, ids, single=True)
    cells = cells_of(selected, a, b)
    shown = Matrices(selected=selected, a=a, b=b, cells=cells, cell=cell_of(selected.address.cell, cells))
    if b is None:
        _one(shown)
    else:
        _two(shown, b)


def cells_of(selected: Selected, a: str, b: str | None) -> dict[Cell, tuple[int, int]]:
    """Photos of A and B in each cell that has any: errors first, the largest first, then the diagonal."""
    names, predictions = selected.comparison.class_names, selected.comparison.predictions
    found: dict[Cell, list[int]] = {}
    for side, run_id in enumerate((a, b)):
        for cell in confusion_cells(predictions[run_id], names) if run_id else ():
            found.setdefault((cell.true, cell.predicted), [0, 0])[side] = len(cell.digests)
    order = sorted(found, key=lambda cell: (cell[0] == cell[1], -sum(found[cell]), cell))
    return {cell: (found[cell][0], found[cell][1]) for cell in order}


def cell_of(asked: str, cells: Mapping[Cell, object]) -> Cell:
    """The cell that the URL names ("rose|tulip"); the most frequent error where it names none."""
    return next((cell for cell in cells if written(cell) == asked), next(iter(cells)))


def written(cell: Cell) -> str:
    return "|".join(cell)


def _one(shown: Matrices) -> None:
    chart = shown.chart(shown.a)
    parts.title(chart)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _matrix(shown, chart, shown.a, "a")
    with right:
        _photos(shown)


def _two(shown: Matrices, b: str) -> None:
    """A beside B; below them A minus B beside the photos of the chosen cell."""
    called = (shown.selected.names[shown.a], shown.selected.names[b])
    difference = confusion_difference_chart(
        shown.counts(shown.a), shown.counts(b), shown.names, called, letters=("A", "B")
    )
    parts.title(difference)
    columns = st.columns(2, gap="medium")
    for column, run_id, name, side in zip(columns, (shown.a, b), called, "ab", strict=True):
        with column:
            accuracy = percent(shown.selected.comparison.evaluations[run_id].accuracy).replace(" ", "\u00a0")
            st.markdown(f"**{side.upper()}** {plain(brief(name, _ONE_LINE))}: {accuracy}")
            _matrix(shown, shown.chart(run_id), run_id, side)
    left, right = st.columns(2, gap="medium")  # a row of its own, so that on a phone the photos come last
    with left:
        st.markdown("**A minus B**")
        alt = "Photos of A minus photos of B in every cell of the confusion matrix"
        _clickable(shown, difference, key="compare.confusion.difference", alt=alt)
    with right:
        _photos(shown)


def _matrix(shown: Matrices, chart: Chart, run_id: str, side: str) -> None:
    alt = f"Confusion matrix of {shown.selected.names[run_id]}: true class by prediction"
    _clickable(shown, chart, key=f"compare.confusion.{side}", alt=alt)


def _clickable(shown: Matrices, chart: Chart, *, key: str, alt: str) -> None:
    """A matrix whose cells can be clicked; the chosen one is framed."""
    if position := _position(chart.figure, shown.cell):
        x, y = position
        frame = {"x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
        chart.figure.add_shape(type="rect", line={"width": 2.5, "color": _FRAME}, **frame)
    parts.chart(shown.selected, chart, key=key, alt=alt, selection_mode="points", on_select=lambda: _clicked(key))


def _position(figure: Any, cell: Cell) -> tuple[int, int] | None:
    """Column and row of a cell in the matrix; None where it is empty or, with very many classes, not drawn."""
    columns, rows = figure.layout.xaxis.categoryarray, figure.layout.yaxis.categoryarray
    marks = next(trace for trace in figure.data if trace.customdata is not None)
    for x, y, data in zip(marks.x, marks.y, marks.customdata, strict=True):
        if (data[3], data[4]) == cell:
            return columns.index(x), rows.index(y)
    return None


def _clicked(key: str) -> None:
    custom = parts.clicked(key)
    if len(custom) > 4:
        address.change(cell=written((str(custom[3]), str(custom[4]))))


def _photos(shown: Matrices) -> None:
    """The photos of the chosen cell; cells can also be chosen from a list, for keyboards and phones."""
    st.session_state["compare.cell"] = shown.cell
    cell = st.selectbox(
        "Photos of a cell", list(shown.cells), key="compare.cell", help="Or click a cell of a matrix.",
        format_func=lambda cell: _label(cell, shown), on_change=_chosen,
    )  # fmt: skip
    predictions = shown.selected.comparison.predictions
    b = None if shown.b is None else predictions[shown.b]
    found = photos_in_cell(predictions[shown.a], b, shown.names, *cell)
    decide_button(shown.selected, found, written(cell))
    if b is None or shown.b is None:
        parts.photos(shown.selected, found)
        return
    parts.letters(shown.selected, shown.a, shown.b)
    for who, title in _WHO.items():
        group = [one for one in found if tuple(name == cell[1] for _, name, _ in one.predictions) == who]
        if group:
            st.markdown(f"**{title}**: {count(len(group), 'photo')}")
            parts.photos(shown.selected, group)


def _chosen() -> None:
    address.change(cell=written(st.session_state["compare.cell"]))


def _label(cell: Cell, shown: Matrices) -> str:
    label = f"{cell[0]} predicted correctly" if cell[0] == cell[1] else f"{cell[0]} predicted as {cell[1]}"
    of_a, of_b = shown.cells[cell]
    return f"{label}: {f'{of_a} by A, {of_b} by B' if shown.b else count(of_a, 'photo')}"
