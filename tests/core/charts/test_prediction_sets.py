"""Classes in a prediction set by confidence."""

import pytest

from core.charts.prediction_sets import set_size_chart
from core.comparison.prediction_sets import SetMeasure
from core.errors import InvalidInput
from tests.chart_values import looks

NAMES = {"r-1": "Lite1", "r-2": "Lite0"}


def measure(confidence, classes):
    return SetMeasure(
        confidence=confidence, by_class=False, photos=50, covered=46, classes=classes, single=0.7, empty=0.1
    )


def test_a_line_shows_the_mean_number_of_classes_by_confidence():
    measures = {"r-1": [measure(0.9, 1.2), measure(0.95, 1.9)], "r-2": []}
    chart = set_size_chart(measures, NAMES, styles=looks())
    (line,) = chart.figure.data
    assert (list(line.x), list(line.y)) == ([90.0, 95.0], [1.2, 1.9])
    assert list(line.customdata) == pytest.approx([92.0, 92.0])
    first, second = chart.rows()
    assert (first["run"], first["name"], first["confidence"], first["classes_per_set"]) == ("r-1", "Lite1", 0.9, 1.2)
    assert first["ci95_low"] < first["coverage"] == 0.92 < first["ci95_high"] and second["confidence"] == 0.95


def test_without_enough_validation_photos_there_is_nothing_to_draw():
    with pytest.raises(InvalidInput, match="enough validation photos"):
        set_size_chart({"r-1": []}, NAMES, styles=looks())
