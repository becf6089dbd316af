"""Which runs the leaderboard lists, and how: search, filters, order, columns. All of it is in the URL."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.comparison.board_page import LARGE_FIRST
from core.recipes.labels import PATTERNS, choice_title
from core.text.units import count, plain
from core.web.compare import address
from core.web.compare.address import Address
from core.web.parts import run_filters
from core.web.parts.run_table import TableColumn
from core.web.parts.widgets import STATUSES
from core.workbench import Workbench

FILTERS, SETTINGS = "compare.filters", "compare.settings"
"""Keys of the two popovers."""
_FIELDS = ("q", "pattern", "backbone", "tag", "star", "status", "archived")


def toolbar(
    bench: Workbench,
    dataset_id: str,
    now: Address,
    columns: Mapping[str, TableColumn],
    shown: Sequence[str],
    *,
    narrow: bool = False,
) -> None:
    """Search, filters and table settings in one line; on a phone in two.

    Args:
        columns: that can be chosen. shown: keys of those that are.
    """
    above = st.container() if narrow else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_filters.search_box(partial(_bound, now), above or st, label_visibility="collapsed")
        filters = st.popover("Filter", icon=":material/filter_alt:", key=FILTERS, on_change="rerun")
        settings = st.popover("Table", icon=":material/view_column:", key=SETTINGS, on_change="rerun")
        if set_ := _active(now):
            st.button(
                f"Clear {count(set_, 'filter')}", key="compare.unfiltered", icon=":material/filter_alt_off:",
                type="tertiary", on_click=clear,
            )  # fmt: skip
    # Filled only while open: the browser keeps the last value of a widget in a closed popover and would send it back,
    # although the URL has another one by now.
    if filters.open:
        with filters:
            _filters(bench, dataset_id, now)
    if settings.open:
        with settings:
            _settings(now, columns, shown)


def _active(now: Address) -> int:
    """How many kinds of filter are set."""
    return sum(getattr(now, field) != getattr(Address(), field) for field in _FIELDS)


def _filters(bench: Workbench, dataset_id: str, now: Address) -> None:
    bind = partial(_bound, now)
    patterns, backbones, tags = (
        bench.registry.value_counts(column, dataset_id) for column in ("pattern", "backbone", "tags")
    )
    st.pills(
        "Pattern", _options([name for name in map(str, PATTERNS) if name in patterns], now.pattern),
        selection_mode="multi", format_func=partial(_counted, patterns), **bind("pattern"),
    )  # fmt: skip
    if len(backbones) > 1 or now.backbone:
        options = _options(backbones, now.backbone)
        st.multiselect(
            "Backbone", options, format_func=backbone_titles(bench, options).__getitem__,
            placeholder="Any", **bind("backbone"),
        )  # fmt: skip
    run_filters.tag_box(bind, tags)
    run_filters.status_pills(bind, list(STATUSES))
    with st.container(horizontal=True):
        run_filters.switches(bind)


def _options(known: Iterable[str], chosen: Iterable[str]) -> list[str]:
    """What the URL asks for is always offered, so that it can be removed."""
    return list(dict.fromkeys([*known, *chosen]))


def _bound(now: Address, field: str) -> dict[str, Any]:
    value = getattr(now, field)
    return address.bound(f"compare.{field}", field, list(value) if isinstance(value, tuple) else value)


def clear() -> None:
    """Back to all finished runs."""
    address.change(**{field: getattr(Address(), field) for field in _FIELDS})


def _settings(now: Address, columns: Mapping[str, TableColumn], shown: Sequence[str]) -> None:
    sorts = dict.fromkeys(column.sort for column in columns.values() if column.sort)
    titles = {column.sort: column.title for column in reversed([*columns.values()]) if column.sort} | {"name": "Name"}
    order = [*sorts, "name"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Sort by", order, format_func=titles.__getitem__, help="Or click the header of a column.",
            **address.bound("compare.sort", "sort", now.sort if now.sort in order else order[0]),
        )  # fmt: skip
        st.segmented_control(
            "Order", [True, False], format_func=lambda down: "Descending" if down else "Ascending", required=True,
            **address.bound("compare.desc", "desc", descending(now)),
        )  # fmt: skip
    st.pills(
        "Columns", list(columns), selection_mode="multi", format_func=lambda key: columns[key].title,
        **address.bound("compare.cols", "cols", list(shown)),
    )  # fmt: skip
    if now.cols:
        st.button(
            "Default columns", key="compare.usual", icon=":material/undo:", on_click=address.change, kwargs={"cols": ()}
        )
    st.toggle(
        "Group repetitions", help="Runs that differ only in the seed share a line with their mean and spread.",
        **address.bound("compare.fold", "fold", now.fold),
    )  # fmt: skip


def descending(now: Address) -> bool:
    """Whether large values come first: as the URL asks, else so that the best come first."""
    return now.sort in LARGE_FIRST if now.desc is None else now.desc


def backbone_titles(bench: Workbench, names: Iterable[str]) -> dict[str, str]:
    """``Lite0`` for ``efficientnet_lite0``, the name of a run for its id; an unknown name as it is."""
    known = {backbone.name: backbone.short_title for backbone in bench.known_backbones()}
    titles = {name: known.get(name, name) for name in names}
    runs = bench.registry.runs_of([name for name in titles if name not in known])
    return titles | {run.id: run.name for run in runs}


def _counted(counts: Mapping[str, int], pattern: str) -> str:
    return f"{plain(choice_title('pattern', pattern))} ({counts.get(pattern, 0)})"
