"""Plans and launches as JSON."""

import json

import pytest

from core.output.plans import combined_json, launch_json, plan_json, planned_row
from core.recipes.grid import GridChoice
from core.recipes.recipe import Pattern


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
