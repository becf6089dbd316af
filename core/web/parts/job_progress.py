"""How far a job in the background is, of which a dataset has one at a time, and a button that stops it."""

from collections.abc import Callable

import streamlit as st

from core.jobs.background import JobState
from core.text.units import plain
from core.web.parts.rights import allowed
from core.web.parts.widgets import explained


def job_progress(state: JobState, stop: Callable[[], None], *, key: str, is_estimate: bool = False) -> None:
    """A bar with what is done now, and a button that calls ``stop``.

    Args:
        key: of the button, before ``.cancel``. is_estimate: whether the total is not known exactly.
    """
    fraction = min(1.0, state.done / state.total) if state.total else 0.0
    done = f": {state.done:,} of {'about ' if is_estimate else ''}{state.total:,}" if state.total else ""
    st.progress(fraction, text=f"{plain(state.stage or 'Starting')}{done}")
    if st.button("Cancel", key=f"{key}.cancel", **allowed()):
        with explained():
            stop()
