"""Opening a registry on PostgreSQL: which schema it has, and the way to the current one.

A new one gets the tables of ``schema`` at once and is stamped with its revision; later migrations are the same as on
SQLite. All of it is one transaction under the lock of the registry: killed in the middle, the database is as it was.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from core.errors import Unavailable
from core.registry.migrating import MIGRATIONS, check_revision, migrate, what_home_has
from core.registry.postgresql_tables import create_tables
from core.registry.schema import HEAD

Transaction = Callable[[], AbstractContextManager[Connection]]

_OURS = frozenset({"alembic_version", "preferences", "datasets", "runs", "boards"})
"""Tables that every registry has: another program's database may have one of Alembic's too."""


@dataclass(frozen=True, kw_only=True)
class ServerState:
    """What is in the schema of a database.

    Args:
        tables: their names. revision: of the registry; None where there is none.
    """

    tables: frozenset[str]
    revision: str | None


def bring_up_to_date(
    address: str,
    reading: Transaction,
    changing: Transaction,
    home: Path | None,
    *,
    migrations: Path = MIGRATIONS,
    head: str = HEAD,
    anew: bool = False,
) -> None:
    """Leaves a registry of revision ``head``.

    Args:
        reading, changing: begin a transaction that reads, and one that has the lock of the registry.
        home: a folder whose runs and datasets it must have, unless ``anew``.

    Raises:
        Unavailable: it is read-only, of a newer Graft, another program's, or was lost.
    """
    with reading() as connection:
        state = _checked_state(address, connection, head)
        if state.revision is not None:
            _check_rights(address, connection)
    if state.revision == head:
        return
    with changing() as connection:
        state = _checked_state(address, connection, head)
        if state.revision == head:
            return
        if state.revision is None:
            if home is not None and not anew:
                _refuse_to_begin_anew(address, home)
            create(connection, migrations)
        else:
            migrate(connection, migrations)


def create(connection: Connection, migrations: Path = MIGRATIONS) -> None:
    """A new registry, in the transaction of the connection."""
    create_tables(connection)
    migrate(connection, migrations, stamp=HEAD)


def state_of(connection: Connection) -> ServerState:
    """What the schema of a connection holds."""
    names = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    tables = frozenset(connection.scalars(names))
    revision = connection.scalar(text("SELECT version_num FROM alembic_version")) if tables >= _OURS else None
    return ServerState(tables=tables, revision=revision)


def _checked_state(address: str, connection: Connection, head: str) -> ServerState:
    state = state_of(connection)
    if state.tables and state.revision is None:
        raise Unavailable(
            f"{address} is a database of another program, not a registry (it has the table {min(state.tables)!r}). "
            "Make one for Graft alone (createdb), or add ?options=-csearch_path=SCHEMA with an empty schema."
        )
    check_revision(address, state.revision, head)
    return state


def _check_rights(address: str, connection: Connection) -> None:
    rights = """SELECT current_user AS name, pg_is_in_recovery() AS standby,
        current_setting('default_transaction_read_only') = 'off' AND bool_and(
            has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')) AS writes
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname = current_schema()"""
    row = connection.execute(text(rights)).one()
    if row.standby:
        raise Unavailable(
            f"The registry {address} cannot be written: the server is a standby. Name the primary in GRAFT_REGISTRY."
        )
    if not row.writes:
        raise Unavailable(
            f"The registry {address} cannot be written: {row.name} may only read it. Give this user all rights to the "
            "tables, or name another one in GRAFT_REGISTRY."
        )


def _refuse_to_begin_anew(address: str, home: Path) -> None:
    """Runs that are not in the registry would be lost without a word."""
    there = what_home_has(home)
    if there:
        raise Unavailable(
            f"The registry {address} is empty, but the home has {there}. Nothing was changed. Copy the registry of the "
            f"home into it: python -m core registry copy sqlite {address} (or run: python -m core doctor --rebuild, "
            "which registers the datasets again and puts the folders of the runs aside)."
        )
