"""Types of responses about runs."""

import pytest
from pydantic import ValidationError

from core.api.run_types import PlannedRun, RunRow


def test_a_refused_recipe_need_not_have_what_a_run_will_take(client_of, filled):
    asked = {"dataset": "flowers", "backbone": ["squeezenet"], "pattern": ["fine_tuning"], "depth": [1, 99]}
    answer = client_of("train").post("/runs", json=asked | {"dry_run": True})
    refused = [row for row in answer.json()["runs"] if row["decision"] == "refused"]
    assert refused and all(PlannedRun.model_validate(row).because for row in refused)


def test_a_status_that_is_not_named_is_none(reader, filled):
    (row,) = reader.get("/runs?limit=1").json()["runs"]
    assert RunRow.model_validate(row).run == row["run"]
    with pytest.raises(ValidationError, match="status"):
        RunRow.model_validate(row | {"status": "PAUSED"})
