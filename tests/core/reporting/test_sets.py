"""Prediction sets in the report."""

from dataclasses import replace

from core.comparison.prediction_sets import measure_sets
from core.models.conformal import SetPredictor
from core.reporting import report_html
from core.runs.predictions import read_predictions
from tests.report_reader import Reader, read

TITLE = "How many classes cannot be excluded?"


def test_with_too_few_validation_photos_there_is_no_such_section(bench, finished):
    run_id = finished[0].id
    assert TITLE in read(bench, finished).text
    test = read_predictions(run_id, "test", bench.settings)
    few = measure_sets(SetPredictor(test.probabilities[:8], test.labels[:8]), test)
    assert few.overall, "enough for 80 %"
    for sets in ({}, {run_id: few}):
        assert TITLE not in Reader(report_html(replace(bench.material([run_id]), sets=sets))).text


def test_coverage_and_mean_size_of_every_run(bench, finished):
    run_id = finished[0].id
    test = read_predictions(run_id, "test", bench.settings)
    fitted = SetPredictor(test.probabilities.repeat(3, axis=0), test.labels.repeat(3))
    measures = measure_sets(fitted, test)
    text = Reader(report_html(replace(bench.material([run_id]), sets={run_id: measures}))).text
    one = measures.at(0.9)
    assert TITLE in text and f"{fitted.photos} " in text
    assert f"{one.classes:.2f}" in text and f"{100 * one.coverage:.0f}" in text
    assert "coverage at 95 %, each class" in text
