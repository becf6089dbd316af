"""The audit log as it is shown."""

from core.registry import LogEntry
from core.web.people.audit_panel import rows_of


def test_an_entry_in_words():
    entry = LogEntry(
        number=1, at=0, action="end_session", detail={"user": "anna", "n": 3, "runs": ["r-1", "r-2"]}, who="ada"
    )
    (row,) = rows_of([entry])
    assert (row["Who"], row["Action"], row["Detail"]) == ("ada", "end session", "user: anna, n: 3, runs: r-1 r-2")
    (row,) = rows_of([LogEntry(number=1, at=0, action="x", detail={}, who="")])
    assert row["Who"] == "not recorded"
