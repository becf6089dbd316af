"""Marks for tests of what one of the two databases does alone."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event

ON_SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("settings", ["postgresql"], indirect=True)


def plans_of(registry, call: Callable[[], object]) -> list[str]:
    """How SQLite reads what a call of the registry asks for: a line for every table and index."""
    asked: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with registry.reading() as connection:
        explained = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in asked]
    return [line[3] for lines in explained for line in lines]
