"""The curve of a confidence cascade: what every threshold would give, and which was chosen."""

import pytest

from core.charts.thresholds import thresholds_chart
from core.errors import InvalidInput
from core.models.cascades.thresholds import threshold_points

CURVE = [(0.0, 0.8, 0.0), (0.7, 0.9, 0.25), (1.01, 0.85, 1.0)]


def a_choice(timed=True):
    points = [
        {"threshold": threshold, "accuracy": accuracy, "passed_on": passed_on}
        | ({"milliseconds": 10 + 40 * passed_on} if timed else {})
        for threshold, accuracy, passed_on in CURVE
    ]
    return {"threshold": 0.7, "curve": points[::-1]}


def test_points_come_in_order_of_what_is_passed_on():
    assert [point.passed_on for point in threshold_points(a_choice())] == [0.0, 0.25, 1.0]
    assert threshold_points({}) == ()


def test_the_title_says_what_the_chosen_threshold_gives():
    assert thresholds_chart(threshold_points(a_choice()), 0.7).title == (
        "Passing on 25.0 % of the photos gives 90.0 % validation accuracy, 10 points more than the cheap model alone, "
        "20 ms per photo"
    )


def test_accuracy_is_drawn_against_time_and_the_chosen_threshold_marked():
    line, mark = thresholds_chart(threshold_points(a_choice()), 0.7).figure.data
    assert list(line.x) == [10, 20, 50] and list(line.y) == [80, 90, 85]
    assert (mark.x, mark.y) == ((20,), (90,))
    assert [custom[1] for custom in line.customdata] == [
        "never passed on", "passed on below 70.0 %", "always passed on",
    ]  # fmt: skip


def test_without_measured_times_the_share_that_is_passed_on_is_the_cost():
    figure = thresholds_chart(threshold_points(a_choice(timed=False)), 0.7).figure
    assert list(figure.data[0].x) == [0, 25, 100] and "passed on" in figure.layout.xaxis.title.text


def test_without_a_curve_nothing_is_drawn():
    with pytest.raises(InvalidInput, match="no threshold"):
        thresholds_chart((), 0.5)
