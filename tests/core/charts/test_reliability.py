"""Is a run right as often as it is sure, and how right is it when it is sure?"""

import pytest

from core import charts
from core.charts.reliability import joined
from core.comparison import CoveragePoint, Reliability, ReliabilityBin
from tests.chart_values import several

NAMES = {"r-1": "Lite1", "r-2": "Lite0"}


def a_bin(low, photos, confidence, accuracy) -> ReliabilityBin:
    return ReliabilityBin(low=low, high=low + 0.1, photos=photos, confidence=confidence, accuracy=accuracy)


def sure(run_id="r-1", *, ece=0.1, confidence=0.95, accuracy=0.8) -> Reliability:
    bins = (a_bin(0.8, 20, 0.85, 0.7), a_bin(0.9, 80, confidence, accuracy))
    return Reliability(run_id=run_id, bins=bins, ece=ece, brier=0.2)


def test_one_run_is_bars_with_intervals_beside_the_diagonal_and_the_photos_under_it():
    diagonal, bars, photos = charts.reliability([sure()], NAMES).data
    assert list(diagonal.x) == list(diagonal.y) == [80.0, 100]
    assert (list(bars.x), list(bars.y)) == (pytest.approx([85.0, 95.0]), [70.0, 80.0])
    assert bars.error_y.visible is not False
    assert (list(photos.y), photos.yaxis) == ([20, 80], "y2")
    assert bars.customdata[1][2] == "95.0 % sure, right on 80.0 % of 80 photos"


def test_several_runs_are_lines_at_their_mean_confidence_whose_markers_grow_with_the_photos():
    figure = charts.reliability([sure("r-1"), sure("r-2")], NAMES)
    line = figure.data[1]
    assert (list(line.x), list(line.y)) == ([85.0, 95.0], [70.0, 80.0])
    assert line.marker.size[0] < line.marker.size[1] == 12
    assert {trace.type for trace in figure.data} == {"scatter"}


def test_what_temperature_scaling_would_give_is_dotted_in_the_same_colour():
    figure = charts.reliability([sure("r-1"), sure("r-2")], NAMES, after=[sure("r-1", accuracy=0.94)])
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
    assert charts.reliability_title([sure()], NAMES) == (
        "Lite1 is too sure: 93.0 % sure on average, right on 78.0 % (calibration error 10.0 %)"
    )
    assert "10.0 %, 2.0 % with its temperature scaled)" in (
        charts.reliability_title([sure()], NAMES, after=[sure(ece=0.02)])
    )
    assert "is not sure enough" in charts.reliability_title([sure(confidence=0.91, accuracy=0.99)], NAMES)
    assert charts.reliability_title([sure(), sure("r-2", ece=0.04)], NAMES) == (
        "Lite0 knows best how sure it may be: calibration error 4.0 %; farthest off is Lite1: 10.0 %"
    )


def test_the_table_of_one_run_holds_every_bin_and_that_of_several_the_joined_ones():
    few = Reliability(run_id="r-2", bins=(a_bin(0.8, 2, 0.85, 1.0), a_bin(0.9, 50, 0.95, 0.9)), ece=0.1, brier=0.1)
    assert len(charts.reliability_rows([few], NAMES)) == 2
    rows = charts.reliability_rows([sure(), few], NAMES, after=[sure()])
    assert [(row["name"], row["scaled"], row["photos"]) for row in rows] == [
        ("Lite1", False, 20), ("Lite1", False, 80), ("Lite0", False, 52), ("Lite1", True, 20), ("Lite1", True, 80),
    ]  # fmt: skip


def test_only_those_runs_have_a_line_after_scaling_that_have_one_before():
    figure = charts.reliability([sure("r-1")], NAMES, after=[sure("r-2")])
    assert not any("scaled" in (trace.name or "") for trace in figure.data)


# --- answering only when sure ---


def points(*accuracies) -> tuple[CoveragePoint, ...]:
    n = len(accuracies)
    return tuple(
        CoveragePoint(threshold=1 - place / 10, coverage=(place + 1) / n, accuracy=accuracy, photos=place + 1)
        for place, accuracy in enumerate(accuracies)
    )


def test_a_curve_shows_accuracy_over_the_share_of_photos_that_get_an_answer():
    (line,) = charts.coverage_curves({"r-1": points(1.0, 0.9, 0.8, 0.75)}, NAMES).data
    assert (list(line.x), list(line.y)) == ([25.0, 50.0, 75.0, 100.0], [100.0, 90.0, 80.0, 75.0])
    assert list(line.customdata) == pytest.approx([100.0, 90.0, 80.0, 70.0])


def test_the_title_says_what_leaving_unsure_answers_out_gives():
    curves = {"r-1": points(1.0, 0.9, 0.8, 0.75), "r-2": points(1.0, 0.5, 0.5, 0.5)}
    assert charts.coverage_curves_title(curves, NAMES) == (
        "Lite1 is right on 90 % of the photos it answers if it may leave 50.0 % of all out"
    )
    flat = {"r-1": points(0.5, 0.6, 0.6)}
    assert charts.coverage_curves_title(flat, NAMES) == (
        "Lite1 is right on 60.0 %; leaving unsure answers out does not help it"
    )
    assert charts.coverage_curves_title({}, NAMES) == "How right is a run on the photos it is surest of?"


def test_the_table_of_coverage_holds_the_points_that_are_drawn():
    many = {f"r-{number}": points(*[1 - place / 5000 for place in range(3000)]) for number in range(100)}
    rows, figure = charts.coverage_curves_rows(many, {}), charts.coverage_curves(many, {})
    assert len(rows) == sum(len(trace.x) for trace in figure.data) <= charts.MOST_POINTS
    assert len({row["run"] for row in rows}) == 40
    assert {row["coverage"] for row in rows} >= {1.0}


def test_a_single_odd_answer_at_the_sure_end_does_not_flatten_the_chart():
    curve = points(0.0, *[0.9] * 99)
    assert charts.coverage_curves({"r-1": curve}, NAMES).layout.yaxis.range[0] > 85


def test_twelve_of_many_runs_are_named():
    found = several(30)
    figure = charts.coverage_curves({run_id: points(0.9, 0.8) for run_id in found.ids}, found.names)
    assert sum(trace.showlegend is not False for trace in figure.data) == 12
