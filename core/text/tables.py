"""Any table as a file: CSV for spreadsheets, Parquet for notebooks. One column a name, as they first appear."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def as_csv(rows: Rows) -> str:
    """RFC 4180. None becomes an empty cell, and several values of a cell stand side by side.

    Text that a spreadsheet would run as a formula gets a leading ``'``.
    """
    names, text = _names(rows), io.StringIO()
    lines = csv.writer(text)
    lines.writerow(map(_cell, names))
    lines.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue()


def as_parquet(rows: Rows) -> bytes:
    """Values as they are."""
    import pandas as pd  # here: most commands need no table, and it takes a third of a second

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
