"""Rows of past forecasts; the panel itself is in ``tests/pages/test_forecasts.py``."""

from core.output.forecasts import forecast_row
from core.web.train.forecasts_panel import _row, _signed
from tests.factories import make_forecast


def test_a_row_says_what_was_expected_and_what_came():
    row = _row(forecast_row(make_forecast(seconds=10.0, measured_seconds=13.0, measured_at=5.0), "Lite0 · head"))
    assert (row["Run"], row["Expected"], row["Range"], row["Took"]) == ("Lite0 · head", 10.0, "8–12 s (estimate)", 13.0)
    assert row["In range"] == "no" and _signed(row["Off by"]) == "+30 %"
