"""Aliases: names that a person gives to one run of a dataset, such as *champion*, with who moved them, when and why.

Nothing is overwritten: every change adds a move, a rollback too. The newest move of an alias names the run that has
it. The history stays when a run in it is deleted.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from core.datasets.values import Dataset
from core.errors import Conflict, InvalidInput, NotFound
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.datasets import get_dataset
from core.registry.schema import alias_moves, columns_of, datasets, equal, runs
from core.runs.values import CHAMPION, LONGEST_WHO, LONGEST_WHY, AliasMove, Status

MARK = "@"
"""Between dataset and alias: ``flowers@champion``. No id of a run or model has it."""

_COLUMNS = columns_of(alias_moves, AliasMove)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_IN_ORDER = alias_moves.c.number


@dataclass(frozen=True, kw_only=True)
class Held:
    """The newest move of an alias. ``there``: whether a run has it now (False: removed, or its run was deleted)."""

    move: AliasMove
    there: bool


class Aliases(Store):
    """The moves of all aliases."""

    def set_alias(self, run_id: str, alias: str, *, who: str = "", why: str = "") -> AliasMove:
        """Gives ``alias`` of its dataset to a run, unless the run has it already; returns the current move.

        Raises:
            NotFound: there is no run with exactly this id. Conflict: it is not finished. InvalidInput: the name.
        """
        who, why = _checked(alias, who, why)
        with self.writing() as connection:
            run = connection.execute(select(*_RUN).where(runs.c.id == run_id)).first()
            if run is None:
                raise NotFound(f"There is no run {run_id!r}. It may have been deleted.")
            if run.status != Status.FINISHED:
                raise Conflict(f"Only a finished run can be {alias}. {run.name} ({run_id}) is {run.status}.")
            held = _newest(connection, run.dataset_id, alias)
            if held is not None and held.run_id == run_id and why in ("", held.why):
                return held
            return _append(connection, run.dataset_id, alias, run, who, why)

    def drop_alias(self, dataset_id: str, alias: str, *, who: str = "", why: str = "") -> AliasMove:
        """Removes ``alias`` from the run that has it.

        Raises:
            Conflict: no run has it.
        """
        who, why = _checked(alias, who, why)
        with self.writing() as connection:
            held = _newest(connection, dataset_id, alias)
            if held is None or held.run_id is None:
                raise Conflict(f"No run of this dataset is {alias}, so there is nothing to take away.")
            return _append(connection, dataset_id, alias, None, who, why)

    def roll_back_alias(self, dataset_id: str, alias: str, *, who: str = "", why: str = "") -> AliasMove:
        """Gives ``alias`` back to the run that had it before, as a new move; the next rollback goes back one step more.

        Raises:
            Conflict: no run that had it before still exists.
        """
        who, why = _checked(alias, who, why)
        with self.writing() as connection:
            earlier = _earlier(connection, dataset_id, alias)
            if earlier is None or earlier.run_id is None:
                raise Conflict(
                    f"No other run that was {alias} before is still there, so there is nothing to go back to."
                )
            run = connection.execute(select(*_RUN).where(runs.c.id == earlier.run_id)).first()
            return _append(connection, dataset_id, alias, run, who, why, restores=earlier.number)

    def before_alias(self, dataset_id: str, alias: str) -> AliasMove | None:
        """The move that ``roll_back_alias`` would go back to; None when there is nothing to go back to."""
        with self.reading() as connection:
            return _earlier(connection, dataset_id, alias)

    def held_aliases(self, dataset_id: str | None = None) -> list[Held]:
        """The newest move of every alias (of one dataset)."""
        newest = select(func.max(alias_moves.c.number)).group_by(alias_moves.c.dataset_id, alias_moves.c.alias)
        query = select(*_COLUMNS, runs.c.id.is_not(None).label("there")).order_by(_IN_ORDER)
        query = query.outerjoin_from(alias_moves, runs, runs.c.id == alias_moves.c.run_id)
        query = query.where(alias_moves.c.number.in_(newest))
        query = query.where(*equal(alias_moves.c.dataset_id, dataset_id))
        with self.reading() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return [Held(there=bool(row.pop("there")), move=AliasMove(**row)) for row in rows]

    def alias_history(self, dataset_id: str, alias: str | None = None) -> list[AliasMove]:
        """All moves of an alias, or of all of a dataset, newest first."""
        query = select(*_COLUMNS).where(alias_moves.c.dataset_id == dataset_id).order_by(_IN_ORDER.desc())
        query = query.where(*equal(alias_moves.c.alias, alias))
        return self.values(query, AliasMove)


_RUN = (runs.c.id, runs.c.name, runs.c.dataset_id, runs.c.status)


def run_of_alias(connection: Connection, reference: str) -> str:
    """The id of the run that ``<dataset>@<alias>`` means; the dataset by id, by name or by ``name:version``.

    Raises:
        NotFound: there is no such dataset, no run has the alias, or the run that had it was deleted.
    """
    dataset_reference, _, alias = reference.rpartition(MARK)
    dataset = get_dataset(connection, dataset_reference)
    held = _newest(connection, dataset.id, alias)
    title = f"{dataset.name} version {dataset.version}"
    if held is None or held.run_id is None:
        raise NotFound(f"No run of {title} is {alias[:80]!r}.{_elsewhere(connection, dataset, alias)}")
    if not _exists(connection, held.run_id):
        raise NotFound(
            f"The {alias} of {title} was {held.run_name} ({held.run_id}), which was deleted since. Choose another run."
        )
    return held.run_id


def _elsewhere(connection: Connection, dataset: Dataset, alias: str) -> str:
    """For the error message: the aliases of this dataset, or other versions that have this alias."""
    held = select(alias_moves.c.alias).where(alias_moves.c.dataset_id == dataset.id).distinct()
    others = [name for name in connection.scalars(held) if name != alias]
    query = select(datasets.c.version).join(alias_moves, alias_moves.c.dataset_id == datasets.c.id)
    query = query.where(datasets.c.name == dataset.name, alias_moves.c.alias == alias, datasets.c.id != dataset.id)
    version = connection.scalar(query.order_by(datasets.c.version.desc()).limit(1))
    if version is not None:
        return f" Version {version} has had one: {dataset.name}:{version}{MARK}{alias}"
    return f" Its aliases: {', '.join(sorted(others))}." if others else " Make a finished run it first."


def _checked(alias: str, who: str, why: str) -> tuple[str, str]:
    if not _NAME.fullmatch(alias):
        raise InvalidInput(
            "An alias is a word of up to 40 small letters, digits, - and _, that begins with a letter, for example "
            f"{CHAMPION}. Received: {alias[:80]!r}"
        )
    who, why = " ".join(who.split()), why.strip()
    for name, text, longest in (("who", who, LONGEST_WHO), ("why", why, LONGEST_WHY)):
        if len(text) > longest:
            raise InvalidInput(f"{name} may have up to {longest} letters. Received: {len(text)}")
    return who, why


def _append(
    connection: Connection, dataset_id: str, alias: str, run: Row | None, who: str, why: str, **more: Any
) -> AliasMove:
    number = (connection.scalar(select(func.max(alias_moves.c.number))) or 0) + 1
    move = AliasMove(
        number=number,
        dataset_id=dataset_id,
        alias=alias,
        run_id=None if run is None else run.id,
        run_name="" if run is None else run.name,
        at=time.time(),
        who=who,
        why=why,
        **more,
    )
    connection.execute(insert(alias_moves).values(asdict(move)))
    action = "drop_alias" if run is None else "set_alias" if move.restores is None else "roll_back_alias"
    add_entry(connection, action, {"dataset": dataset_id, "alias": alias, "run": move.run_id, "why": why})
    return move


def _moves(connection: Connection, dataset_id: str, alias: str) -> Sequence[AliasMove]:
    query = select(*_COLUMNS).where(alias_moves.c.dataset_id == dataset_id, alias_moves.c.alias == alias)
    return [AliasMove(**row._mapping) for row in connection.execute(query.order_by(_IN_ORDER))]


def _newest(connection: Connection, dataset_id: str, alias: str) -> AliasMove | None:
    query = select(*_COLUMNS).where(alias_moves.c.dataset_id == dataset_id, alias_moves.c.alias == alias)
    row = connection.execute(query.order_by(_IN_ORDER.desc()).limit(1)).first()
    return None if row is None else AliasMove(**row._mapping)


def _earlier(connection: Connection, dataset_id: str, alias: str) -> AliasMove | None:
    """The last move before the current one to another run that still exists.

    After a rollback the search starts before the move that the rollback restored: A, B, C, back to B, back to A.
    """
    moves = {move.number: move for move in _moves(connection, dataset_id, alias)}
    if not moves:
        return None
    before = dict(zip(list(moves)[1:], moves, strict=False))
    current = move = moves[max(moves)]
    while (number := before.get(move.restores or move.number)) is not None:
        move = moves[number]
        if move.run_id not in (None, current.run_id) and _exists(connection, move.run_id):
            return move
    return None


def _exists(connection: Connection, run_id: str | None) -> bool:
    return connection.scalar(select(runs.c.id).where(runs.c.id == run_id)) is not None
