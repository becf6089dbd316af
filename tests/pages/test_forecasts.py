"""The page Train says how far off a plan may be, and shows how good earlier forecasts were."""

import re

import pytest

from core.files.home import speed_job
from core.files.locks import acquire
from core.output.forecasts import NO_HISTORY
from core.planning.machine_speed import PREFERENCE
from core.workbench.forecasts import machine
from tests.core.planning.test_machine_speed import make_speed
from tests.factories import make_dataset, make_forecast, make_photos
from tests.pages.conftest import button, first_line, visit
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
    assert "\\(estimate\\:" in first_line(at) and "no past forecast from measured speeds" in said(at)
    planned = next(frame.value for frame in at.dataframe if "Plan" in frame.value)
    assert all(re.fullmatch(r"\d+( s)?–\d+ (s|min)", one) for one in planned["Range"])
    assert NO_HISTORY in said(opened(at))


def test_with_history_the_range_the_error_and_past_forecasts_are_shown(ten_runs):
    at = visit("train", start="quick")
    assert "\\(80 \\%\\:" in first_line(at)
    assert "80 % range from the errors of 10 past forecasts: launches on this machine." in said(at)
    assert "The last 10 forecasts were off by" in said(at)
    opened(at)
    shown = next(frame.value for frame in at.dataframe if "Took" in frame.value)
    assert len(shown) == 10 and list(shown["Run"])[0] == ten_runs[-1].name


def test_the_page_of_a_run_says_what_was_expected_of_it(ten_runs):
    assert "Attempt 1: Expected 10 s (estimate: 8–12 s), took 9.0 s: 10 % less." in said(
        visit("runs", run=ten_runs[0].id)
    )


@pytest.fixture
def photos_only(bench):
    bench.registry.add_dataset(make_dataset(), make_photos())
    return bench


def test_before_there_is_history_the_machine_can_be_measured(photos_only, monkeypatch):
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: None)
    at = opened(visit("train", start="quick"))
    job = speed_job(photos_only.settings)
    button(at, "train.speed").click().run()
    assert job.request.exists()
    with acquire(job.alive_lock):
        assert "Measuring this machine with a trial run" in said(at.run())
    photos_only.registry.set_preference(PREFERENCE, make_speed().to_json())
    job.status.write_text('{"state": "ready"}')
    shown = said(at.run())
    assert make_speed().sentence in shown and "Estimated from a trial run on this machine." in shown


def test_a_measurement_that_failed_says_why_and_can_be_repeated(photos_only):
    job = speed_job(photos_only.settings)
    job.path.mkdir(parents=True)
    job.request.write_text("{}")
    job.status.write_text('{"state": "failed", "message": "The trial run failed: No space is left."}')
    at = opened(visit("train", start="quick"))
    assert "No space is left." in said(at) and button(at, "train.speed")


def test_with_history_there_is_nothing_to_measure(ten_runs):
    at = opened(visit("train", start="quick"))
    assert "train.speed" not in [one.key for one in at.button]
