"""Pairs, classes, confidence, thresholds, the embedding map."""

from dataclasses import replace

from core.reporting import report_html
from core.text.units import percent
from tests.report_reader import Reader, read


def test_a_class_without_test_photos_is_named(bench, finished):
    run = finished[0]
    evaluation = bench.registry.evaluation(run.id)
    scores = (replace(evaluation.per_class[0], photos=0, recall=None), *evaluation.per_class[1:])
    material = bench.material([run.id])
    changed = replace(material.comparison, evaluations={run.id: replace(evaluation, per_class=scores)})
    text = Reader(report_html(replace(material, comparison=changed))).text
    assert f"Not measured, because without test photos: {scores[0].class_name}." in text


def test_thresholds_are_there_where_runs_have_them(bench, runs):
    assert "Which threshold for a cascade?" in read(bench, runs.values()).text
    assert "Which threshold for a cascade?" not in read(bench, [runs["features"], runs["as it is"]]).text


def test_temperatures_are_shown_before_and_after(bench, finished):
    assert "temperature, fitted on validation photos" not in read(bench, finished).text
    found = bench.calibrate(finished[0].id)
    text = read(bench, finished).text
    assert (
        f"{found.temperature:.2f} {percent(found.validation_ece_before)} {percent(found.validation_ece_after)}" in text
    )


def test_the_map_of_the_best_run_is_in_it_when_it_is_at_hand(bench, runs):
    text = read(bench, [runs["ensemble"], runs["features"]]).text
    assert "Which photos look similar to the network?" in text and "probabilities of the run" in text
