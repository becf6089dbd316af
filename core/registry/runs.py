"""Runs: adding, finding, annotating, deleting. Waiting, starting and ending are in ``queue``."""

import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, exists, func, insert, select, update

from core.errors import Conflict, InvalidInput, NotFound
from core.people.acting import acting
from core.recipes.naming import LONGEST_NAME, new_names
from core.recipes.recipe import Recipe, family
from core.registry.aliases import MARK, run_of_alias
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.leases import lease_of_run
from core.registry.placement import insert_needs
from core.registry.schema import columns_of, datasets, equal, ids_in, leases, row_of, runs
from core.registry.search_text import search_text
from core.runs.colours import PLACES, next_place
from core.runs.needs import RunNeeds
from core.runs.values import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, Cancel, Run, Status
from core.text.nearly import did_you_mean, nearest
from core.text.units import visible

RUN_COLUMNS = columns_of(runs, Run)
NEWEST_FIRST = (runs.c.created_at.desc(), runs.c.number.desc())
_WHOLE_ID = re.compile(r"r-[0-9a-f]{8}")
"""Such an id was copied, and its run deleted; lists of runs look for many of those."""
_MOST_NAMES = 2000
"""The newest runs among which the one that was meant is looked for."""
_MOST_BESIDE = 2 * PLACES
"""The newest runs of a dataset, whose colours decide about that of the next; counting 1,000 took most of adding one."""
_LAST_POSITION = select(func.max(runs.c.position)).scalar_subquery()
_HOLDER = select(runs.c.recipe).where(runs.c.dataset_id == bindparam("dataset_id"), runs.c.name == bindparam("name"))
_BESIDE_NEW = select(
    exists().where(datasets.c.id == bindparam("dataset_id")).label("dataset_id"),
    *(exists().where(runs.c.id == bindparam(name)).label(name) for name in ("id", "extends", "reproduces")),
    _LAST_POSITION.label("position"),
    _HOLDER.scalar_subquery().label("holder"),
)
"""What a new run refers to, by the name of its field whether it is there; the last position of the queue; and the
recipe of the run of its dataset that has its name."""
_INSERT = insert(runs)
_NEWEST = select(runs.c.colour, runs.c.archived).where(runs.c.dataset_id == bindparam("dataset_id"))
_NEWEST_BESIDE = _NEWEST.order_by(runs.c.number.desc()).limit(_MOST_BESIDE).subquery()
_COLOURS_BESIDE = select(*_NEWEST_BESIDE.c, func.count()).group_by(*_NEWEST_BESIDE.c)
_STATUS = {str(status): status for status in Status}


