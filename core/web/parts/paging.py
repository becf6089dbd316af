"""Runs a page at a time."""

import streamlit as st

from core.registry.search import RunQuery
from core.runs.values import Run
from core.text.units import count
from core.workbench import Workbench


def page_of(bench: Workbench, wanted: RunQuery, *, key: str, per_page: int) -> tuple[list[Run], int]:
    """The runs of the page that ``pager`` with the same ``key`` is at, and how many there are in all."""
    page = st.session_state.get(key, 1)
    runs, total = bench.registry.search(wanted, limit=per_page, offset=per_page * (page - 1))
    if total and not runs:  # the last page went with the runs that were on it
        page = 1
        runs, total = bench.registry.search(wanted, limit=per_page)
    st.session_state[key] = page
    return runs, total


def pager(total: int, noun: str, *, key: str, per_page: int) -> None:
    """Where to turn pages; nothing when there is only one."""
    pages, page = -(-total // per_page), st.session_state[key]
    if pages < 2:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(f"Page of {pages}", 1, pages, key=key, width=160)
        last = min(total, per_page * page)
        st.caption(f"{per_page * (page - 1) + 1} to {last} of {count(total, noun)}", width="content")
