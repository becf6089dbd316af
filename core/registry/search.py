"""Search: which runs match a query. Used by all pages and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select

from core.errors import InvalidInput
from core.recipes.patterns import WITH_MEMBERS
from core.registry.connection import Store
from core.registry.functions import each_text, in_one_array, members_in, position
from core.registry.runs import NEWEST_FIRST, read_runs, some_runs
from core.registry.schema import equal, ids_in, models, runs
from core.registry.search_text import normalised
from core.runs.values import Run, Status

ENDED = tuple(status for status in Status if status.ended)
LONGEST_TEXT = 200
"""Letters of the text that is searched for."""
_SORTS = {
    "newest": NEWEST_FIRST,
    "most accurate": (runs.c.test_accuracy.desc().nulls_last(), *NEWEST_FIRST),
    "fastest": (runs.c.wall_seconds.asc().nulls_last(), *NEWEST_FIRST),
    "slowest": (runs.c.wall_seconds.desc().nulls_last(), *NEWEST_FIRST),
    "name": (func.substr(runs.c.search, 1, position(runs.c.search, "\n")), *NEWEST_FIRST),
}
SORTS = tuple(_SORTS)


@dataclass(frozen=True, kw_only=True)
class RunQuery:
    """Which runs, in which order. An empty tuple means any value.

    Args:
        text: words that must all occur in id, name, notes, tags, pattern or backbone, whatever their case and Unicode
            form; part of a word is enough, and no character is a wildcard.
        statuses, patterns, backbones: one of these. tags: all of these.
        member: only runs whose recipe names this backbone or run as a member; "" for any.
        starred: only starred runs. archived: archived runs too. with_model: only runs whose weights still exist.
        sort: one of ``SORTS``.

    Raises:
        InvalidInput: the text is too long, or the sort is unknown.
    """

    dataset_id: str | None = None
    text: str = ""
    statuses: tuple[Status, ...] = ENDED
    patterns: tuple[str, ...] = ()
    backbones: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    member: str = ""
    starred: bool = False
    archived: bool = False
    with_model: bool = False
    sort: str = SORTS[0]

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise InvalidInput(f"Runs can be sorted by: {', '.join(SORTS)}. Received: {self.sort!r}")
        if len(self.text) > LONGEST_TEXT:
            raise InvalidInput(f"Search for up to {LONGEST_TEXT} letters. Received: {len(self.text)}")


class Search(Store):
    """Runs that match a query."""

    def search(self, query: RunQuery, *, limit: int | None = None, offset: int = 0) -> tuple[list[Run], int]:
        """One page of the matching runs, and how many match in all."""
        matching = _conditions(query)
        page = some_runs(matching, _SORTS[query.sort], limit, offset)
        with self.reading() as connection:
            total = connection.scalar(select(func.count()).select_from(runs).where(*matching)) or 0
            return read_runs(connection, page), total

    def matching_numbers(self, query: RunQuery, since: int = -1) -> list[int]:
        """The numbers of all matching runs, unordered.

        Args:
            since: only runs that changed after this revision of their dataset.
        """
        changed = () if since < 0 else (runs.c.revision > since,)
        with self.reading() as connection:
            return connection.scalar(select(in_one_array(runs.c.number)).where(*_conditions(query), *changed)) or []


def _conditions(query: RunQuery) -> list[ColumnElement[bool]]:
    one_of = {"status": query.statuses, "pattern": query.patterns, "backbone": query.backbones}
    conditions: list[ColumnElement[bool]] = [runs.c[name].in_(values) for name, values in one_of.items() if values]
    conditions += equal(runs.c.dataset_id, query.dataset_id)
    if query.member:
        conditions.append(have_member([query.member]))
    if query.starred:
        conditions.append(runs.c.starred.is_(True))
    if not query.archived:
        conditions.append(runs.c.archived.is_(False))
    if query.with_model:
        conditions.append(exists(select(models.c.id).where(models.c.run_id == runs.c.id)))
    words = dict.fromkeys(normalised(query.text).split())
    return conditions + [_has(tag) for tag in query.tags] + [position(runs.c.search, word) > 0 for word in words]


def have_member(names: Sequence[str]) -> ColumnElement[bool]:
    """Recipes that name one of these as a member; those of other patterns are not parsed."""
    members = members_in(runs.c.recipe).table_valued("value")
    names_one = exists(select(members.c.value).where(members.c.value.in_(ids_in(names))))
    return runs.c.pattern.in_(WITH_MEMBERS) & names_one


def _has(tag: str) -> ColumnElement[bool]:
    each = each_text(runs.c.tags).table_valued("value")
    return exists(select(each.c.value).where(each.c.value == tag))
