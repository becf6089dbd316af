"""Download buttons for a table: CSV for spreadsheets, Parquet for notebooks. Written only at the click."""

from collections.abc import Callable

import streamlit as st

from core.text.tables import Rows, as_csv, as_parquet

CSV_TYPE, PARQUET_TYPE = "text/csv", "application/vnd.apache.parquet"


def downloads(rows: Rows | Callable[[], Rows], name: str, key: str) -> None:
    """Two buttons, CSV and Parquet.

    Args:
        rows: the table, or what computes it when a button is clicked. Values are raw, without units.
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


def file_name(name: str) -> str:
    """``name`` with the characters that every file system accepts."""
    kept = "".join(char if char.isalnum() or char in "-_." else "-" for char in name)
    return kept.strip("-.")[:80] or "table"
