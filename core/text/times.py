"""Times as a reader in one time zone sees them: how long ago, and the exact date and time.

Files, reports and the command line write UTC (``core.text.units.moment``).
"""

import html
from datetime import UTC, datetime, tzinfo

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_RELATIVE = 7 * _DAY
"""Seconds after which a date is clearer than a number of days."""


def ago(at: float, now: float, zone: tzinfo) -> str:
    """``just now``, ``2 min ago``, ``3 h ago``, ``2 days ago``; of more than a week the date.

    Args:
        at, now: seconds since 1970. A time that a wrong clock puts into the future is its date.
        zone: of the reader.
    """
    past = now - at
    if not -_MINUTE < past < _RELATIVE:
        return day(at, zone)
    if past < _MINUTE:
        return "just now"
    if past < _HOUR:
        return f"{int(past // _MINUTE)} min ago"
    if past < _DAY:
        return f"{int(past // _HOUR)} h ago"
    days = int(past // _DAY)
    return "1 day ago" if days == 1 else f"{days} days ago"


def day(at: float, zone: tzinfo) -> str:
    """``29 Nov 2026``."""
    local = datetime.fromtimestamp(at, zone)
    return f"{local.day} {local:%b %Y}"


def exact(at: float, zone: tzinfo) -> str:
    """``29 Nov 2026, 14:05 CET``: date, time and time zone, which differs in summer."""
    local = datetime.fromtimestamp(at, zone)
    return f"{day(at, zone)}, {local:%H:%M} {local.tzname()}"


def sortable(at: float, zone: tzinfo) -> str:
    """``2026-11-29 14:05``, for the cells of a table."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")


def element(at: float, now: float, zone: tzinfo) -> str:
    """``2 min ago`` as HTML whose exact time is shown under the mouse and read aloud (class ``read-aloud``)."""
    shown, full = ago(at, now, zone), html.escape(exact(at, zone))
    utc = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'<time datetime="{utc}" title="{full}">{shown}<span class="read-aloud"> ({full})</span></time>'
