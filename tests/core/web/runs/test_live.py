"""The first line of the page Runs."""

from dataclasses import replace

import pytest

from core.runs.values import Status
from core.web.runs.live import first_line
from tests.comparison_values import a_run

COUNTS = {Status.FINISHED: 2, Status.FAILED: 1}


def runs_with(*statuses):
    return [replace(a_run(f"r-{number}"), status=status) for number, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("runs", "left", "line"),
    [
        (runs_with("FINISHED", "RUNNING", "SCHEDULED"), {"r-1": 20.0, "r-2": 118.0}, "1 of 3 done, about 2 min left."),
        (runs_with("FAILED", "RUNNING"), {"r-1": 4.0, "r-9": 900.0}, "1 of 2 done (1 failed), about 4 s left."),
        (runs_with("FINISHED", "SCHEDULED"), {}, "1 of 2 done."),
        (runs_with("FINISHED", "FINISHED"), {}, "All 2 runs are finished."),
        (runs_with("FINISHED"), {}, "The run is finished."),
        (runs_with("FINISHED", "FAILED", "KILLED"), {}, "1 of 3 runs finished, 1 failed, 1 stopped."),
        ([], {}, "3 runs: 2 finished, 1 failed."),
    ],
)
def test_the_first_line_says_what_is_done_and_how_long_the_rest_takes(runs, left, line):
    assert first_line([replace(run, status=Status(run.status)) for run in runs], COUNTS, left) == line


def test_without_runs_it_says_so():
    assert first_line([], {}, {}) == "No run has been launched yet."
    assert first_line([], {Status.FINISHED: 2}, {}) == "2 runs, all finished."