class Runs(Store):
    """All runs, whatever their status."""

    def add_run(self, run: Run, needs: RunNeeds | None = None) -> Run:
        """Schedules ``run`` behind all others of its priority and returns it as it was stored.

        It gets a colour (``runs.colours``), and a longer name where another run of its dataset has the same one.

        Args:
            needs: of the slot in which it trains.

        Raises:
            NotFound: its dataset, or the run it extends or reproduces, is not there.
            Conflict: its id is taken.
        """
        run = replace(run, status=Status.SCHEDULED)
        row = run_row(run)
        with self.writing() as connection:
            added = insert_run(connection, run, row)
            insert_needs(connection, added.id, needs or RunNeeds())
            return added

    def run(self, run_id: str) -> Run:
        """The run with this id, the only one whose id starts with it, or the one of an alias (``<dataset>@champion``).

        Raises:
            NotFound: there is none.
            InvalidInput: several ids start with it.
        """
        with self.reading() as connection:
            return get_run(connection, resolve(connection, run_id))

    def runs(self, dataset_id: str | None = None, status: Status | None = None, limit: int | None = None) -> list[Run]:
        """Runs, newest first."""
        matching = (*equal(runs.c.dataset_id, dataset_id), *equal(runs.c.status, status))
        with self.reading() as connection:
            return read_runs(connection, some_runs(matching, NEWEST_FIRST, limit))

    def runs_of(self, run_ids: Iterable[str]) -> list[Run]:
        """The runs with these ids, in the order of the ids; those that are not there are left out."""
        wanted = list(dict.fromkeys(run_ids))
        query = select(*RUN_COLUMNS).where(runs.c.id.in_(ids_in(wanted)))
        with self.reading() as connection:
            found = {run.id: run for run in read_runs(connection, query)}
        return [found[run_id] for run_id in wanted if run_id in found]

    def new_names(self, dataset_id: str, wanted: Sequence[tuple[str, Recipe]]) -> list[str]:
        """The names that new runs of these (name, recipe) would get, added together; see ``recipes.naming``."""
        with self.reading() as connection:
            return new_names(wanted, partial(_holder_of, connection, dataset_id))

    def datasets_of(self, run_ids: Iterable[str]) -> dict[str, str]:
        """The dataset of each of these runs by run id; those that are not there are left out."""
        query = select(runs.c.id, runs.c.dataset_id).where(runs.c.id.in_(ids_in(run_ids)))
        with self.reading() as connection:
            return dict(connection.execute(query).all())

    def annotate(
        self, run_id: str, name: str | None = None, notes: str | None = None, tags: Sequence[str] | None = None
    ) -> Run:
        """Changes name, notes or tags of a run; None leaves a field unchanged.

        Raises:
            InvalidInput: a name is empty, or something is too long. NotFound: there is no such run.
            Conflict: another run of its dataset has this name.
        """
        name = None if name is None else _on_one_line(name)
        tags = None if tags is None else checked_tags(tags)
        changes: dict[str, Any] = {"name": name, "notes": notes, "tags": tags}
        changes = {column: value for column, value in changes.items() if value is not None}
        _check_words(changes.get("name"), changes.get("notes"))
        with self.writing() as connection:
            run = get_run(connection, resolve(connection, run_id))
            if name is not None and name != run.name:
                _check_is_unused(connection, run, name)
            return _annotate(connection, run, changes) if changes else run

    def mark(self, run_ids: Sequence[str], *, starred: bool | None = None, archived: bool | None = None) -> None:
        """Stars or unstars, archives or restores runs; None leaves the mark unchanged.

        Raises:
            NotFound: one of them is not there; then nothing changes.
        """
        changes = {"starred": starred, "archived": archived}
        changes = {column: value for column, value in changes.items() if value is not None}
        with self.writing() as connection:
            _check_all_there(connection, run_ids)
            if changes:
                connection.execute(update(runs).where(runs.c.id.in_(ids_in(run_ids))).values(changes))

    def retag(self, run_ids: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Adds tags to runs and removes others, all or nothing; the order of a run's tags is kept.

        Raises:
            NotFound: one of them is not there. InvalidInput: a tag is too long, or a run would have too many.
        """
        added, removed = checked_tags(add), {*remove, *map(_on_one_line, remove)}
        tagged = select(*RUN_COLUMNS).where(runs.c.id.in_(ids_in(run_ids)))
        with self.writing() as connection:
            _check_all_there(connection, run_ids)
            for run in read_runs(connection, tagged):
                tags = checked_tags([tag for tag in (*run.tags, *added) if tag not in removed])
                if tags != run.tags:
                    _annotate(connection, run, {"tags": tags})

    def delete_runs(self, run_ids: Sequence[str], entry: dict[str, Any] | None = None) -> None:
        """Deletes the existing ones of these runs with their results and models; runs that extend one stay unchanged.

        Args:
            entry: detail of the log of actions.

        Raises:
            Conflict: one of them is running; cancel it first.
        """
        these = runs.c.id.in_(ids_in(run_ids))
        with self.writing() as connection:
            running = connection.scalars(select(runs.c.id).where(these, runs.c.status == Status.RUNNING)).all()
            if running:
                raise Conflict(f"Cancel what is running first: {', '.join(running)}.")
            connection.execute(delete(runs).where(these))
            connection.execute(delete(leases).where(leases.c.name.in_([lease_of_run(run_id) for run_id in run_ids])))
            add_entry(connection, "delete runs", entry)


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Each once, without spaces around it.

    Raises:
        InvalidInput: one is too long, or there are too many.
    """
    kept = tuple(tag for tag in dict.fromkeys(map(_on_one_line, tags)) if tag)
    longest = max(kept, key=len, default="")
    if len(longest) > LONGEST_TAG:
        raise InvalidInput(f"A tag may have up to {LONGEST_TAG} letters. Received: {longest[:60]!r} ({len(longest)})")
    if len(kept) > MOST_TAGS:
        raise InvalidInput(f"A run may have up to {MOST_TAGS} tags. Received: {len(kept)}")
    return kept


def _on_one_line(text: str) -> str:
    """Without control characters of terminals and characters that reverse the direction of text."""
    return " ".join(visible(text).split())


def _check_words(name: str | None, notes: str | None) -> None:
    if name is not None and not name.strip():
        raise InvalidInput(f"A run needs a name. Received: {name!r}")
    for what, text, longest in (("A name", name, LONGEST_NAME), ("A note", notes, LONGEST_NOTE)):
        if text is not None and len(text) > longest:
            raise InvalidInput(f"{what} may have up to {longest} letters. Received: {len(text)}")


def _check_all_there(connection: Connection, run_ids: Sequence[str]) -> None:
    there = set(connection.scalars(select(runs.c.id).where(runs.c.id.in_(ids_in(run_ids)))))
    for run_id in run_ids:
        if run_id not in there:
            raise no_such_run(run_id)


def _check_is_unused(connection: Connection, run: Run, name: str) -> None:
    holder = connection.scalar(select(runs.c.id).where(runs.c.dataset_id == run.dataset_id, runs.c.name == name))
    if holder is not None:
        raise Conflict(f"Another run of this dataset ({holder}) is called {name!r} already; choose another name.")


def insert_run(connection: Connection, run: Run, row: dict[str, Any]) -> Run:
    """Adds ``run`` behind all others of its priority; returns it with position, time, colour, unique name, owner.

    Args:
        row: of ``run_row``, made before the transaction, in which all other writers wait.
    """
    last, holder = _beside(connection, run)
    known = cache(partial(_holder_of, connection, run.dataset_id))
    (name,) = new_names([(run.name, run.recipe)], lambda name: holder if name == run.name else known(name))
    decided: dict[str, Any] = {
        "name": name,
        "colour": next_place(_colours_beside(connection, run.dataset_id)),
        "position": last + 1,
        "created_at": run.created_at or time.time(),
        "owner": acting().name,
    }
    added = replace(run, **decided)
    connection.execute(_INSERT, row | decided | {"search": search_text(added)})
    return added


def _holder_of(connection: Connection, dataset_id: str, name: str) -> Recipe | None:
    """The recipe of the run of a dataset that has this name."""
    text = connection.scalar(_HOLDER, {"dataset_id": dataset_id, "name": name})
    return None if text is None else recipe_of(text)


def _colours_beside(connection: Connection, dataset_id: str) -> dict[tuple[int, bool], int]:
    """How many have each colour and mark, of the runs among which a new one should stand out: not all, of which there
    may be thousands."""
    found = connection.execute(_COLOURS_BESIDE, {"dataset_id": dataset_id}).all()
    return {(row[0], row[1]): row[2] for row in found}


def run_row(run: Run) -> dict[str, Any]:
    """All columns of a new run."""
    recipe = json.dumps(run.recipe.to_dict(), sort_keys=True)
    return row_of(runs, run) | {"recipe": recipe} | derived_columns(run)


def _annotate(connection: Connection, run: Run, changes: dict[str, Any]) -> Run:
    """Writes name, notes and tags of a run, and its search text."""
    run = replace(run, **changes)
    values = changes | {"search": search_text(run)}
    connection.execute(update(runs).where(runs.c.id == run.id).values(values))
    return run


def resolve(connection: Connection, ref: str) -> str:
    """The id equal to ``ref``, the only one that starts with it, or that of the alias ``<dataset>@<alias>``."""
    if MARK in ref:
        return run_of_alias(connection, ref)
    if connection.scalar(select(runs.c.id).where(runs.c.id == ref)) is not None:
        return ref
    begins_so = (runs.c.id > ref) & (runs.c.id < ref + "\U0010ffff")
    found: Sequence[str] = connection.scalars(select(runs.c.id).where(begins_so).limit(2)).all() if ref else ()
    if len(found) > 1:
        raise InvalidInput(
            f"Several runs begin with {ref!r}, for example {found[0]} and {found[1]}. Give more of the id."
        )
    if not found:
        raise no_such_run(ref, connection)
    return found[0]


def no_such_run(ref: str, connection: Connection | None = None) -> NotFound:
    """With a connection the run that was probably meant is named, by its id or its name."""
    meant = _meant(ref[:80], connection) if connection is not None and not _WHOLE_ID.fullmatch(ref) else ""
    return NotFound(f"There is no run {ref[:80]!r}.{meant}", "The runs page and `python -m core runs` list them.")


def _meant(ref: str, connection: Connection) -> str:
    named = connection.execute(select(runs.c.name, runs.c.id).order_by(runs.c.number.desc()).limit(_MOST_NAMES)).all()
    by_name = {row.name: row.id for row in reversed(named)}
    found = nearest(ref, by_name)
    if found is not None:
        return f" Did you mean {by_name[found]!r} ({found})?"
    return did_you_mean(ref, [row.id for row in named])


def get_run(connection: Connection, run_id: str) -> Run:
    row = connection.execute(select(*RUN_COLUMNS).where(runs.c.id == run_id)).first()
    if row is None:
        raise no_such_run(run_id)
    return run_of(row)


def some_runs(
    matching: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement], limit: int | None = None, offset: int = 0
) -> Select:
    """A query for ``RUN_COLUMNS``; see ``read_runs``.

    Which runs they are is found first, often in an index alone, so that the others need not be read to be sorted.
    """
    if limit is None and not offset:
        return select(*RUN_COLUMNS).where(*matching).order_by(*order)
    chosen = select(runs.c.number).where(*matching).order_by(*order).limit(limit).offset(offset)
    return select(*RUN_COLUMNS).where(runs.c.number.in_(chosen)).order_by(*order)


