"""The page Train says how far off a plan may be, and shows how good earlier forecasts were."""

import pytest

from core.output.forecasts import NO_HISTORY
from core.workbench.forecasts import machine
from tests.factories import make_forecast
from tests.pages.conftest import first_line, visit
from tests.pages.test_train import said


@pytest.fixture
def ten_runs(filled, bench):
    """Ten forecasts of this machine that were compared."""
    runs = [*filled.runs, *filled.runs][:10]
    bench.registry.add_forecasts(
        [
            make_forecast(
                run.id,
                attempt=1 + number // len(filled.runs),
                launch=f"l-{number}",
                machine=machine(),
                seconds=10.0,
                measured_seconds=9.0 + number / 4,
                measured_at=float(number),
            )
            for number, run in enumerate(runs)
        ]
    )
    return runs


def opened(at):
    at.session_state["train.forecasts"] = True
    return at.run()


def test_without_history_the_range_is_an_estimate_and_says_why(filled):
    at = visit("train", start="quick")
    assert "\\(estimate\\:" in first_line(at) and "no history on this machine yet" in said(at)
    assert NO_HISTORY in said(opened(at))


def test_with_history_the_range_the_error_and_past_forecasts_are_shown(ten_runs):
    at = visit("train", start="quick")
    assert "\\(80 \\%\\:" in first_line(at)
    assert "80 % band from the errors of 10 past forecasts: launches on this machine." in said(at)
    assert "The last 10 forecasts were off by" in said(at)
    opened(at)
    shown = next(frame.value for frame in at.dataframe if "Took" in frame.value)
    assert len(shown) == 10 and list(shown["Run"])[0] == ten_runs[-1].name


def test_the_page_of_a_run_says_what_was_expected_of_it(ten_runs):
    assert "Attempt 1: Expected 10 s (estimate: 8–10 s), took 9.0 s: 10 % less." in said(
        visit("runs", run=ten_runs[0].id)
    )
