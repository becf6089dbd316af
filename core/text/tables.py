"""Rows as a CSV or Parquet file. Columns are in the order in which their names first appear."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def as_csv(rows: Rows) -> str:
    """CSV (RFC 4180). None becomes an empty cell, a list its values joined by "; ".

    Text that a spreadsheet would evaluate as a formula is prefixed with ``'``.
    """
    names, text = _names(rows), io.StringIO()
    lines = csv.writer(text)
    lines.writerow(map(_cell, names))
    lines.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def as_parquet(rows: Rows) -> bytes:
    """Parquet; values keep their types."""
    import pandas as pd  # imported here: it takes a third of a second, and most commands need no table

    buffer = io.BytesIO()
    pd.DataFrame([dict(row) for row in rows], columns=_names(rows)).to_parquet(buffer, index=False)
    return buffer.getvalue()


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        value = "; ".join(map(str, value))
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value
