"""The clock of the database, in seconds since 1970, UTC."""

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class now(GenericFunction):  # noqa: N801 a function of SQL
    """The time at which the database evaluates it, not the one at which the transaction began."""

    type = Double()
    inherit_cache = True
    name = "graft_now"


@compiles(now, "sqlite")
def _of_sqlite(*_arguments: Any, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _of_postgresql(*_arguments: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
