"""Progress is reported with counts, and an import that should stop stops at the next report."""

import pytest

from core.datasets.progress import ImportProgress, ProgressTracker
from core.errors import Cancelled


def test_what_is_reported():
    seen: list[ImportProgress] = []
    tracker = ProgressTracker(seen.append, None)
    tracker.report("Decoding photos", 3, 10, 1)
    assert (seen[0].stage, seen[0].accepted, seen[0].rejected, seen[0].total) == ("Decoding photos", 2, 1, 10)
    assert seen[0].eta_seconds is not None and not tracker.due
    tracker.report("Storing")
    assert seen[1].eta_seconds is None


def test_a_cancelled_import_stops_at_the_next_report():
    with pytest.raises(Cancelled):
        ProgressTracker(None, lambda: True).report("Storing")
    ProgressTracker(None, None).check()
