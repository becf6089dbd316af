"""Confidence against accuracy, bin by bin."""

import pytest

from core.comparison.reliability import reliability
from core.runs.metrics import calibration_error
from tests.core.comparison.test_photos import a_result, random_result


def test_every_photo_lies_in_one_bin_and_the_bins_make_the_calibration_error():
    predictions = random_result()
    found = reliability(predictions)
    assert sum(one.photos for one in found.bins) == 500 and all(one.photos for one in found.bins)
    assert all(one.low < one.confidence <= one.high and 0 <= one.accuracy <= 1 for one in found.bins)
    gaps = sum(one.photos * abs(one.accuracy - one.confidence) for one in found.bins) / 500
    assert found.ece == pytest.approx(gaps) == calibration_error(predictions.probabilities, predictions.labels)


def test_an_honest_run_lies_on_the_diagonal():
    predictions = a_result(labels=(0,) * 5, given=(0, 0, 0, 0, 1), sure=0.8)
    (only,) = reliability(predictions).bins
    assert (only.photos, only.accuracy) == (5, 0.8) and only.confidence == pytest.approx(0.8)
