"""Accuracy against the share of photos that get a prediction."""

import numpy as np
import pytest

from core.comparison.coverage import coverage, when_sure
from core.runs.predictions import Predictions
from tests.core.comparison.test_photos import a_result, random_result


def test_the_surest_answers_come_first_and_the_last_point_is_the_accuracy():
    predictions = a_result(labels=(0, 0, 0, 0), given=(0, 0, 1, 0), sure=(0.9, 0.8, 0.7, 0.6))
    points = coverage(predictions)
    assert [point.accuracy for point in points] == pytest.approx([1, 1, 2 / 3, 3 / 4])
    assert [point.coverage for point in points] == [0.25, 0.5, 0.75, 1.0]
    assert points[-1].photos == 4 and points[-1].accuracy == predictions.accuracy


def test_photos_of_one_confidence_are_answered_together():
    points = coverage(a_result(labels=(0, 0, 0), given=(0, 1, 0), sure=(0.9, 0.7, 0.7)))
    assert [(point.photos, point.threshold) for point in points] == [(1, 0.9), (3, 0.7)]


def test_every_point_is_what_its_threshold_gives():
    predictions = random_result(n=200)
    confidence = predictions.probabilities.max(axis=1)
    for point in coverage(predictions, most=17):
        kept = confidence >= point.threshold
        assert point.photos == kept.sum() and point.accuracy == pytest.approx(predictions.correct[kept].mean())


def test_many_photos_make_few_points_and_both_ends_are_among_them():
    predictions = random_result(n=5000)
    points = coverage(predictions)
    assert len(points) <= 400 and points[0].photos == 1 and points[-1].coverage == 1.0
    assert all(a.coverage < b.coverage and a.threshold > b.threshold for a, b in zip(points, points[1:], strict=False))


def test_when_sure_counts_only_the_answers_that_are_sure():
    predictions = Predictions(
        run_id="r-1",
        digests=("a", "b", "c", "d"),
        labels=np.array([0, 0, 1, 1]),
        probabilities=np.array([[0.95, 0.05], [0.1, 0.9], [0.4, 0.6], [0.55, 0.45]]),
    )
    assert when_sure(predictions, 0.9) == (0.5, 0.5)
    assert when_sure(predictions, 0.5) == (0.5, 1.0)
    assert when_sure(predictions, 0.99) == (None, 0.0)
