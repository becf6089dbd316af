"""``forecasts``."""

import pytest

from core.__main__ import main
from core.output.forecasts import NO_HISTORY
from core.workbench.forecasts import machine
from tests.factories import make_forecast


@pytest.fixture
def compared(filled, registry):
    run = filled.runs[0]
    registry.add_forecasts(
        [make_forecast(run.id, machine=machine(), seconds=10.0, measured_seconds=15.0, measured_at=1.0)]
    )
    return run


def test_past_forecasts_as_data_and_as_text(call, compared, capsys):
    (row,) = call("forecasts")["forecasts"]
    assert (row["run"], row["seconds"]["error"], row["inside"]) == (compared.id, 0.5, False)
    assert main(["forecasts"]) == 0
    text = capsys.readouterr().out
    assert f"{compared.id}  {compared.name}" in text and "8–12 s (estimate)" in text and "+50 %" in text
    assert "The last forecast was off by 50 %." in text
    assert call("show", compared.id)["forecasts"] == [row]
    assert main(["show", compared.id]) == 0 and "took 15 s: 50 % more." in capsys.readouterr().out


def test_without_history_and_a_bad_limit(call, capsys):
    assert call("forecasts")["forecasts"] == []
    assert main(["forecasts"]) == 0 and capsys.readouterr().out.strip() == NO_HISTORY
    assert "--limit counts forecasts. Received: -1" in call("forecasts", "--limit", "-1", code=1)


def test_a_dry_run_says_the_range_and_what_it_rests_on(call, registry, compared, capsys):
    asked = ["train", "--dataset", "flowers", "--backbone", "efficientnet_lite2", "--dry-run"]
    plan = call(*asked)["plan"]
    assert plan["band"]["measured"] is False and plan["band"]["compared"] == 1
    assert plan["forecast_error"]["sentence"] == "The last forecast was off by 50 %."
    assert main(asked) == 0
    text = capsys.readouterr().out
    assert "(estimate: " in text and plan["band"]["sentence"] in text and "off by 50 %" in text
