"""Times in the time zone of the visitor's browser."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from core.web.parts import times

SUMMER = datetime(2026, 7, 15, 12, tzinfo=UTC).timestamp()
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def in_berlin(monkeypatch):
    monkeypatch.setattr(times, "zone", lambda: BERLIN)
    monkeypatch.setattr(times.time, "time", lambda: SUMMER + 125)


@pytest.mark.parametrize(
    ("name", "offset", "zone"),
    [
        ("Europe/Berlin", -60, BERLIN),
        ("Mars/Olympus", -60, timezone(timedelta(hours=1))),
        ("../etc/passwd", 300, timezone(-timedelta(hours=5))),
        (None, -345, timezone(timedelta(hours=5, minutes=45))),
        (None, None, UTC),
        ("", None, UTC),
    ],
)
def test_a_zone_that_is_not_known_is_read_from_the_offset(name, offset, zone):
    assert times.zone_of(name, offset) == zone


def test_the_exact_local_time_is_in_the_tooltip_and_read_aloud(in_berlin):
    said = times.when(SUMMER)
    assert 'datetime="2026-07-15T12:00:00Z"' in said and 'title="15 Jul 2026, 14:00 CEST"' in said
    assert ">2 min ago<span" in said and " (15 Jul 2026, 14:00 CEST)</span>" in said


def test_cells_are_local_and_the_column_names_the_zone(in_berlin):
    assert times.cell(SUMMER) == "2026-07-15 14:00" and times.cell(None) == "–"
    assert times.column("Ended") in ("Ended (CET)", "Ended (CEST)")


def test_what_has_not_happened_has_no_time():
    assert times.when(None) == "–"
