"""Prediction sets on test photos: counted, with the spread that so few photos have."""

import numpy as np
import pytest

from core.comparison.prediction_sets import measure_sets
from core.errors import InvalidInput
from core.models.conformal import SetPredictor
from core.runs.metrics import wilson_interval
from core.runs.predictions import Predictions
from tests.core.models.test_conformal import exchangeable


def result(probabilities, labels) -> Predictions:
    digests = tuple(f"{number:03d}" for number in range(len(labels)))
    return Predictions(
        run_id="r-1", digests=digests, labels=np.asarray(labels), probabilities=np.asarray(probabilities)
    )


def test_what_is_in_the_sets_is_counted():
    predictor = SetPredictor(
        np.tile([0.7, 0.2, 0.1], (40, 1)), np.arange(40) % 8 // 6
    )  # a quarter are the second class
    test = result([[0.9, 0.06, 0.04], [0.5, 0.3, 0.2], [0.34, 0.33, 0.33], [0.1, 0.15, 0.75]], [0, 1, 2, 0])
    one = measure_sets(predictor, test, (0.9,)).at(0.9)
    assert (one.photos, one.covered) == (4, 3)
    assert one.coverage == 0.75 and one.ci95 == wilson_interval(3, 4)
    assert one.classes == pytest.approx((1 + 3 + 3 + 1) / 4) and one.single == 0.5 and one.empty == 0


def test_a_confidence_that_needs_more_validation_photos_is_left_out():
    predictor = SetPredictor(np.tile([0.7, 0.3], (15, 1)), np.arange(15) // 10)
    found = measure_sets(predictor, result([[0.5, 0.5]], [0]))
    assert found.at(0.95) is None and found.at(0.9).confidence == 0.9 and found.validation == 15
    assert found.at(0.9, by_class=True) and found.at(0.92, by_class=True) is None, "10 photos of the largest class"


def test_sets_that_keep_their_promise_are_where_they_are_expected():
    inside = []
    for seed in range(200):
        probabilities, labels = exchangeable(300, seed=seed)
        predictor = SetPredictor(probabilities[:150], labels[:150])
        one = measure_sets(predictor, result(probabilities[150:], labels[150:]), (0.9,)).at(0.9)
        inside.append(one.expected[0] <= one.coverage <= one.expected[1])
    assert 0.93 <= np.mean(inside) <= 1.0


def test_predictions_of_other_classes_are_refused():
    with pytest.raises(InvalidInput, match="for 2 and 3 classes"):
        measure_sets(SetPredictor(np.ones((20, 2)) / 2, np.zeros(20, int)), result(np.ones((4, 3)) / 3, [0] * 4))
