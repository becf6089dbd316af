"""Ticking lines of the leaderboard. The choice is in the URL, so other pages, orders and filters keep it."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.comparison.board_page import LARGE_FIRST, LeaderboardLine, lines_of
from core.datasets.values import Dataset
from core.web.compare import address
from core.web.compare.address import MOST, Address
from core.web.parts.run_table import TableColumn
from core.workbench import Workbench


def set_ticks(table: str, entries: Sequence[LeaderboardLine], chosen: Sequence[str]) -> None:
    """Before the table is drawn: tick the lines whose runs are chosen.

    The table identifies lines by their number only, so the ticks of another page have to be removed.
    """
    wanted, picked = set(chosen), st.session_state.get(table)
    rows = [number for number, entry in enumerate(entries) if wanted.intersection(entry.run_ids)]
    now = picked["selection"] if picked else {"rows": [], "columns": []}
    if sorted(now["rows"]) != rows or now["columns"]:
        st.session_state[table] = {"selection": {"rows": rows, "columns": []}}


def on_pick(table: str, entries: Sequence[LeaderboardLine], columns: Mapping[str, TableColumn]) -> None:
    """A line was ticked or unticked, or the head of a column clicked (``entries``: as they were drawn)."""
    now, picked = address.get(), st.session_state[table]["selection"]
    head = columns.get(picked["columns"][0]) if picked["columns"] else None
    runs = with_ticks(now.runs, entries, picked["rows"])
    if head is not None and head.sort:
        address.change(runs=runs, **order_after(now, head.sort))
    else:
        address.change(runs=runs)


def with_ticks(chosen: Sequence[str], entries: Sequence[LeaderboardLine], ticked: Sequence[int]) -> tuple[str, ...]:
    """The chosen runs after ticks on one page; a line stands for all its repetitions, other pages are not changed.

    A line of which only some runs are chosen keeps just these while it stays ticked.
    """
    before = set(chosen)
    gone = {run_id for number, entry in enumerate(entries) if number not in ticked for run_id in entry.run_ids}
    kept = [run_id for run_id in chosen if run_id not in gone]
    added = [
        run_id
        for number in sorted(ticked)
        if number < len(entries) and not before.intersection(entries[number].run_ids)
        for run_id in entries[number].run_ids
    ]
    return tuple([*kept, *added][:MOST])


def order_after(now: Address, sort: str) -> dict[str, str | bool | None]:
    """Another column is sorted with the best first; the same column is reversed."""
    if sort != now.sort:
        return {"sort": sort, "desc": None}
    natural = sort in LARGE_FIRST
    reversed_ = not (natural if now.desc is None else now.desc)
    return {"sort": sort, "desc": None if reversed_ == natural else reversed_}


def choose_all(bench: Workbench, dataset: Dataset) -> None:
    """All runs that match, on every page: the best first, at most ``MOST``."""
    now = address.get()
    board, rows = bench.board_rows(dataset.id, now.query, now.flags)
    lines = lines_of(board, rows, now.fold)
    rank = np.where(lines.rank > 0, lines.rank, len(lines.shown) + 1)[lines.of_line]
    address.change(runs=tuple(board.run_ids[lines.rows[np.argsort(rank, kind="stable")[:MOST]]].tolist()))
