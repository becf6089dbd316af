"""Confusion: which classes are mixed up, by one run or by two, and the photos behind every cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.charts import Chart
from core.charts.confusion import Counts, confusion_chart
from core.charts.confusion_difference import confusion_difference_chart
from core.comparison.photos import ComparedPhoto, confusion_cells, photos_in_cell
from core.text.units import brief, count, percent, plain
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding

Cell = tuple[str, str]
"""(true class, answer)."""

_ONE_LINE = 38
"""Letters of the names above the matrices: on two lines one would push its matrix below the other."""
_FRAME = "#7768CE"
"""Around the chosen cell: reads on green, orange, blue and on both pages."""

_WHO: Mapping[tuple[bool, ...], str] = {
    (True, False): "Only A answers so",
    (False, True): "Only B answers so",
    (True, True): "Both answer so",
}
"""Headings of photos by whether A and whether B gave the answer of the cell."""


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
    parts.question(
        "Which classes are mixed up?",
        "Down: what the photo shows. Across: what the run answered. Click a cell: its photos are shown below.",
    )
    ids = [id_ for id_ in parts.require_answers(selected) if id_ in selected.comparison.evaluations]
    if not ids:
        return
    a, b = parts.choose_two(selected, ids, alone=True)
    cells = cells_of(selected, a, b)
    shown = Matrices(selected=selected, a=a, b=b, cells=cells, cell=cell_of(selected.address.cell, cells))
    (_two if b else _one)(shown)


def cells_of(selected: Selected, a: str, b: str | None) -> dict[Cell, tuple[int, int]]:
    """Photos of A and B in each cell that has any: mistakes first, the largest first, then what is right."""
    names, predictions = selected.comparison.class_names, selected.comparison.predictions
    found: dict[Cell, list[int]] = {}
    for place, run_id in enumerate((a, b)):
        for cell in confusion_cells(predictions[run_id], names) if run_id else ():
            found.setdefault((cell.true, cell.predicted), [0, 0])[place] = len(cell.digests)
    order = sorted(found, key=lambda cell: (cell[0] == cell[1], -sum(found[cell]), cell))
    return {cell: (found[cell][0], found[cell][1]) for cell in order}


def cell_of(asked: str, cells: Mapping[Cell, object]) -> Cell:
    """The cell that the URL names ("rose|tulip"); the largest mistake where it names none."""
    return next((cell for cell in cells if written(cell) == asked), next(iter(cells)))


def written(cell: Cell) -> str:
    return "|".join(cell)


def _one(shown: Matrices) -> None:
    chart = shown.chart(shown.a)
    finding(chart.title)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _matrix(shown, chart, shown.a, "a")
    with right:
        _photos(shown)


def _two(shown: Matrices) -> None:
    """A beside B; below them A minus B beside the photos of the chosen cell."""
    assert shown.b is not None
    called = (shown.selected.brief_names[shown.a], shown.selected.brief_names[shown.b])
    of_a, of_b = shown.counts(shown.a), shown.counts(shown.b)
    difference = confusion_difference_chart(of_a, of_b, shown.names, called, letters=("A", "B"))
    finding(difference.title)
    left, right = st.columns(2, gap="medium")
    for place, run_id, side in ((left, shown.a, "a"), (right, shown.b, "b")):
        with place:
            accuracy = percent(shown.selected.comparison.evaluations[run_id].accuracy).replace(" ", "\u00a0")
            name = brief(shown.selected.brief_names[run_id], _ONE_LINE)
            st.markdown(f"**{side.upper()}** {plain(name)}: {accuracy}")
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
    if place := _place(chart.figure, shown.cell):
        x, y = place
        frame = {"x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
        chart.figure.add_shape(type="rect", line={"width": 2.5, "color": _FRAME}, **frame)
    parts.chart(shown.selected, chart, key=key, alt=alt, selection_mode="points", on_select=lambda: _clicked(key))


def _place(figure: Any, cell: Cell) -> tuple[int, int] | None:
    """Column and row of a cell in the matrix; None where it is empty or, of very many classes, not drawn."""
    columns, rows = figure.layout.xaxis.categoryarray, figure.layout.yaxis.categoryarray
    marks = next(trace for trace in figure.data if trace.customdata is not None)
    for x, y, data in zip(marks.x, marks.y, marks.customdata, strict=True):
        if (data[3], data[4]) == cell:
            return columns.index(x), rows.index(y)
    return None


def _clicked(key: str) -> None:
    """The cell of a click into the URL. A second click on it takes the mark away, but its photos stay."""
    points = st.session_state[key]["selection"]["points"]
    custom = points[0].get("customdata") if points else None
    if custom and len(custom) > 4:
        address.change(cell=written((str(custom[3]), str(custom[4]))))


def _photos(shown: Matrices) -> None:
    """The photos of the chosen cell; cells can also be chosen from a list, for keyboards and phones."""
    st.session_state["compare.cell"] = shown.cell
    cell = st.selectbox(
        "Photos of a cell", list(shown.cells), key="compare.cell", help="Or click a cell of a matrix.",
        format_func=lambda cell: _words(cell, shown), on_change=_chosen,
    )  # fmt: skip
    predictions = shown.selected.comparison.predictions
    other = predictions[shown.b] if shown.b else None
    found = photos_in_cell(predictions[shown.a], other, shown.names, *cell)
    if shown.b:
        parts.letters(shown.selected, shown.a, shown.b)
    for title, compared in _groups(found, cell[1], two=bool(shown.b)):
        if title:
            st.markdown(f"**{title}**: {count(len(compared), 'photo')}")
        parts.photos(shown.selected, compared)


def _chosen() -> None:
    address.change(cell=written(st.session_state["compare.cell"]))


def _words(cell: Cell, shown: Matrices) -> str:
    said = f"{cell[0]} recognised" if cell[0] == cell[1] else f"{cell[0]} taken for {cell[1]}"
    of_a, of_b = shown.cells[cell]
    return f"{said}: {f'{of_a} by A, {of_b} by B' if shown.b else count(of_a, 'photo')}"


def _groups(found: Sequence[ComparedPhoto], given: str, *, two: bool) -> list[tuple[str, list[ComparedPhoto]]]:
    """Photos by which run predicted ``given``; a heading for each group that has any."""
    if not two:
        return [("", list(found))]
    groups: dict[str, list[ComparedPhoto]] = {title: [] for title in _WHO.values()}
    for photo in found:
        groups[_WHO[tuple(name == given for _, name, _ in photo.predictions)]].append(photo)
    return [(title, compared) for title, compared in groups.items() if compared]
