"""Tables whose numeric columns sort by value and show it with a unit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

ROW_HEIGHT = 35
WIDEST_NAME = 360
"""Pixels; enough for ``EfficientNet-Lite2 · fine-tuning (top 2 blocks)``."""
_OF_ITSELF = 24
"""Characters up to which a column is as wide as its content by itself."""


def table(
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    formats: Mapping[str, Callable[[Any], str]] | None = None,
    columns: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """``st.dataframe`` of ``rows``; cells are shown as text, never as markup.

    Args:
        formats: formatter of each numeric column; sorting uses the number.
        columns: ``column_config``.
        options: of ``st.dataframe`` (``on_select``, ``selection_mode`` ...).
    """
    frame = pd.DataFrame(list(rows))
    for name in formats or {}:
        frame[name] = pd.to_numeric(frame[name])
    shown = frame.style.format(dict(formats), na_rep="–") if formats else frame
    options.setdefault("height", "content" if len(frame) <= 15 else 15 * ROW_HEIGHT)
    return st.dataframe(shown, hide_index=True, column_config=columns, key=key, placeholder="–", **options)


def number(label: str, help: str, **options: Any) -> ColumnConfig:
    """A right-aligned column whose tooltip tells how it was measured."""
    return st.column_config.NumberColumn(label, help=help, **options)


def name_column(label: str, names: Sequence[str], *, widest: int = WIDEST_NAME) -> ColumnConfig:
    """A text column as wide as its names, up to a limit.

    Args:
        widest: in pixels.
    """
    longest = max((len(name) for name in names), default=0)
    width = min(widest, round(7.1 * longest) + 18) if longest > _OF_ITSELF or widest < WIDEST_NAME else None
    return st.column_config.TextColumn(label, width=width)
