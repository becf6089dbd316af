"""The audit log: who did what, the newest first."""

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.registry import LogEntry
from core.text.units import count
from core.web.parts.device import is_narrow
from core.web.parts.tables import table
from core.web.parts.times import cell, column
from core.workbench import Workbench

SHOWN = 200
"""Entries on the page; the command line lists all."""
_TALL = 84
"""Pixels of a row on a phone, where what does not fit into a line is continued."""
_NARROW = {
    name: st.column_config.TextColumn(width=width)
    for name, width in ((column("When"), 98), ("Who", 58), ("Action", 80), ("Detail", 122))
}
"""Pixels of the columns on a phone, which shows all of them."""


def show(bench: Workbench) -> None:
    """A choice of who, and the newest entries."""
    newest = bench.registry.log_entries(SHOWN)
    people = sorted({user.name for user in bench.registry.users()})
    who = ""
    if people:
        who = st.selectbox("Who", ["", *people], format_func=lambda name: name or "Everybody", key="audit.who")
    found = bench.registry.log_entries(SHOWN, who=who) if who else newest
    narrow: dict[str, Any] = {"columns": _NARROW, "row_height": _TALL} if is_narrow() else {}
    table(rows_of(found), key="audit.entries", **narrow)
    if len(found) == SHOWN:
        st.caption(f"The newest {count(SHOWN, 'entry', 'entries')}. All of them: `python -m core audit --limit N`")


def rows_of(entries: Sequence[LogEntry]) -> list[dict[str, str]]:
    """The rows of the table."""
    return [
        {
            column("When"): cell(entry.at),
            "Who": entry.who or "not recorded",
            "Action": entry.action.replace("_", " "),
            "Detail": ", ".join(f"{name}: {_short(value)}" for name, value in entry.detail.items()),
        }
        for entry in entries
    ]


def _short(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_short, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
