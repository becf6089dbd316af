"""Finding runs among thousands: filtered, sorted and cut into pages by SQLite, so that a page costs what it shows."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select

from core.errors import InvalidInput
from core.registry.connection import Store
from core.registry.runs import RUN_COLUMNS, run_of
from core.registry.schema import models, runs
from core.runs.values import Run, Status

_ENDED = tuple(status for status in Status if status.ended)
_NEWEST = (runs.c.created_at.desc(), runs.c.number.desc())
_SORTS = {
    "newest": _NEWEST,
    "most accurate": (runs.c.test_accuracy.desc().nulls_last(), *_NEWEST),
    "fastest": (runs.c.wall_seconds.asc().nulls_last(), *_NEWEST),
    "slowest": (runs.c.wall_seconds.desc().nulls_last(), *_NEWEST),
    "name": (runs.c.name.collate("NOCASE"), *_NEWEST),
}
SORTS = tuple(_SORTS)
_SEARCHED = ("id", "name", "notes", "pattern", "backbone")


@dataclass(frozen=True, kw_only=True)
class RunQuery:
    """Which runs, in which order.

    Args:
        text: words, each of which is somewhere in the id, name, notes, tags, pattern or backbone.
        statuses: any of these; the endings when (). tags: all of these; () for whatever tags.
        starred: only those with a star. archived: also those that were put away. with_model: only those whose weights
            are there.
        sort: one of ``SORTS``.
    """

    dataset_id: str | None = None
    text: str = ""
    statuses: tuple[Status, ...] = ()
    tags: tuple[str, ...] = ()
    starred: bool = False
    archived: bool = False
    with_model: bool = False
    sort: str = SORTS[0]

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise InvalidInput(f"Runs can be sorted by: {', '.join(SORTS)}. Received: {self.sort!r}")


class Search(Store):
    """Searches among runs."""

    def search(self, wanted: RunQuery, *, limit: int | None = None, offset: int = 0) -> tuple[list[Run], int]:
        """One page of the runs that are wanted, and how many there are in all."""
        conditions = _conditions(wanted)
        query = select(*RUN_COLUMNS).where(*conditions).order_by(*_SORTS[wanted.sort]).limit(limit).offset(offset)
        with self.reading() as connection:
            total = connection.scalar(select(func.count()).select_from(runs).where(*conditions)) or 0
            return [run_of(row) for row in connection.execute(query)], total

    def tags(self) -> list[str]:
        """All tags, the most used first."""
        each = func.json_each(runs.c.tags).table_valued("value")
        query = select(each.c.value).select_from(runs).join(each, runs.c.tags != "[]")
        query = query.group_by(each.c.value).order_by(func.count().desc(), each.c.value)
        with self.reading() as connection:
            return list(connection.scalars(query))

    def datasets_with_runs(self) -> list[str]:
        """The ids of datasets that have runs which ended, the one with the newest run first."""
        query = select(runs.c.dataset_id).where(runs.c.status.in_(_ENDED)).group_by(runs.c.dataset_id)
        with self.reading() as connection:
            return list(connection.scalars(query.order_by(func.max(runs.c.created_at).desc())))


def _conditions(wanted: RunQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [runs.c.status.in_(wanted.statuses or _ENDED)]
    if wanted.dataset_id is not None:
        conditions.append(runs.c.dataset_id == wanted.dataset_id)
    if wanted.starred:
        conditions.append(runs.c.starred.is_(True))
    if not wanted.archived:
        conditions.append(runs.c.archived.is_(False))
    if wanted.with_model:
        conditions.append(exists(select(models.c.id).where(models.c.run_id == runs.c.id)))
    return conditions + [_has(tag) for tag in wanted.tags] + [_says(word) for word in wanted.text.split()]


def _has(tag: str) -> ColumnElement[bool]:
    each = func.json_each(runs.c.tags).table_valued("value")
    return exists(select(each.c.value).where(each.c.value == tag))


def _says(word: str) -> ColumnElement[bool]:
    return or_(*(runs.c[name].icontains(word, autoescape=True) for name in _SEARCHED), _tag_says(word))


def _tag_says(word: str) -> ColumnElement[bool]:
    each = func.json_each(runs.c.tags).table_valued("value")
    return exists(select(each.c.value).where(each.c.value.icontains(word, autoescape=True)))
