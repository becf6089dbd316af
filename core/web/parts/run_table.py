"""The table of runs with ticks on the pages Runs and Compare, each with its own set of columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from core.web.parts import tables
from core.web.parts.run_names import fitting
from core.web.parts.widgets import colour_swatch

NARROW_NAME = 140
"""Largest width of the names on a phone, in pixels, so that the accuracy is visible beside them."""
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


def colour_column(colour: Callable[[Any], str], **options: Any) -> TableColumn:
    """A dot in the colour of each line; ``options`` of ``colour_swatch``."""
    return TableColumn(
        key="colour", title="●", help="The colour of the run in every chart.",
        cell=lambda line: colour_swatch(colour(line), **options),
        config=st.column_config.ImageColumn, options={"width": 36, "pinned": True},
    )  # fmt: skip


def name_column(lines: Sequence[RunLine], widest: int) -> TableColumn:
    """The names, shortened to ``widest`` pixels but still distinct."""
    names = fitting({line.run_id: line.name for line in lines}, widest)
    return TableColumn(
        key="name", title="Run", cell=lambda line: names[line.run_id],
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
    **options: Any,
) -> Any:
    """The table; returns the ticked rows.

    Args:
        sort, descending: what the lines are sorted by, shown in the header of its column.
        options: of ``st.dataframe``.
    """
    return tables.table(
        [{column.key: column.cell(line) for column in columns} for line in lines],
        key=key,
        formats={column.key: column.label for column in columns if column.label},
        columns={column.key: column.config_for(lines, sort, descending) for column in columns},
        **options,
    )
