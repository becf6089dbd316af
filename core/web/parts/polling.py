"""Parts of pages that redraw themselves while something is active.

Each redrawing takes 20 to 50 ms of the processor that trains, so many open pages redraw less often than a few.
"""

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.planning.speed import cores
from core.web.server.state import process_singleton

MOST_A_SECOND = min(15.0, 2.5 * cores())
"""Pages that redraw in a second, all sessions together. On two cores up to five open ones do so every second, fifty
every ten; more than 15 would take half of the one core that the web process can use."""

LONGEST, FORGET_SECONDS = 15.0, 30.0
"""Seconds between two redrawings at most, however many pages are open; and after which a session whose page has not
redrawn is not open any more."""


class Watchers:
    """The sessions with a page that redraws itself, by when it last did."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def seen(self, session: str, now: float) -> int:
        """Note that this session's page is being drawn; returns how many sessions have such a page."""
        with self._lock:
            self._seen = {one: at for one, at in self._seen.items() if now - at < FORGET_SECONDS} | {session: now}
            return len(self._seen)


def poll(panel: Callable[..., Any], active: bool, *args: Any, seconds: float = 1.0) -> Any:
    """Draw ``panel(*args)`` as a fragment that redraws itself while something is ``active``, every ``seconds`` or more.

    The panel calls ``st.rerun(scope="app")`` once when nothing is active any more, so that polling stops.
    """
    if not active:
        return st.fragment(panel)(*args)

    @wraps(panel)
    def watched(*args: Any) -> Any:
        _watching()
        return panel(*args)

    crowded = min(LONGEST, _watching() / MOST_A_SECOND)
    return st.fragment(watched, run_every=max(seconds, crowded))(*args)


def _watching() -> int:
    context = get_script_run_ctx(suppress_warning=True)
    session = "" if context is None else context.session_id
    return process_singleton("watchers", Watchers).seen(session, time.monotonic())
