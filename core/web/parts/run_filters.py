"""The filters of every list of runs; each page binds them to keys of its own."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from core.registry.search import LONGEST_TEXT
from core.runs.values import Status
from core.web.parts.widgets import STATUSES

Bind = Callable[[str], dict[str, Any]]
"""From a field (``q``, ``tag``, ``status``, ``star``, ``archived``) to ``key`` and callback of its widget."""


def search_box(bind: Bind, container: Any = st, **options: Any) -> str:
    """Search words, which must all occur (see ``RunQuery.text``)."""
    text: str = container.text_input(
        "Search runs", icon=":material/search:", placeholder="Name, tag, note or id", max_chars=LONGEST_TEXT,
        **options, **bind("q"),
    )  # fmt: skip
    return text


def tag_box(bind: Bind, tags: Iterable[str]) -> list[str]:
    """Tags that a run must all have. Nothing is drawn without tags; a chosen tag is always offered."""
    bound = bind("tag")
    options = list(dict.fromkeys([*tags, *st.session_state.get(bound["key"], ())]))
    if not options:
        return []
    return st.multiselect("Tags", options, placeholder="Any", help="Runs with all of these.", **bound)


def status_pills(bind: Bind, statuses: Sequence[Status], **options: Any) -> list[str]:
    """Statuses of which a run has one; none means any."""
    return st.pills(
        "Status", [status.value for status in statuses], selection_mode="multi",
        format_func=lambda name: STATUSES[Status(name)][0], **options, **bind("status"),
    )  # fmt: skip


def switches(bind: Bind) -> tuple[bool, bool]:
    """(only starred runs, archived runs too), in the caller's row."""
    return st.toggle("Starred only", **bind("star")), st.toggle("Archived too", **bind("archived"))
