"""Which runs the leaderboard lists, and how: search, filters, order, columns. All of it stands in the URL."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from core.backbones import catalogue
from core.comparison import LARGE_FIRST, Board
from core.recipes.labels import PATTERNS, choice_title
from core.registry.search import LONGEST_TEXT
from core.runs.values import Status
from core.text.units import count, plain
from core.web.compare import address
from core.web.compare.address import Address
from core.web.compare.columns import TableColumn
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
        (above or st).text_input(
            "Search runs", icon=":material/search:", placeholder="Name, tag, note or id", label_visibility="collapsed",
            max_chars=LONGEST_TEXT, **address.bound("compare.q", "q", now.q),
        )  # fmt: skip
        filters = st.popover("Filter", icon=":material/filter_alt:", key=FILTERS, on_change="rerun")
        settings = st.popover("Table", icon=":material/view_column:", key=SETTINGS, on_change="rerun")
        if set_ := _active(now):
            st.button(
                f"Clear {count(set_, 'filter')}", key="compare.unfiltered", icon=":material/filter_alt_off:",
                type="tertiary", on_click=clear,
            )  # fmt: skip
    # Filled only while open: the browser keeps the last value of a widget in a closed popover and would send it back
    # over what the URL says by now.
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
    board, counts = bench.board(dataset_id), partial(bench.registry.value_counts, dataset_id=dataset_id)
    known, backbones, tags = counts("pattern"), counts("backbone"), counts("tags")
    patterns = [str(pattern) for pattern in PATTERNS if str(pattern) in known]
    _pills("Pattern", patterns, now.pattern, "pattern", partial(_counted, known))
    titles = {name: backbone_title(name, board) for name in (*backbones, *now.backbone)}
    if len(backbones) > 1 or now.backbone:
        _several("Backbone", list(backbones), now.backbone, "backbone", titles.__getitem__)
    if tags or now.tag:
        _several("Tags", list(tags), now.tag, "tag", str, help="Runs with all of these.")
    statuses = [status.value for status in STATUSES]
    _pills("Status", statuses, now.status, "status", lambda name: STATUSES[Status(name)][0])
    with st.container(horizontal=True):
        st.toggle("Starred only", **address.bound("compare.star", "star", now.star))
        st.toggle("Archived too", **address.bound("compare.archived", "archived", now.archived))


def clear() -> None:
    """Back to all finished runs."""
    address.change(**{field: getattr(Address(), field) for field in _FIELDS})


def _pills(label: str, options: Sequence[str], chosen: Sequence[str], field: str, say: Callable[[str], str]) -> None:
    options = [*options, *(name for name in chosen if name not in options)]
    st.pills(
        label, options, selection_mode="multi", format_func=say,
        **address.bound(f"compare.{field}", field, [name for name in options if name in chosen]),
    )  # fmt: skip


def _several(
    label: str, options: Sequence[str], chosen: Sequence[str], field: str, say: Callable[[str], str], help: str = ""
) -> None:
    """What the URL asks for can always be taken out."""
    options = [*options, *(name for name in chosen if name not in options)]
    st.multiselect(
        label, options, format_func=say, placeholder="Any", help=help or None,
        **address.bound(f"compare.{field}", field, list(chosen)),
    )  # fmt: skip


def _settings(now: Address, columns: Mapping[str, TableColumn], shown: Sequence[str]) -> None:
    sorts = dict.fromkeys(column.sort for column in columns.values() if column.sort)
    titles = {column.sort: column.title for column in reversed([*columns.values()]) if column.sort} | {"name": "Name"}
    order = [*sorts, "name"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Sort by", order, format_func=titles.__getitem__, help="Or click the head of a column.",
            **address.bound("compare.sort", "sort", now.sort if now.sort in order else order[0]),
        )  # fmt: skip
        st.segmented_control(
            "Order", [True, False], format_func=lambda down: "Large first" if down else "Small first", required=True,
            **address.bound("compare.desc", "desc", descending(now)),
        )  # fmt: skip
    st.pills(
        "Columns", list(columns), selection_mode="multi", format_func=lambda key: columns[key].title,
        **address.bound("compare.cols", "cols", list(shown)),
    )  # fmt: skip
    if now.cols:
        st.button(
            "Usual columns", key="compare.usual", icon=":material/undo:", on_click=address.change, kwargs={"cols": ()}
        )
    st.toggle(
        "Repetitions on one line", help="Runs that differ in nothing but the seed: their mean and spread.",
        **address.bound("compare.fold", "fold", now.fold),
    )  # fmt: skip


def descending(now: Address) -> bool:
    """Whether large values stand first: as the URL asks, else so that what is good stands first."""
    return now.sort in LARGE_FIRST if now.desc is None else now.desc


def backbone_title(name: str, board: Board) -> str:
    """``EfficientNet-Lite0`` of ``efficientnet_lite0``, the name of a run of its id; what is not known as it is."""
    return _TITLES.get(name) or (board.cell(name, "name") if name in board else name)


_TITLES = {backbone.name: backbone.title for backbone in catalogue()}


def _counted(counts: Mapping[str, int], pattern: str) -> str:
    return f"{plain(choice_title('pattern', pattern))} ({counts.get(pattern, 0)})"
