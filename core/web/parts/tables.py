"""Tables whose numeric columns sort by value and show it with a unit."""

from collections.abc import Callable, Mapping, Sequence
from math import isnan
from types import MappingProxyType
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.text.units import plain

_AS_TEXT = "tables-as-text"
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
    whole: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
    titles: Mapping[str, str] | None = None,
    **options: Any,
) -> Any:
    """``st.dataframe`` of ``rows``; cells are shown as text, never as markup.

    Args:
        formats: formatter of each numeric column; sorting uses the number.
        columns: ``column_config``.
        whole: the rows with what is shortened in ``rows``, for the text below. titles: of columns whose label is
            shortened, also for the text.
        options: of ``st.dataframe`` (``on_select``, ``selection_mode`` ...).

    The browser draws it on a canvas. While *Tables as text* is on (``text_switch``), the same rows stand below it as an
    HTML table, which screen readers read and which can be selected and copied.
    """
    frame = pd.DataFrame(list(rows))
    for name in formats or {}:
        frame[name] = pd.to_numeric(frame[name])
    shown = frame.style.format(dict(formats), na_rep="–") if formats else frame
    options.setdefault("height", "content" if len(frame) <= 15 else 15 * ROW_HEIGHT)
    drawn = st.dataframe(shown, hide_index=True, column_config=columns, key=key, placeholder="–", **options)
    if is_text_on():
        _as_text(whole() if whole else rows, formats or {}, columns or {}, titles)
    return drawn


def editor(frame: pd.DataFrame, *, key: str, columns: Mapping[str, Any], **options: Any) -> None:
    """``st.data_editor`` of ``frame``, with the same text below it as a ``table``; changes are in the session state."""
    st.data_editor(frame, hide_index=True, column_config=columns, key=key, **options)
    if is_text_on():
        _as_text(frame.to_dict("records"), {}, columns)


def _as_text(
    rows: Sequence[Mapping[str, Any]],
    formats: Mapping[str, Callable[[Any], str]],
    columns: Mapping[str, Any],
    titles: Mapping[str, str] | None = None,
) -> None:
    st.table(text_of(rows, formats, columns, titles or {}), hide_index=True)


def is_text_on() -> bool:
    """Whether the switch of ``text_switch`` is on."""
    return bool(st.session_state.get(_AS_TEXT))


def text_switch() -> None:
    """The switch of all tables, in the frame around every page."""
    st.toggle(
        "Tables as text", key=_AS_TEXT, persist_state="session",
        help="Shows every table as text too, for screen readers and for copying. By keyboard, the arrow keys move in a "
        "table, and Shift with Space ticks a row.",
    )  # fmt: skip


def text_of(
    rows: Sequence[Mapping[str, Any]],
    formats: Mapping[str, Callable[[Any], str]],
    columns: Mapping[str, Any],
    whole: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """The rows as they are shown, in words under the titles of their columns; pictures and curves are left out.

    Args:
        whole: titles of columns whose label is shortened.
    """
    known = dict.fromkeys(key for row in rows for key in row)
    configs = {key: _config_of(columns.get(key)) for key in known}
    kept = [key for key in known if not _is_picture(configs[key])]
    titles = {key: whole.get(key) or configs[key].get("label") or key for key in kept}
    return pd.DataFrame(
        [{titles[key]: _word(row.get(key), formats.get(key)) for key in kept} for row in rows], dtype=str
    )


def _config_of(column: Any) -> Mapping[str, Any]:
    """The configuration of a column: that of a column of buttons is wrapped together with what a click calls."""
    return getattr(column, "config", column) or {}


def _is_picture(config: Mapping[str, Any]) -> bool:
    kind = (config.get("type_config") or {}).get("type")
    return kind in ("image", "line_chart", "bar_chart", "area_chart")


def _word(value: Any, label: Callable[[Any], str] | None) -> str:
    """A cell as text without markup."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return "–"
    if isinstance(value, list | tuple):
        return plain(", ".join(map(str, value)))
    return plain(label(value) if label else str(value))


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
