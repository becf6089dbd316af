"""Accuracy against coverage."""

import pytest

from core.charts.coverage import coverage_chart
from core.charts.look import MOST_POINTS
from core.comparison.coverage import CoveragePoint
from tests.chart_values import looks, several

NAMES = {"r-1": "Lite1", "r-2": "Lite0"}


def points(*accuracies) -> tuple[CoveragePoint, ...]:
    n = len(accuracies)
    return tuple(
        CoveragePoint(threshold=1 - place / 10, coverage=(place + 1) / n, accuracy=accuracy, photos=place + 1)
        for place, accuracy in enumerate(accuracies)
    )


def test_a_curve_shows_accuracy_over_the_share_of_photos_that_get_an_answer():
    (line,) = coverage_chart({"r-1": points(1.0, 0.9, 0.8, 0.75)}, NAMES, styles=looks()).figure.data
    assert (list(line.x), list(line.y)) == ([25.0, 50.0, 75.0, 100.0], [100.0, 90.0, 80.0, 75.0])
    assert list(line.customdata) == pytest.approx([100.0, 90.0, 80.0, 70.0])


def test_the_title_says_what_leaving_unsure_answers_out_gives():
    curves = {"r-1": points(1.0, 0.9, 0.8, 0.75), "r-2": points(1.0, 0.5, 0.5, 0.5)}
    assert coverage_chart(curves, NAMES, styles=looks()).title == (
        "Lite1 reaches 90 % accuracy without the 50.0 % of photos it is least sure of"
    )
    flat = {"r-1": points(0.5, 0.6, 0.6)}
    assert coverage_chart(flat, NAMES, styles=looks()).title == (
        "Lite1: 60.0 % accuracy; leaving out unsure predictions does not increase it"
    )


def test_the_table_of_coverage_holds_the_points_that_are_drawn():
    many = {f"r-{number}": points(*[1 - place / 5000 for place in range(3000)]) for number in range(100)}
    rows, figure = (
        coverage_chart(many, {}, styles=looks()).rows(),
        coverage_chart(many, {}, styles=looks()).figure,
    )
    assert len(rows) == sum(len(trace.x) for trace in figure.data) <= MOST_POINTS
    assert len({row["run"] for row in rows}) == 40
    assert {row["coverage"] for row in rows} >= {1.0}


def test_a_single_odd_answer_at_the_sure_end_does_not_flatten_the_chart():
    curve = points(0.0, *[0.9] * 99)
    assert coverage_chart({"r-1": curve}, NAMES, styles=looks()).figure.layout.yaxis.range[0] > 85


def test_twelve_of_many_runs_are_named():
    found = several(30)
    figure = coverage_chart({run_id: points(0.9, 0.8) for run_id in found.ids}, found.names, styles=looks()).figure
    assert sum(trace.showlegend is not False for trace in figure.data) == 12
