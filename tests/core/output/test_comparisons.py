"""A comparison as JSON; its numbers are checked against the page in ``tests/core/cli/test_compare.py``."""

import json

from core.output.comparisons import comparison_json, verdict_json


def test_runs_pairs_and_verdict_are_plain_values(bench, finished):
    found = json.loads(json.dumps(comparison_json(bench.comparison(finished), bench.set_measures(finished))))
    assert {row["run"] for row in found["runs"]} == set(finished) and len(found["pairs"]) == 6
    verdict = found["verdict"]
    assert verdict["best"] in finished and verdict["sentence"] and verdict["photos"] > 0
    assert found["metrics"] == []
    sets = {(row["run"], row["confidence"], row["by_class"]): row for row in found["prediction_sets"]}
    assert set(sets) == {(run_id, 0.9, False) for run_id in finished}, "12 validation photos: too few for 95 %"
    one = sets[finished[0], 0.9, False]
    assert one["ci95"][0] <= one["coverage"] <= one["ci95"][1] and one["classes_per_set"] >= 0.5


def test_two_runs_are_compared_by_every_metric_too(bench, finished):
    metrics = comparison_json(bench.comparison(finished[:2]), {})["metrics"]
    assert metrics and all(one["ci95"][0] <= one["difference"] <= one["ci95"][1] for one in metrics)


def test_without_measured_runs_there_is_no_verdict():
    assert verdict_json(None, {}) is None
