"""Accuracy against training photos, and what each class would gain."""

from dataclasses import replace

import pytest

from core.charts.growth import gains_chart, growth_chart
from core.text.units import percent
from tests.chart_values import a_growth


@pytest.fixture
def growth():
    return a_growth()


def test_measured_points_stand_at_the_photos_of_an_average_class(growth):
    figure = growth_chart(growth, classes=2).figure
    (measured,) = [one for one in figure.data if one.name == "EfficientNet-Lite0, 224 px" and len(one.x) == 3]
    assert list(measured.x) == [12.5, 25.0, 50.0] and list(measured.y) == pytest.approx([75.0, 81.0, 85.0])


def test_the_forecast_for_twice_the_photos_has_its_range(growth):
    chart = growth_chart(growth, classes=2)
    twice = growth.curves[0].twice
    (point, *_) = [one for one in chart.figure.data if one.error_y.array is not None and list(one.x) == [100.0]]
    assert list(point.y) == pytest.approx([100 * twice.accuracy])
    assert point.error_y.array[0] == pytest.approx(100 * (twice.high - twice.accuracy))
    assert point.error_y.arrayminus[0] == pytest.approx(100 * (twice.accuracy - twice.low))
    assert percent(twice.accuracy, (twice.low, twice.high)) in chart.title


def test_the_band_is_that_of_the_most_accurate_backbone_and_the_line_is_dotted_beyond_the_photos(growth):
    figure = growth_chart(growth, classes=1).figure
    (band,) = [one for one in figure.data if one.fill]
    best = growth.curves[0]
    assert list(band.y) == [100 * one.high for one in best.band] + [100 * one.low for one in reversed(best.band)]
    dotted = [one for one in figure.data if one.line.dash == "dot"]
    assert len(dotted) == 2 and all(one.x[0] == 100 and one.x[-1] == 200 for one in dotted)
    low, high = figure.layout.yaxis.range
    assert low < min(band.y) and high > max(band.y), "all of it is on the axis"


def test_every_number_that_is_drawn_is_in_the_table(growth):
    rows = growth_chart(growth, classes=2).rows()
    measured = [row for row in rows if row["kind"] == "measured" and row["backbone"] == "EfficientNet-Lite0"]
    assert [(row["training_photos"], row["accuracy"]) for row in measured] == [(25, 0.75), (50, 0.81), (100, 0.85)]
    assert {row["low"] is None for row in rows if row["kind"] == "fitted"} == {False}


def test_where_twice_the_photos_would_not_help_the_title_says_so(growth):
    curve = replace(growth.curves[0], accuracies=(0.9, 0.95, 0.99))
    assert "would not help" in growth_chart(replace(growth, curves=(curve,)), classes=2).title


def test_the_class_that_would_gain_most_is_named_and_in_full_colour(growth):
    chart = gains_chart(growth.curves[0])
    (bars,) = chart.figure.data
    assert chart.title.startswith("EfficientNet-Lite0 would gain most: about 10 points")
    assert list(bars.x) == pytest.approx([10.0, 2.0]) and bars.marker.color[0] != bars.marker.color[1]
    assert chart.rows()[0]["gain"] == 0.1


def test_where_no_class_is_clearly_first_none_is_named(growth):
    unclear = tuple(replace(one, share=0.5) for one in growth.curves[0].classes)
    chart = gains_chart(replace(growth.curves[0], classes=unclear))
    assert "cannot be told" in chart.title and len(set(chart.figure.data[0].marker.color)) == 1
