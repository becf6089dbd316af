"""Is a run right as often as it is sure, and how right is it when it is sure?"""

from dataclasses import replace

import pytest

from core.charts.reliability import joined, reliability_chart
from core.comparison.reliability import Reliability, ReliabilityBin
from tests.chart_values import looks

NAMES = {"r-1": "Lite1", "r-2": "Lite0"}


def a_bin(low, photos, confidence, accuracy) -> ReliabilityBin:
    return ReliabilityBin(low=low, high=low + 0.1, photos=photos, confidence=confidence, accuracy=accuracy)


def sure(run_id="r-1", *, ece=0.1, confidence=0.95, accuracy=0.8) -> Reliability:
    bins = (a_bin(0.8, 20, 0.85, 0.7), a_bin(0.9, 80, confidence, accuracy))
    return Reliability(run_id=run_id, bins=bins, ece=ece)


def test_one_run_is_bars_with_intervals_beside_the_diagonal_and_the_photos_under_it():
    diagonal, bars, photos = reliability_chart([sure()], NAMES, styles=looks()).figure.data
    assert list(diagonal.x) == list(diagonal.y) == [80.0, 100]
    assert (list(bars.x), list(bars.y)) == (pytest.approx([85.0, 95.0]), [70.0, 80.0])
    assert bars.error_y.visible is not False
    assert (list(photos.y), photos.yaxis) == ([20, 80], "y2")
    assert bars.customdata[1][2] == "confidence 95.0 %, accuracy 80.0 %, 80 photos"


def test_several_runs_are_lines_at_their_mean_confidence_whose_markers_grow_with_the_photos():
    figure = reliability_chart([sure("r-1"), sure("r-2")], NAMES, styles=looks()).figure
    line = figure.data[1]
    assert (list(line.x), list(line.y)) == ([85.0, 95.0], [70.0, 80.0])
    assert line.marker.size[0] < line.marker.size[1] == 12
    assert {trace.type for trace in figure.data} == {"scatter"}


def test_what_temperature_scaling_would_give_is_dotted_in_the_same_colour():
    figure = reliability_chart(
        [sure("r-1"), sure("r-2")], NAMES, after=[sure("r-1", accuracy=0.94)], styles=looks()
    ).figure
    (scaled,) = [trace for trace in figure.data if trace.name == "Lite1, temperature scaled"]
    assert scaled.line.dash == "dot"
    assert scaled.marker.symbol.endswith("-open")
    assert scaled.line.color == figure.data[1].line.color
    assert "temperature scaled" in [trace.name for trace in figure.data if trace.showlegend is not False]


def test_bins_of_few_photos_are_joined_with_their_neighbour_from_the_surest_down():
    bins = (a_bin(0.1, 2, 0.15, 0.5), a_bin(0.2, 6, 0.25, 0.5), a_bin(0.8, 4, 0.85, 1.0), a_bin(0.9, 20, 0.95, 0.9))
    low, high = joined(bins)
    assert (low.low, low.photos, low.accuracy) == (0.1, 12, pytest.approx((2 * 0.5 + 6 * 0.5 + 4 * 1.0) / 12))
    assert high == bins[-1]
    assert sum(one.photos for one in joined(bins)) == 32
    (everything,) = joined(bins[:2])
    assert (everything.photos, everything.confidence) == (8, pytest.approx(0.225))


def test_the_title_says_how_far_off_one_run_is_and_who_of_several_is_least():
    assert reliability_chart([sure()], NAMES, styles=looks()).title == (
        "Lite1 is overconfident: mean confidence 93.0 %, accuracy 78.0 % (calibration error 10.0 %)"
    )
    assert "10.0 %, 2.0 % with temperature scaling)" in (
        reliability_chart([sure()], NAMES, after=[sure(ece=0.02)], styles=looks()).title
    )
    assert "is underconfident" in reliability_chart([sure(confidence=0.91, accuracy=0.99)], NAMES, styles=looks()).title
    assert reliability_chart([sure(), sure("r-2", ece=0.04)], NAMES, styles=looks()).title == (
        "Lite0 is calibrated best: calibration error 4.0 %; worst is Lite1: 10.0 %"
    )


def test_the_table_of_one_run_holds_every_bin_and_that_of_several_the_joined_ones():
    few = Reliability(run_id="r-2", bins=(a_bin(0.8, 2, 0.85, 1.0), a_bin(0.9, 50, 0.95, 0.9)), ece=0.1)
    assert len(reliability_chart([few], NAMES, styles=looks()).rows()) == 2
    rows = reliability_chart([sure(), few], NAMES, after=[sure()], styles=looks()).rows()
    assert [(row["name"], row["scaled"], row["photos"]) for row in rows] == [
        ("Lite1", False, 20), ("Lite1", False, 80), ("Lite0", False, 52), ("Lite1", True, 20), ("Lite1", True, 80),
    ]  # fmt: skip


def test_the_best_and_the_worst_calibrated_run_that_the_title_names_are_drawn_however_accurate():
    runs = [sure("r-0"), sure("r-1"), replace(sure("r-2"), ece=0.9), replace(sure("r-3"), ece=0.0001)]
    chart = reliability_chart(runs, {}, most=1, styles=looks())
    assert chart.title.startswith("r-3 is calibrated best") and "worst is r-2" in chart.title
    assert {trace.legendgroup for trace in chart.figure.data if trace.legendgroup} == {"r-0", "r-2", "r-3"}


def test_only_those_runs_have_a_line_after_scaling_that_have_one_before():
    figure = reliability_chart([sure("r-1")], NAMES, after=[sure("r-2")], styles=looks()).figure
    assert not any("scaled" in (trace.name or "") for trace in figure.data)


def test_a_few_runs_are_drawn_and_the_table_holds_all():
    runs = [sure(f"r-{number}") for number in range(6)]
    chart = reliability_chart(runs, {}, after=[sure("r-5")], most=2, styles=looks())
    assert {trace.legendgroup for trace in chart.figure.data if trace.legendgroup} == {"r-0", "r-1", "r-5"}
    assert "The 2 most accurate of 6 runs, those with a scaled temperature, and those that the title" in chart.caption
    assert chart.caption.endswith("Dotted: after temperature scaling.")
    assert {row["run"] for row in chart.rows()} == {run.run_id for run in runs}
    assert chart.title.startswith("r-0 is calibrated best")
