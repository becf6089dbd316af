"""Times as a reader in one time zone sees them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from core.text.times import ago, day, element, exact, sortable

BERLIN, NEW_YORK, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")


def at(*values: int) -> float:
    """Seconds since 1970 of a time in UTC."""
    return datetime(*values, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 day ago"),
        (3 * 86_400, "3 days ago"),
        (7 * 86_400, "22 Nov 2026"),
        (-30, "just now"),
        (-3600, "29 Nov 2026"),
    ],
)
def test_a_time_is_said_by_its_distance_and_after_a_week_by_its_date(past, said):
    now = at(2026, 11, 29, 12)
    assert ago(now - past, now, UTC) == said


def test_the_date_is_that_of_the_reader():
    late = at(2026, 11, 29, 23, 30)
    assert (day(late, UTC), day(late, BERLIN), day(late, NEW_YORK)) == ("29 Nov 2026", "30 Nov 2026", "29 Nov 2026")


@pytest.mark.parametrize(
    ("time", "zone", "said"),
    [
        (at(2026, 1, 15, 12), BERLIN, "15 Jan 2026, 13:00 CET"),
        (at(2026, 7, 15, 12), BERLIN, "15 Jul 2026, 14:00 CEST"),
        (at(2026, 10, 25, 0, 30), BERLIN, "25 Oct 2026, 02:30 CEST"),
        (at(2026, 10, 25, 1, 30), BERLIN, "25 Oct 2026, 02:30 CET"),
        (at(2026, 3, 8, 6, 59), NEW_YORK, "8 Mar 2026, 01:59 EST"),
        (at(2026, 3, 8, 7, 0), NEW_YORK, "8 Mar 2026, 03:00 EDT"),
        (at(2026, 7, 15, 12), KATHMANDU, "15 Jul 2026, 17:45 +0545"),
        (at(2026, 7, 15, 12), UTC, "15 Jul 2026, 12:00 UTC"),
    ],
)
def test_the_exact_time_names_its_zone_also_where_the_clocks_change(time, zone, said):
    assert exact(time, zone) == said


def test_the_time_of_a_cell_is_sorted_as_text():
    assert sortable(at(2026, 3, 4, 17, 5), BERLIN) == "2026-03-04 18:05"


def test_a_time_on_a_page_has_the_exact_one_for_the_mouse_and_for_screen_readers():
    then = at(2026, 11, 29, 12)
    assert element(then, then + 150, BERLIN) == (
        '<time datetime="2026-11-29T12:00:00Z" title="29 Nov 2026, 13:00 CET">2 min ago'
        '<span class="read-aloud"> (29 Nov 2026, 13:00 CET)</span></time>'
    )
