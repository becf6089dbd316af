"""Accuracy and cost over the depth."""

from dataclasses import replace

import pytest

from core.charts.depth import best_and_cheapest, depth_chart, depth_title
from core.comparison.depths import depth_series
from core.errors import InvalidInput
from core.recipes.patterns import Pattern
from tests.chart_values import looks
from tests.comparison_values import a_cost
from tests.core.comparison.test_depths import a_row


def test_the_title_says_where_accuracy_and_cost_cross():
    rows = [a_row("r-1", 1, 0.90, alone=50.0), a_row("r-3", 3, 0.93, alone=100.0)]
    title = depth_title(depth_series(rows)[0])
    assert title == (
        "Lite0 · fine-tuning is most accurate with 3 blocks trained: 93.0 %; with 1 block trained it is 3 points lower "
        "at half the training time"
    )


def test_the_two_depths_of_the_title_are_those_that_can_be_tested():
    rows = [a_row("r-1", 1, 0.90, alone=50.0), a_row("r-2", 2, 0.91, alone=70.0), a_row("r-3", 3, 0.93, alone=100.0)]
    best, cheapest, key = best_and_cheapest(depth_series(rows)[0])
    assert (best.run_ids, cheapest.run_ids, key) == (("r-3",), ("r-1",), "seconds")


def test_where_the_cheapest_is_the_best_nothing_crosses():
    rows = [a_row("r-1", 1, 0.95, alone=50.0), a_row("r-3", 3, 0.93, alone=100.0)]
    title = depth_title(depth_series(rows)[0])
    assert title == "Lite0 · fine-tuning is most accurate with 1 block trained: 95.0 %, and cheapest there"


def test_where_all_depths_are_equally_accurate_none_is_called_most_accurate():
    rows = [a_row(f"r-{depth}", depth, 0.9, pattern=Pattern.STANDALONE_EXTRACTOR) for depth in (0, 2)]
    cheaper = [rows[0], replace(rows[1], cost=a_cost(ms_per_photo=1.0))]
    title = depth_title(depth_series(cheaper)[0])
    name = "Lite0 · feature extraction + logistic regression"
    assert title == f"{name} has 90.0 % at every depth, the least time per photo with 2 blocks left out"


def test_of_some_depths_that_are_equally_accurate_the_cheapest_is_named():
    costs = {1: (0.93, 70.0), 2: (0.93, 50.0), 3: (0.91, 90.0)}
    rows = [a_row(f"r-{depth}", depth, accuracy, alone=seconds) for depth, (accuracy, seconds) in costs.items()]
    title = depth_title(depth_series(rows)[0])
    assert title == "Lite0 · fine-tuning is most accurate with 2 blocks trained: 93.0 %, and cheapest there"


@pytest.mark.parametrize(("metric", "first"), [("accuracy", 90.0), ("seconds", 50.0), ("ms_per_photo", 8.0)])
def test_each_metric_is_drawn_over_the_depth(metric, first):
    series = depth_series([a_row("r-1", 1, 0.9, alone=50.0), a_row("r-3", 3, 0.93)])
    trace = depth_chart(series, metric, styles=looks()).figure.data[0]
    assert list(trace.x) == [1, 3] and trace.y[0] == pytest.approx(first)
    assert "1 block trained" in trace.customdata[0][2] and trace.error_y.visible is (metric == "accuracy")


def test_what_was_measured_at_no_depth_cannot_be_drawn():
    rows = [replace(a_row(f"r-{depth}", depth), cost=a_cost(ms_per_photo=None)) for depth in (1, 2)]
    with pytest.raises(InvalidInput, match="measured at no depth"):
        depth_chart(depth_series(rows), "ms_per_photo", styles=looks())
