"""Plans and launches as JSON."""

import json

import pytest

from core.output.plans import combined_json, launch_json, plan_json, planned_row
from core.recipes.grid import GridChoice
from core.recipes.patterns import Pattern
from core.workbench.forecasts import machine
from tests.factories import make_forecast


@pytest.fixture
def plan(bench, filled):
    choice = GridChoice.product(
        ["efficientnet_lite0"],
        [Pattern.CLASSIFIER, Pattern.INTEGRATED_EXTRACTOR],
        settings={Pattern.INTEGRATED_EXTRACTOR: {"epochs": 0}},
    )
    return bench.grid_plan(filled.dataset.id, choice)


def test_a_plan_names_no_new_run_and_has_a_row_for_what_is_no_recipe(plan):
    found = json.loads(json.dumps(plan_json(plan)))
    new, invalid = found["runs"]
    assert (new["decision"], invalid["decision"]) == ("new", "refused") and new["run"] is None
    assert new["estimate_seconds"] > 0 and invalid["settings"] == {"epochs": 0} and invalid["because"]
    assert found["plan"]["runs"] == 1 and found["plan"]["decisions"] == {"new": 1, "refused": 1}


def test_a_launch_names_its_runs(plan):
    (one,) = plan.plans
    found = launch_json(plan, [planned_row(one, "r-new") | {"status": "SCHEDULED"}])
    assert found["runs"][0]["run"] == "r-new" and len(found["runs"]) == 2


def test_a_combination_is_a_run_with_its_decision(bench, finished):
    found = combined_json(*bench.ensemble(finished[:2]))
    assert found["decision"] == "new" and found["status"] == "FINISHED" and found["accuracy"] > 0
    assert combined_json(*bench.ensemble(finished[:2]))["decision"] == "reused"


def test_a_plan_says_how_far_off_it_may_be(plan):
    found = json.loads(json.dumps(plan_json(plan)))
    band, (row, invalid) = found["plan"]["band"], found["runs"]
    assert (band["level"], band["measured"], band["compared"]) == (0.8, False, 0)
    assert (band["low"], band["high"]) == (found["plan"]["seconds"] / 2, found["plan"]["seconds"] * 2)
    assert "no past forecast from measured speeds" in band["sentence"] and found["plan"]["forecast_error"] is None
    assert row["bands"]["seconds"]["high"] == 2 * row["estimate_seconds"] and "bands" not in invalid
    assert row["bands"]["memory_bytes"]["low"] == row["memory_bytes"] / 2
    assert (row["energy_joules"], row["bands"]["energy_joules"]) == (None, None)


def test_the_error_of_the_newest_forecasts_is_said(bench, filled, registry):
    compared = [
        make_forecast(run.id, machine=machine(), seconds=10.0, measured_seconds=11.0, measured_at=5.0)
        for run in filled.runs
    ]
    registry.add_forecasts(compared)
    choice = GridChoice.product(["efficientnet_lite0"], [Pattern.CLASSIFIER])
    error = plan_json(bench.grid_plan(filled.dataset.id, choice))["plan"]["forecast_error"]
    assert error["sentence"] == f"The last {len(compared)} forecasts were off by 10 % (median)."
    assert (error["runs"], error["within"]) == (len(compared), 1.0)
