"""Times in the time zone of the visitor's browser."""

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core.text.times import ago, element, exact, sortable


def zone() -> tzinfo:
    """The time zone that the browser reports; UTC where it reports none (scripts, tests)."""
    return zone_of(st.context.timezone, st.context.timezone_offset)


def zone_of(name: str | None, offset: int | None) -> tzinfo:
    """A time zone by name; one that this machine does not know by its offset today.

    Args:
        offset: minutes from local time to UTC, as JavaScript counts them: -60 in Berlin in winter.
    """
    try:
        if name:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        pass
    return UTC if offset is None else timezone(-timedelta(minutes=offset))


def when(at: float | None) -> str:
    """``2 min ago`` as HTML whose exact time is shown under the mouse and read aloud; for ``timed``."""
    return "–" if at is None else element(at, time.time(), zone())


def told(at: float) -> str:
    """``2 min ago (15 Jul 2026, 14:00 CEST)``, for tooltips, which are text."""
    here = zone()
    return f"{ago(at, time.time(), here)} ({exact(at, here)})"


def timed(text: str) -> None:
    """A caption with times of ``when``: Markdown in which names of users are ``plain``, which escapes all of HTML."""
    st.caption(text, unsafe_allow_html=True)


def cell(at: float | None) -> str:
    """A time in the cell of a table, ``2026-11-29 14:05``: sorted as text it is sorted by time."""
    return "–" if at is None else sortable(at, zone())


def column(title: str) -> str:
    """The title of a column of times with the time zone: ``Ended (CET)``."""
    return f"{title} ({datetime.now(zone()).tzname()})"
