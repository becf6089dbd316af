"""The types of the columns, by which SQLite and PostgreSQL store and order the same values.

Text is ordered by its code points on both. NaN is NULL, NUL in a text is refused, whole numbers have 64 bits, and JSON
is kept as it was written: the order of its keys, with null for what is not a finite number.
"""

import json
import math
from typing import Any

from sqlalchemy import BigInteger, Dialect, Float, Integer, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from core.errors import InvalidInput

Whole = Integer().with_variant(BigInteger(), "postgresql")
"""64 bits; SQLite's INTEGER has them already, and a key of that type is the number of its row."""


class Words(TypeDecorator[str]):
    """Text without NUL, compared and ordered by code point."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The collation C is that of SQLite."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Raises:
        InvalidInput: the text has a NUL, which PostgreSQL cannot store and SQLite cuts off in its functions.
        """
        if isinstance(value, str) and "\0" in value:
            raise InvalidInput(f"Text must not contain the character NUL. Received: {value[:80]!r}")
        return value


class Number(TypeDecorator[float]):
    """A floating-point number; NaN is stored as NULL, as SQLite does."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if isinstance(value, float) and math.isnan(value) else value


def json_text(value: Any) -> str:
    """JSON that both databases accept.

    Raises:
        InvalidInput: a text in it has a NUL.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)
    if "\\u0000" in text and _has_nul(value):
        raise InvalidInput(f"Text must not contain the character NUL. Received: {text[:80]}")
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(name) or _has_nul(item) for name, item in value.items())
    if isinstance(value, list | tuple):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value
