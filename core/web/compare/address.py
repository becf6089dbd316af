"""Everything the page Compare can be asked for, in its URL: a link, a reload and the way back show the same again.

What a URL says is never trusted: a value that makes no sense is ignored, as if it had not been there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import streamlit as st

from core.comparison.board_page import SORTS
from core.comparison.cost_axes import COSTS
from core.comparison.curves import METRICS
from core.registry.search import LONGEST_TEXT, RunQuery
from core.runs.values import Status

MOST = 500
"""Runs that can be chosen at once."""

SIZES = (10, 25, 50)
OVERS = ("epoch", "wall", "paid")
_ANY = "any"
_LONGEST = LONGEST_TEXT
"""Letters of one value."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """What the URL asks for; the defaults are what a bare ``/compare`` shows.

    Args:
        dataset: id, name or name:version. runs: ids of the chosen runs; () none: the best ones are shown.
        view: a key of ``VIEWS``; cost: of ``COSTS``; metric: of ``METRICS``; over: what a learning curve runs over.
        q, pattern, backbone, tag, star, status, archived: filters of the leaderboard; ``status`` () means any.
        sort, desc, page, size, cols, fold: how the leaderboard is shown. ``desc`` None: the better first. ``page``
            counts from 1. ``cols`` (): the usual columns. ``fold``: repetitions of a recipe on one line.
        a, b: the two runs head to head. cell: "true|predicted", the chosen cell of a confusion matrix.
    """

    dataset: str = ""
    runs: tuple[str, ...] = ()
    view: str = ""
    cost: str = next(iter(COSTS))
    metric: str = "val_accuracy"
    over: str = OVERS[0]
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


_FILTERS = frozenset(("q", "pattern", "backbone", "tag", "star", "status", "archived", "sort", "desc", "size", "fold"))
"""Fields after whose change the leaderboard begins with its first page again."""
_JOINED = frozenset(("runs", "cols"))
"""Ids without commas: ``runs=a,b`` keeps a long link short. Other lists repeat their name."""


def get() -> Address:
    """The address of this visit, from ``st.query_params``."""
    return parse({name: st.query_params.get_all(name) for name in st.query_params})


def change(**changed: Any) -> None:
    """Write changed fields into the URL; for callbacks of widgets.

    Another filter or order begins with the first page again, another sort with what is good, another dataset with
    nothing chosen and no filter.
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
    """Options that tie a widget to a field: it shows ``value``, and what is chosen goes into the URL."""
    st.session_state[key] = value
    return {"key": key, "on_change": _into_url, "args": (key, field)}


def _into_url(key: str, field: str) -> None:
    value = st.session_state[key]
    change(**{field: tuple(value) if isinstance(value, list | tuple) else value})


def parse(query: Mapping[str, list[str]]) -> Address:
    """The address that ``query`` (all values by name) says; what makes no sense is left out."""
    read: dict[str, Any] = {}
    for field in fields(Address):
        values = [value for value in query.get(field.name, ()) if field.name in _JOINED or len(value) <= _LONGEST]
        if values and (found := _READ[field.name](values)) is not None:
            read[field.name] = found
    return Address(**read)


def params(address: Address) -> dict[str, str | list[str]]:
    """What to put into the URL: whatever differs from the defaults."""
    written = {}
    for field in fields(Address):
        value = getattr(address, field.name)
        if value != field.default:
            written[field.name] = _written(field.name, value)
    return written


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
    "over": _one_of(*OVERS),
    "sort": _one_of(*SORTS),
    "status": _statuses,
    "page": _page,
    "size": _size,
}
