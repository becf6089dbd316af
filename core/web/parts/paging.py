"""Runs in pages."""

from typing import Protocol

import streamlit as st

from core.runs.values import Run
from core.text.units import count


class FindRuns(Protocol):
    """A search for runs: those from ``offset`` on, at most ``limit``, and how many there are in all."""

    def __call__(self, *, limit: int, offset: int) -> tuple[list[Run], int]: ...


def page_of(find: FindRuns, *, key: str, per_page: int) -> tuple[list[Run], int]:
    """The runs of the page chosen in the ``pager`` with the same ``key``, and the number of all runs."""
    page = st.session_state.get(key, 1)
    runs, total = find(limit=per_page, offset=per_page * (page - 1))
    if total and not runs:  # all runs of the last page were deleted
        page = 1
        runs, total = find(limit=per_page, offset=0)
    st.session_state[key] = page
    return runs, total


def pager(total: int, noun: str, *, key: str, per_page: int) -> None:
    """Which ones are shown, and the other pages; nothing when there is only one page."""
    pages, page = -(-total // per_page), st.session_state[key]
    if pages < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        last = min(total, per_page * page)
        st.caption(f"{per_page * (page - 1) + 1} to {last} of {count(total, noun)}", width="content")
        st.pagination(pages, key=key, max_visible_pages=5)
