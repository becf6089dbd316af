"""Past forecasts as JSON."""

import json

import pytest

from core.output.forecasts import NO_HISTORY, forecast_row, forecast_sentence, forecasts_json
from core.planning.machine_speed import PREFERENCE
from core.workbench.forecasts import machine
from tests.core.planning.test_machine_speed import make_speed
from tests.factories import make_forecast


@pytest.fixture
def compared(filled, registry):
    runs = [run.id for run in filled.runs[:3]]
    registry.add_forecasts(
        [
            make_forecast(
                run, machine=machine(), seconds=10.0, measured_seconds=9.0 + number, measured_at=number, compared=9
            )
            for number, run in enumerate(runs)
        ]
    )
    return runs


def test_the_newest_come_first_with_their_errors(bench, compared):
    found = json.loads(json.dumps(forecasts_json(bench, limit=2)))
    assert [row["run"] for row in found["forecasts"]] == [compared[2], compared[1]]
    first = found["forecasts"][0]
    assert first["seconds"] == {"expected": 10.0, "low": 8.0, "high": 12.0, "measured": 11.0, "error": 0.1 + 1 - 1}
    assert first["inside"] is True and first["name"] and first["band_from"] == 9
    assert found["all"]["runs"] == 3 and found["all"]["inside"] == 1.0
    assert found["summary"].startswith("3 forecasts. The last 3 forecasts were off by 10 % (median).")


def test_without_history_there_is_none(bench):
    found = forecasts_json(bench, limit=5)
    assert found.pop("forecasts") == [] and found.pop("summary") == NO_HISTORY and set(found.values()) == {None}


def test_the_speed_of_this_machine_is_there_once_it_was_measured(bench, registry):
    registry.set_preference(PREFERENCE, make_speed().to_json())
    assert forecasts_json(bench, limit=5)["machine_speed"]["sentence"] == make_speed().sentence


def test_a_forecast_in_a_sentence():
    assert forecast_sentence(make_forecast(seconds=12.0)) == "Expected 12 s (estimate: 10–14 s)."
    took = make_forecast(seconds=12.0, measured_seconds=13.0, compared=9)
    assert forecast_sentence(took) == "Expected 12 s (80 %: 10–14 s), took 13 s: 8 % more."
    assert forecast_sentence(make_forecast(seconds=12.0, measured_seconds=12.0)).endswith("took 12 s: as expected.")


def test_what_was_not_measured_is_none():
    row = forecast_row(make_forecast(energy_joules=5.0, energy_low=4.0, energy_high=6.0))
    assert row["seconds"]["measured"] is None and row["seconds"]["error"] is None and row["inside"] is None
    assert row["energy_joules"]["expected"] == 5.0 and forecast_row(make_forecast())["energy_joules"] is None
