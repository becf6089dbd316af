"""The leaderboard: all runs of a dataset that match, a page at a time. The ticked runs are compared."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.charts.styles import run_style
from core.comparison.board import Board
from core.comparison.board_page import BoardPage
from core.comparison.table import rank_text
from core.comparison.verdict import Verdict
from core.datasets.values import Dataset
from core.text.units import count
from core.web.compare import address, filters, selection
from core.web.compare.address import MOST, SIZES, Address
from core.web.compare.columns import TableLine, columns
from core.web.compare.lines import all_rows, lines_of
from core.web.compare.selected import Selected
from core.web.parts import organise, run_table
from core.web.parts.device import is_narrow
from core.web.parts.downloads import downloads
from core.web.parts.run_table import TableColumn
from core.workbench import Workbench

TABLE = "compare.table"
_ON_A_PHONE = ("status", "use", "accuracy", "verdict", "alone_wall_seconds")
_COMPACT = (*_ON_A_PHONE, "repetitions")
"""Keys of the columns beside a chart."""
_WIDE_NAME, _COMPACT_NAME, _PHONE_NAME = 262, 178, 112
"""Pixels of the longest name; beside a chart and on a phone it may take several lines."""
_ROW = 40
"""Pixels: enough for a finger, and for photos that can be made out."""
_PLACE = TableColumn(
    key="place", title="#", help="Rank by accuracy; at equal accuracy the shorter training time comes first.",
    cell=lambda line: line.entry.rank, config=st.column_config.NumberColumn, options={"width": 40},
)  # fmt: skip


_MOVED = TableColumn(
    key="place", title="Rank", help="Rank by accuracy on the test photos that are left; 3 → 1: it was 3 with all.",
    cell=lambda line: rank_text(line.entry.rank, line.entry.rank_with_all), config=st.column_config.TextColumn,
    options={"width": 70},
)  # fmt: skip


def is_compact(now: Address) -> bool:
    """Whether the table has few enough columns to stand beside a chart."""
    return len(now.cols) <= len(_ON_A_PHONE)


def show(bench: Workbench, dataset: Dataset, now: Address, chosen: Sequence[str], selected: Selected | None) -> None:
    """The whole panel.

    Args:
        chosen: ids of the ticked runs. selected: the compared runs, whose verdict the lines show.
    """
    board, _ = bench.board_rows(dataset.id, now.query, now.flags)
    narrow, compact = is_narrow(), is_compact(now)
    page = bench.board_page(
        dataset.id, now.query, sort=now.sort, descending=now.desc, fold=now.fold,
        start=(now.page - 1) * now.size, size=now.size, without=now.flags,
    )  # fmt: skip
    verdict = selected.comparison.verdict if selected else None
    pictures = bool(now.cols)
    lines = lines_of(bench, dataset, page, verdict, pictures=pictures, subset=bench.subset(dataset.id, now.flags))
    offered = _offered(bench, board, verdict, selected is not None and selected.chosen)
    shown = _shown(offered, now, lines, narrow)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="board.top"):
        st.header("Leaderboard", anchor="leaderboard", width="content")
        _more_columns(now, offered, lines)
    filters.toolbar(bench, dataset.id, now, offered, [column.key for column in shown], narrow=narrow)
    if not page.lines:
        _nothing(board)
    else:
        _table(now, chosen, lines, shown, small=narrow or compact)
        _pages(now, page)
        _choice(bench, dataset, chosen, page)
        name = f"{dataset.name}-v{dataset.version}-leaderboard"
        downloads(partial(all_rows, bench, dataset, now), name, "compare.leaderboard")
    if chosen:
        organise.bar(bench, dataset, chosen, key="compare.organise")


def _offered(bench: Workbench, board: Board, verdict: Verdict | None, chosen: bool) -> dict[str, TableColumn]:
    """All columns except metrics and costs that no run has."""
    rate, currency = bench.rate()
    tests, runs = (verdict.comparisons, verdict.runs) if verdict else (0, 0)
    return {
        key: one
        for key, one in columns(currency, tests, runs if chosen else 0).items()
        if one.figure is None or np.isfinite(board.number(one.figure, rate)).any()
    }


def _shown(
    offered: Mapping[str, TableColumn], now: Address, lines: Sequence[TableLine], narrow: bool
) -> list[TableColumn]:
    """The columns of the URL, else those that fit beside a chart, or on a phone, and are not empty."""
    asked = [column for key, column in offered.items() if key in now.cols]
    return asked or run_table.usual(offered, lines, _ON_A_PHONE if narrow else _COMPACT)


def _nothing(board: Board) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("**No run matches**", text_alignment="center")
        st.caption(f"This dataset has {count(len(board), 'run')}.", text_alignment="center")
        st.button("Clear filters", key="compare.cleared", icon=":material/filter_alt_off:", on_click=filters.clear)


def _more_columns(now: Address, offered: Mapping[str, TableColumn], lines: Sequence[TableLine]) -> None:
    """Between the columns that fit beside the chart and all usual ones."""
    usual = tuple(
        key for key, one in offered.items() if one.usual and (key in ("curve", "hardest") or one.informative(lines))
    )
    st.button(
        "Fewer columns" if now.cols else "All columns", key="compare.columns", type="tertiary",
        icon=":material/view_column:", on_click=address.change, kwargs={"cols": () if now.cols else usual},
        help="Metrics, curves, hardest photos and more costs; the table then has the whole width.",
    )  # fmt: skip


def _choice(bench: Workbench, dataset: Dataset, chosen: Sequence[str], page: BoardPage) -> None:
    """How many runs are chosen, and buttons that choose many at once."""
    with st.container(horizontal=True, vertical_alignment="center", key="compare.choice"):
        selected = f"**{count(len(chosen), 'run')} selected**" if chosen else "Select runs to compare only these."
        st.caption(selected, width="content")
        label = f"Select all {page.runs}" if page.runs <= MOST else f"Select the best {MOST}"
        st.button(
            label, key="compare.all", type="tertiary", icon=":material/select_all:", on_click=selection.choose_all,
            args=(bench, dataset), help="All runs that match, on every page.",
        )  # fmt: skip
        if chosen:
            st.button(
                "Clear selection", key="compare.none", type="tertiary", icon=":material/deselect:",
                on_click=address.change, kwargs={"runs": ()}, help="Then the best runs are compared.",
            )  # fmt: skip


def _table(
    now: Address,
    chosen: Sequence[str],
    lines: Sequence[TableLine],
    shown: Sequence[TableColumn],
    *,
    small: bool,
) -> None:
    widest = _PHONE_NAME if is_narrow() else _COMPACT_NAME if small else _WIDE_NAME
    name = run_table.name_column(lines, widest, wrapped=small)
    colour = run_table.colour_column(lambda line: run_style(line.cell("colour")).colour, tall=bool(name.row_height))
    entries = [line.entry for line in lines]
    selection.set_ticks(TABLE, entries, chosen)
    run_table.draw(
        lines,
        [colour, *_places(now, small=small), name, *shown],
        key=TABLE,
        sort=now.sort,
        descending=filters.descending(now),
        height="content",
        alt="Leaderboard: the runs that match, one per line",
        row_height=_ROW,
        on_select=partial(selection.on_pick, TABLE, entries, {column.key: column for column in shown}),
        selection_mode=["multi-row", "single-column"],
    )


def _places(now: Address, *, small: bool) -> tuple[TableColumn, ...]:
    """Always shown where photos are left out, since ranks may have changed."""
    return (_MOVED,) if now.without else () if small else (_PLACE,)


def _pages(now: Address, page: BoardPage) -> None:
    """Which lines these are, and the other pages."""
    pages = -(-page.lines // now.size)
    last = min(page.start + now.size, page.lines)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        every = f"{page.lines} lines ({page.runs} runs)" if page.runs > page.lines else count(page.lines, "run")
        st.caption(f"{page.start + 1} to {last} of {every}", width="content")
        if pages > 1:
            at = min(now.page, pages)
            st.pagination(pages, max_visible_pages=5, **address.bound("compare.page", "page", at))
        if page.lines > SIZES[0]:
            st.segmented_control(
                "Lines", SIZES, label_visibility="collapsed", required=True,
                **address.bound("compare.size", "size", now.size),
            )  # fmt: skip
