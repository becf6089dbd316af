"""The table of runs with ticks on the pages Runs and Compare, each with its own set of columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from core.web.parts import tables
from core.web.parts.run_names import fitting, lines_for, row_height
from core.web.parts.widgets import colour_swatch

NARROW_NAME = 140
"""Largest width of the names on a phone, in pixels, so that the accuracy is visible beside them."""
_TALL_PICTURE = 32
MARKS = "★", "champion", "archived"
CHIPS = st.column_config.MultiselectColumn


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """The fields of a line that every set of columns uses.

    Args:
        run_id: of the run shown. name: no other line has it. marks: those of ``MARKS`` that apply.
    """

    run_id: str
    name: str
    marks: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """One column.

    Args:
        key: in the table and in URLs. title, help: of its head.
        cell: its value for a line; label: how a numeric value is written (the browser sorts by the number).
        figure: the metric or cost of a run that it shows, None for words. sort: what a click on its head sorts by.
        usual: shown until the visitor chooses columns.
        config, options: the ``st.column_config`` of its kind; ``fitted``: more options, from the lines.
        informative: whether it distinguishes these lines; others are left out until the user chooses columns.
        row_height: pixels of the rows that it needs, None where any will do.
        whole: what ``cell`` shortens, for the table as text.
    """

    key: str
    title: str
    cell: Callable[[Any], Any]
    help: str | None = None
    label: Callable[[Any], str] | None = None
    figure: str | None = None
    sort: str | None = None
    usual: bool = True
    config: Callable[..., Any] = partial(st.column_config.TextColumn, alignment="right")
    options: Mapping[str, Any] = field(default_factory=dict)
    fitted: Callable[[Sequence[Any]], Mapping[str, Any]] = lambda lines: {}
    informative: Callable[[Sequence[Any]], bool] = lambda lines: True
    row_height: int | None = None
    whole: Callable[[Any], Any] | None = None

    def config_for(self, lines: Sequence[Any], sort: str, descending: bool) -> Any:
        """The configuration, with an arrow in the header of the column that the lines are sorted by."""
        sorted_by = self.sort is not None and self.sort == sort and self.key == (self.figure or self.sort)
        arrow = (" ↓" if descending else " ↑") if sorted_by else ""
        return self.config(f"{self.title}{arrow}", help=self.help, **self.options, **self.fitted(lines))


def marks(*, starred: bool, champion: bool, archived: bool) -> list[str]:
    """The marks of a line."""
    return [mark for mark, applies in zip(MARKS, (starred, champion, archived), strict=True) if applies]


def _wide_enough(lines: Sequence[RunLine]) -> dict[str, int]:
    """Just wide enough for the chips of the widest line, so that more columns are visible."""
    return {"width": max(66, *(14 + sum(24 + 7 * len(mark) for mark in line.marks) for line in lines))}


MARKS_COLUMN = TableColumn(
    key="marks",
    title="Marks",
    help="★ starred, champion of its dataset, archived.",
    cell=lambda line: list(line.marks),
    config=CHIPS,
    options={"options": MARKS, "color": ["yellow", "violet", "gray"]},
    fitted=_wide_enough,
    informative=lambda lines: any(line.marks for line in lines),
)


def colour_column(colour: Callable[[Any], str], *, tall: bool = False) -> TableColumn:
    """A dot in the colour of each line.

    Args:
        tall: whether the rows are as high as ``TALL_ROW``; the dot is as large as in others.
    """
    options = {"height": _TALL_PICTURE} if tall else {}
    return TableColumn(
        key="colour", title="●", help="The colour of the run in every chart.",
        cell=lambda line: colour_swatch(colour(line), **options),
        config=st.column_config.ImageColumn, options={"width": 36, "pinned": True},
    )  # fmt: skip


def name_column(lines: Sequence[RunLine], widest: int, *, wrapped: bool) -> TableColumn:
    """The names, shortened to ``widest`` pixels but still distinct.

    Args:
        wrapped: whether long ones continue on further lines.
    """
    whole = {line.run_id: line.name for line in lines}
    high = lines_for(whole.values(), widest, wrapped=wrapped)
    names = fitting(whole, widest, high)
    return TableColumn(
        key="name", title="Run", cell=lambda line: names[line.run_id], row_height=row_height(high),
        whole=lambda line: line.name,
        config=lambda title, help: tables.name_column(title, list(names.values()), widest=widest),
    )  # fmt: skip


def usual(columns: Mapping[str, TableColumn], lines: Sequence[Any], only: Sequence[str] = ()) -> list[TableColumn]:
    """The columns shown until the user chooses some: those that distinguish these lines.

    Args:
        only: keys of the columns that fit on a phone, in their order; () for all.
    """
    offered = [columns[key] for key in only or columns if key in columns]
    return [column for column in offered if column.usual and column.informative(lines)]


def draw(
    lines: Sequence[Any],
    columns: Sequence[TableColumn],
    *,
    key: str,
    sort: str = "",
    descending: bool = False,
    most: int | None = None,
    **options: Any,
) -> Any:
    """The table; returns the ticked rows.

    Args:
        sort, descending: what the lines are sorted by, shown in the header of its column.
        most: rows that are seen at once; more can be scrolled to.
        options: of ``st.dataframe``.
    """
    if high := [column.row_height for column in columns if column.row_height]:
        options["row_height"] = max(high)
    if most is not None:
        row = options.get("row_height", tables.ROW_HEIGHT)
        options["height"] = row * min(len(lines), most) + tables.ROW_HEIGHT + 3
    return tables.table(
        [{column.key: column.cell(line) for column in columns} for line in lines],
        key=key,
        formats={column.key: column.label for column in columns if column.label},
        columns={column.key: column.config_for(lines, sort, descending) for column in columns},
        whole=lambda: [{column.key: (column.whole or column.cell)(line) for column in columns} for line in lines],
        **options,
    )