def read_runs(connection: Connection, query: Select) -> list[Run]:
    """The runs of a query for ``RUN_COLUMNS``."""
    return list(map(run_of, connection.execute(query)))


def run_of(row: Row) -> Run:
    data = row._asdict()
    data["recipe"] = recipe_of(data["recipe"])
    data["status"] = _STATUS[data["status"]]
    data["tags"] = tuple(data["tags"])
    if data["cancel"] is not None:
        data["cancel"] = Cancel(data["cancel"])
    return Run(**data)


def derived_columns(run: Run) -> dict[str, str]:
    """The columns for filtering, grouping and searching, derived from other columns of the run."""
    recipe = run.recipe
    columns = {"family": family(recipe), "pattern": str(recipe.pattern), "backbone": recipe.backbone}
    return columns | {"search": search_text(run)}


@lru_cache(maxsize=4096)
def recipe_of(text: str) -> Recipe:
    """Cached, because many runs share a recipe and recipes are immutable."""
    return Recipe.from_dict(json.loads(text))


def last_position(connection: Connection) -> float:
    return connection.scalar(select(_LAST_POSITION)) or 0.0


def _beside(connection: Connection, run: Run) -> tuple[float, Recipe | None]:
    """The last position of the queue, and the recipe of the run that has this name, asked together with what the run
    refers to: few requests under the lock.

    Raises:
        NotFound, Conflict: as ``add_run``.
    """
    named = {name: getattr(run, name) for name in ("dataset_id", "id", "name", "extends", "reproduces")}
    found = connection.execute(_BESIDE_NEW, named).one()
    if not found.dataset_id:
        raise NotFound(f"There is no dataset {run.dataset_id!r}. It may have been deleted; choose another one.")
    if run.extends and not found.extends:
        raise NotFound(f"There is no run {run.extends!r} to extend. It may have been deleted; start a new run.")
    if run.reproduces and not found.reproduces:
        raise NotFound(f"There is no run {run.reproduces!r} to reproduce. It may have been deleted; start a new run.")
    if found.id:
        raise Conflict(f"Run {run.id} is already there. Give the new one another id.")
    return found.position or 0.0, None if found.holder is None else recipe_of(found.holder)
