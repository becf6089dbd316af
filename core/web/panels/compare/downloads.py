"""Any table of the page as a file: CSV for spreadsheets, Parquet for notebooks. Nothing is written before the click."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.wording import csv_text

Rows = Sequence[Mapping[str, Any]]
CSV_TYPE, PARQUET_TYPE = "text/csv", "application/vnd.apache.parquet"


def downloads(rows: Rows | Callable[[], Rows], name: str, key: str) -> None:
    """Two buttons, CSV and Parquet.

    Args:
        rows: the table, or what computes it when a button is clicked. Figures as they are, without units.
        name: of the file, without ending. key: unique on the page.
    """

    def read() -> Rows:
        return rows() if callable(rows) else rows

    with st.container(horizontal=True, gap="small"):
        _button("CSV", "csv", CSV_TYPE, lambda: as_csv(read()), name, key)
        _button("Parquet", "parquet", PARQUET_TYPE, lambda: as_parquet(read()), name, key)


def _button(word: str, ending: str, mime: str, write: Callable[[], str | bytes], name: str, key: str) -> None:
    st.download_button(
        word, write, f"{file_name(name)}.{ending}", mime, key=f"{key}.{ending}", icon=":material/download:",
        type="tertiary", on_click="ignore", help=f"The whole table as {word}.",
    )  # fmt: skip


def as_csv(rows: Rows) -> str:
    """Text that a spreadsheet would run as a formula is made harmless; several values of a cell stand side by side."""
    names = _names(rows)
    return csv_text(names, [[_cell(row.get(name)) for name in names] for row in rows])


def as_parquet(rows: Rows) -> bytes:
    """One column for each name in the rows, in the order of their first appearance."""
    buffer = io.BytesIO()
    pd.DataFrame([dict(row) for row in rows], columns=_names(rows)).to_parquet(buffer, index=False)
    return buffer.getvalue()


def file_name(name: str) -> str:
    """``name`` with what no file system minds."""
    kept = "".join(char if char.isalnum() or char in "-_." else "-" for char in name)
    return kept.strip("-.")[:80] or "table"


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else value
