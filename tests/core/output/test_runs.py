"""Runs as JSON."""

import json

from core.output.runs import marks_row, run_json, run_row
from core.runs.values import Status


def test_a_run_has_what_a_list_needs_and_more_by_itself(bench, filled):
    run = filled.with_status(Status.FINISHED)[0]
    row, whole = run_row(run), json.loads(json.dumps(run_json(bench, run)))
    assert row["run"] == run.id and row["status"] == "FINISHED" and row["recipe"] == run.recipe.to_dict()
    assert json.loads(json.dumps(row)).items() <= whole.items()
    assert whole["evaluation"]["accuracy"] == row["accuracy"] and "right" not in whole["evaluation"]
    assert whole["model"]["sha256"] and whole["epochs"] and whole["cost"] and whole["reproduction"] is None


def test_a_run_that_waits_has_no_results(bench, filled):
    (run,) = filled.with_status(Status.SCHEDULED)
    whole = run_json(bench, run)
    assert (whole["evaluation"], whole["cost"], whole["model"], whole["epochs"]) == (None, None, None, [])


def test_marks_are_what_a_person_wrote(filled):
    row = marks_row(filled.runs[0])
    assert row["starred"] and row["tags"] == ["baseline"] and row["run"] == filled.runs[0].id
