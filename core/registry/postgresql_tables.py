"""What a registry on PostgreSQL has beside the tables of ``schema``: its lock and its change counter."""

from sqlalchemy import Connection, select, text

from core.registry.schema import metadata

LOCK = "SELECT pg_advisory_xact_lock(hashtext('graft registry'), hashtext(current_schema()))"
"""Kept to the end of the transaction; each schema of a database may hold a registry."""
COUNTER = "SELECT number FROM changes"
COUNT_CHANGE = "UPDATE changes SET number = number + 1"

_CHANGES = """
CREATE TABLE IF NOT EXISTS changes (id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1), number bigint NOT NULL);
INSERT INTO changes (number) VALUES (0) ON CONFLICT DO NOTHING
"""


def create_tables(connection: Connection) -> None:
    """Those of ``schema``, and the one row that every change of what pages show counts up (SQLite counts itself)."""
    for table in metadata.tables.values():
        for index in table.indexes:
            # Not in ``schema``: naming an option of PostgreSQL there imports all of its dialect, also for SQLite.
            condition = index.dialect_options["sqlite"]["where"]
            if condition is not None:
                index.dialect_options["postgresql"]["where"] = text(_condition(str(condition)))
    metadata.create_all(connection)
    connection.exec_driver_sql(_CHANGES)


def _condition(of_sqlite: str) -> str:
    return of_sqlite.replace("alone_checked = 0", "alone_checked = false")


def size_of(connection: Connection) -> int:
    """Bytes of all tables with their indexes."""
    each = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
    query = (
        f"{each} JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = current_schema()"
    )
    return int(connection.scalar(text(query)) or 0)


def damage_of(connection: Connection) -> list[str]:
    """Reads every row. The server raises an error for a damaged page (with checksums: for every one)."""
    problems = []
    for table in metadata.sorted_tables:
        connection.execute(text(f'SELECT count({table.name}.*::text) FROM "{table.name}"'))
        for key in table.foreign_keys:
            name = key.column.table.name
            owner = key.column.table.alias("owner")
            column, owned = key.parent, owner.c[key.column.name]
            missing = select(column).outerjoin_from(table, owner, column == owned).where(column.is_not(None))
            if connection.execute(missing.where(owned.is_(None)).limit(1)).first() is not None:
                problems.append(f"{table.name}: a row refers to a missing row of {name}")
    return problems


def restart_numbers(connection: Connection) -> None:
    """After rows were inserted with their numbers: new ones follow the highest."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and column.default is None and not column.foreign_keys:
            sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            highest = f'coalesce(max("{column.name}"), 0) + 1'
            connection.exec_driver_sql(f'SELECT setval({sequence}, {highest}, false) FROM "{table.name}"')
