"""A depth sweep: runs that differ in nothing but the depth, and where accuracy and cost cross."""

from dataclasses import replace

import pytest

from core import charts, comparison
from core.errors import InvalidInput
from core.recipes.recipe import Hyperparameters, Pattern, Recipe
from tests.comparison_values import a_cost, a_run


def a_row(run_id, depth, accuracy=0.9, *, seed=0, pattern=Pattern.FINE_TUNING, backbone="lite0", alone=100.0):
    numbers = Hyperparameters(depth=depth, seed=seed)
    run = replace(
        a_run(run_id, accuracy, name=f"Lite0 · top {depth}"),
        recipe=Recipe(backbone=backbone, pattern=pattern, hyperparameters=numbers),
    )
    return comparison.leaderboard([run], {run_id: a_cost(alone)})[0]


def test_runs_of_several_depths_are_one_series_shallowest_first():
    (series,) = comparison.depth_series([a_row("r-3", 3, 0.93), a_row("r-1", 1, 0.9), a_row("r-2", 2, 0.92)])
    assert series.name == "Lite0, fine tuning"
    assert [(point.depth, point.run_ids) for point in series.points] == [(1, ("r-1",)), (2, ("r-2",)), (3, ("r-3",))]
    assert series.points[0].low == pytest.approx(0.85) and series.points[0].seconds == 100.0


def test_one_depth_is_no_series_and_neither_are_runs_that_differ_in_more():
    assert comparison.depth_series([a_row("r-1", 1), a_row("r-2", 1, seed=1)]) == ()
    assert comparison.depth_series([a_row("r-1", 1), a_row("r-2", 2, backbone="lite1")]) == ()
    whole = Pattern.WEIGHT_INITIALIZATION
    assert comparison.depth_series([a_row("r-1", 1, pattern=whole), a_row("r-2", 2, pattern=whole)]) == ()


def test_seeds_of_one_depth_are_averaged_and_have_no_interval():
    rows = [a_row("r-1", 1, 0.8, alone=100.0), a_row("r-2", 1, 0.9, seed=1, alone=200.0), a_row("r-3", 2)]
    first = comparison.depth_series(rows)[0].points[0]
    assert (first.accuracy, first.seconds, first.low) == (pytest.approx(0.85), 150.0, None)


def test_a_run_without_accuracy_is_left_out():
    assert comparison.depth_series([a_row("r-1", 1, None), a_row("r-2", 2)]) == ()


def test_the_title_says_where_accuracy_and_cost_cross():
    rows = [a_row("r-1", 1, 0.90, alone=50.0), a_row("r-3", 3, 0.93, alone=100.0)]
    title = charts.depth_title(comparison.depth_series(rows)[0])
    assert title == (
        "Lite0, fine tuning is most accurate with 3 blocks trained: 93.0 %; with 1 block trained it is 3 points lower "
        "at half the training time"
    )


def test_where_the_cheapest_is_the_best_nothing_crosses():
    rows = [a_row("r-1", 1, 0.95, alone=50.0), a_row("r-3", 3, 0.93, alone=100.0)]
    title = charts.depth_title(comparison.depth_series(rows)[0])
    assert title == "Lite0, fine tuning is most accurate with 1 block trained: 95.0 %, and cheapest there"


def test_of_depths_that_are_equally_accurate_the_cheapest_is_named():
    rows = [a_row(f"r-{depth}", depth, 0.9, pattern=Pattern.STANDALONE_EXTRACTOR) for depth in (0, 2)]
    cheaper = [rows[0], replace(rows[1], ms_per_photo=1.0)]
    title = charts.depth_title(comparison.depth_series(cheaper)[0])
    assert title == ("Lite0, logistic regression is most accurate with 2 blocks left out: 90.0 %, and cheapest there")


@pytest.mark.parametrize(("what", "first"), [("accuracy", 90.0), ("seconds", 50.0), ("ms_per_photo", 8.0)])
def test_each_figure_is_drawn_over_the_depth(what, first):
    series = comparison.depth_series([a_row("r-1", 1, 0.9, alone=50.0), a_row("r-3", 3, 0.93)])
    trace = charts.over_depth(series, what).data[0]
    assert list(trace.x) == [1, 3] and trace.y[0] == pytest.approx(first)
    assert "1 block trained" in trace.customdata[0][2] and trace.error_y.visible is (what == "accuracy")


def test_what_was_measured_at_no_depth_cannot_be_drawn():
    rows = [replace(a_row(f"r-{depth}", depth), ms_per_photo=None) for depth in (1, 2)]
    with pytest.raises(InvalidInput, match="measured at no depth"):
        charts.over_depth(comparison.depth_series(rows), "ms_per_photo")
