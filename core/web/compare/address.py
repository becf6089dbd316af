"""The state of the page Compare in its URL: a link, a reload and the back button show the same page again.

The URL is not trusted: an invalid value is ignored as if it were missing. Streamlit's ``bind="query-params"`` cannot
hold this state: a bound parameter cannot be written by anything but its widget (here a click on a chart or another
dataset changes several at once), and it leaves the URL while its widget is not drawn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import streamlit as st

from core.charts.curves import OVER
from core.comparison.board_page import SORTS
from core.comparison.cost_axes import COSTS
from core.comparison.curves import METRICS
from core.curation.flags import Flag
from core.registry.search import LONGEST_TEXT, RunQuery
from core.runs.values import Status

MOST = 500
"""Runs that can be chosen at once."""

SIZES = (10, 25, 50)
_ANY = "any"
_LONGEST = LONGEST_TEXT
"""Letters of one value."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """The parameters of the URL; the defaults are those of a bare ``/compare``.

    Args:
        dataset: id, name or name:version. runs: ids of the chosen runs; with () the best ones are compared.
        view: a key of ``VIEWS``; cost: of ``COSTS``; metric: of ``METRICS``; over: the x axis of learning curves.
        q, pattern, backbone, tag, star, status, archived: filters of the leaderboard; ``status`` () means any.
        sort, desc, page, size, cols, fold: how the leaderboard is shown. ``desc`` None: the best first. ``page``
            counts from 1. ``cols`` (): the usual columns. ``fold``: repetitions of a recipe on one line.
        a, b: the two runs head to head. cell: "true|predicted", the chosen cell of a confusion matrix.
        without: the test photos that are left out, words of ``Flag``; () for none.
    """

    dataset: str = ""
    runs: tuple[str, ...] = ()
    view: str = ""
    cost: str = next(iter(COSTS))
    metric: str = "val_accuracy"
    over: str = next(iter(OVER))
    q: str = ""
    pattern: tuple[str, ...] = ()
    backbone: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    star: bool = False
    status: tuple[str, ...] = (Status.FINISHED.value,)
    archived: bool = False
    sort: str = SORTS[0]
    desc: bool | None = None
    page: int = 1
    size: int = SIZES[0]
    cols: tuple[str, ...] = ()
    fold: bool = True
    a: str = ""
    b: str = ""
    cell: str = ""
    without: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Which test photos are left out."""
        return tuple(map(Flag, self.without))

    @property
    def query(self) -> RunQuery:
        """Which runs the leaderboard lists."""
        return RunQuery(
            text=self.q,
            statuses=tuple(map(Status, self.status)),
            patterns=self.pattern,
            backbones=self.backbone,
            tags=self.tag,
            starred=self.star,
            archived=self.archived,
        )


_FILTERS = frozenset(
    ("q", "pattern", "backbone", "tag", "star", "status", "archived", "sort", "desc", "size", "fold", "without")
)
"""Fields after whose change the leaderboard starts at its first page."""
_JOINED = frozenset(("runs", "cols", "without"))
"""Lists of ids without commas, written as ``runs=a,b`` to keep long links short. Other lists repeat their name."""


def get() -> Address:
    """The address of this visit, from ``st.query_params``."""
    return parse({name: st.query_params.get_all(name) for name in st.query_params})


def change(**changed: Any) -> None:
    """Write changed fields into the URL; for callbacks of widgets.

    Another filter or order starts at the first page, another sort with the best first, another dataset without
    selection and filters.
    """
    now = get()
    if changed.get("dataset", now.dataset) != now.dataset:
        now = replace(Address(), view=now.view, cost=now.cost, metric=now.metric, over=now.over, size=now.size)
    if changed.keys() & _FILTERS:
        changed.setdefault("page", 1)
    if "sort" in changed:
        changed.setdefault("desc", None)
    st.query_params.from_dict(params(replace(now, **changed)))


def bound(key: str, field: str, value: Any) -> dict[str, Any]:
    """Options that bind a widget to a field: it shows ``value``, and its changes are written into the URL."""
    st.session_state[key] = value
    return {"key": key, "on_change": _into_url, "args": (key, field)}


def _into_url(key: str, field: str) -> None:
    value = st.session_state[key]
    change(**{field: tuple(value) if isinstance(value, list | tuple) else value})


def parse(query: Mapping[str, list[str]]) -> Address:
    """The address from ``query`` (all values by name); invalid values are left out."""
    read: dict[str, Any] = {}
    for field in fields(Address):
        values = [value for value in query.get(field.name, ()) if field.name in _JOINED or len(value) <= _LONGEST]
        if values and (found := _READ[field.name](values)) is not None:
            read[field.name] = found
    return Address(**read)


def params(address: Address) -> dict[str, str | list[str]]:
    """The query parameters: every field that differs from its default."""
    values = {field.name: getattr(address, field.name) for field in fields(Address)}
    defaults = vars(Address())
    return {name: _written(name, value) for name, value in values.items() if value != defaults[name]}


def _written(name: str, value: Any) -> str | list[str]:
    if isinstance(value, tuple):
        return ",".join(value) if name in _JOINED else list(value) or _ANY
    return str(int(value)) if isinstance(value, bool) else str(value)


def _text(values: list[str]) -> str:
    return values[-1]


def _one_of(*known: str) -> Callable[[list[str]], str | None]:
    return lambda values: values[-1] if values[-1] in known else None


def _several(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _joined(values: list[str]) -> tuple[str, ...]:
    parts = dict.fromkeys(part.strip() for part in ",".join(values).split(","))
    return tuple(part for part in parts if part and len(part) <= _LONGEST)[:MOST]


def _statuses(values: list[str]) -> tuple[str, ...] | None:
    known = tuple(status.value for status in Status if status.value in values)
    return known if known or _ANY in values else None


def _flag(values: list[str]) -> bool | None:
    return {"0": False, "1": True}.get(values[-1])


def _flags(values: list[str]) -> tuple[str, ...]:
    named = _joined(values)
    return tuple(str(flag) for flag in Flag if flag in named)


def _page(values: list[str]) -> int | None:
    text = values[-1]
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000 else None


def _size(values: list[str]) -> int | None:
    return next((size for size in SIZES if str(size) == values[-1]), None)


_READ: dict[str, Callable[[list[str]], Any]] = {
    **dict.fromkeys(("dataset", "view", "q", "a", "b", "cell"), _text),
    **dict.fromkeys(("runs", "cols"), _joined),
    **dict.fromkeys(("pattern", "backbone", "tag"), _several),
    **dict.fromkeys(("star", "archived", "desc", "fold"), _flag),
    "cost": _one_of(*COSTS),
    "metric": _one_of(*METRICS),
    "over": _one_of(*OVER),
    "sort": _one_of(*SORTS),
    "status": _statuses,
    "without": _flags,
    "page": _page,
    "size": _size,
}
