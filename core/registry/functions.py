"""Functions of SQL that SQLite and PostgreSQL write differently."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import JSON


class each_text(GenericFunction):  # noqa: N801 a function of SQL
    """The texts in a JSON array, as a table with the column ``value``: ``each_text(array)``."""

    inherit_cache = True
    name = "graft_each_text"


class members_in(GenericFunction):  # noqa: N801 a function of SQL
    """The texts in the array ``members`` of a recipe's JSON text, as a table with the column ``value``."""

    inherit_cache = True
    name = "graft_members_in"


class position(GenericFunction):  # noqa: N801 a function of SQL
    """Where a text first occurs in another one, from 1; 0 where it does not: ``position(text, part)``."""

    type = Integer()
    inherit_cache = True
    name = "graft_position"


class larger(GenericFunction):  # noqa: N801 a function of SQL
    """The larger one of two numbers, neither of which is NULL."""

    type = Integer()
    inherit_cache = True
    name = "graft_larger"


class in_one_array(GenericFunction):  # noqa: N801 a function of SQL
    """All values of a column as one JSON array, which is read faster than 10,000 rows; None or [] for none."""

    type = JSON()
    inherit_cache = True
    name = "graft_in_one_array"


def _written(kind: type, sqlite: str, postgresql: str) -> None:
    """How both databases write a function; ``{}`` are its arguments."""

    def writer(pattern: str) -> Any:
        def write(element: Any, compiler: Any, **options: Any) -> str:
            options.pop("within_columns_clause", None)
            return pattern.format(*(compiler.process(clause, **options) for clause in element.clauses))

        return write

    compiles(kind, "sqlite")(writer(sqlite))
    compiles(kind, "postgresql")(writer(postgresql))


_written(each_text, "json_each({})", "json_array_elements_text(CAST({} AS JSON))")
_written(
    members_in,
    "json_each({}, '$.members')",
    "json_array_elements_text(CASE WHEN json_typeof(CAST({0} AS JSON) -> 'members') = 'array'"
    " THEN CAST({0} AS JSON) -> 'members' ELSE '[]' END)",
)
_written(position, "instr({}, {})", "strpos({}, {})")
_written(larger, "max({}, {})", "greatest({}, {})")
_written(in_one_array, "json_group_array({})", "json_agg({})")
