"""Runs of one dataset side by side: order, costs, the front, seeds and curves."""

import pytest

from core.comparison.cost_axes import COSTS
from core.comparison.curves import curves
from core.comparison.table import leaderboard, pareto_front
from core.errors import InvalidInput
from tests.comparison_values import a_cost, a_run


def ids(rows):
    return [row.run.id for row in rows]


def test_the_most_accurate_run_comes_first_and_of_equals_the_cheaper():
    runs = [a_run("dear", 0.9), a_run("cheap", 0.9), a_run("best", 0.95), a_run("training", None)]
    costs = {"dear": a_cost(500), "cheap": a_cost(50), "best": a_cost(900)}
    rows = leaderboard(runs, costs)
    assert ids(rows) == ["best", "cheap", "dear", "training"]
    assert [row.rank for row in rows] == [1, 2, 3, None]


def test_a_row_shows_what_was_paid_and_what_it_would_have_cost_alone():
    (row,) = leaderboard([a_run()], {"r-1": a_cost(alone=3600, paid=360)}, rate_per_hour=2.0)
    assert (row.cost.wall_seconds, row.cost.alone_wall_seconds) == (360, 3600)
    assert (row.value("money"), row.value("alone_money")) == (0.2, 2.0)
    assert row.interval == (0.85, 0.9400000000000001)
    assert row.value("energy_joules") is None, "what no counter measured is not a number"


def test_without_costs_or_a_rate_the_figures_are_not_measured():
    (row,) = leaderboard([a_run()], {})
    assert {row.value(key) for key in COSTS} == {None}
    assert {kind.words(None) for kind in COSTS.values()} == {"not measured"}


def test_every_kind_of_cost_is_a_column_of_the_leaderboard():
    full = a_cost(energy_joules=1.0, device_seconds=1.0, peak_gpu_bytes=10**9)
    (row,) = leaderboard([a_run()], {"r-1": full}, rate_per_hour=1.0)
    assert all(row.value(key) is not None for key in COSTS)


def test_runs_of_different_datasets_are_not_compared():
    runs = [a_run("r-1", dataset="d-1"), a_run("r-2", dataset="d-2")]
    with pytest.raises(InvalidInput, match=r"2 datasets cannot be compared.*d-1 \(1 run\) and d-2 \(1 run\)"):
        leaderboard(runs, {})
    with pytest.raises(InvalidInput, match="2 datasets"):
        curves(runs, {})


def test_the_front_holds_what_nothing_cheaper_beats():
    runs = [
        a_run("cheap", 0.7),
        a_run("middle", 0.8),
        a_run("wasteful", 0.79),
        a_run("best", 0.9),
        a_run("unknown", 0.99),
    ]
    costs = {"cheap": a_cost(1), "middle": a_cost(5), "wasteful": a_cost(7), "best": a_cost(9)}
    assert ids(pareto_front(leaderboard(runs, costs))) == ["cheap", "middle", "best"]


def test_at_one_price_only_the_most_accurate_is_on_the_front_and_twins_stay_together():
    runs = [a_run("a", 0.8), a_run("b", 0.9), a_run("c", 0.9)]
    costs = dict.fromkeys("abc", a_cost(5))
    assert ids(pareto_front(leaderboard(runs, costs))) == ["b", "c"]


def test_of_equally_accurate_runs_only_the_cheapest_is_on_the_front():
    runs = [a_run("cheap", 0.9), a_run("dear", 0.9)]
    costs = {"cheap": a_cost(1), "dear": a_cost(5)}
    assert ids(pareto_front(leaderboard(runs, costs))) == ["cheap"]


def test_the_front_depends_on_the_cost_that_is_asked_for():
    runs = [a_run("slow", 0.9), a_run("large", 0.8)]
    costs = {"slow": a_cost(alone=9, model_bytes=1), "large": a_cost(alone=1, model_bytes=9)}
    rows = leaderboard(runs, costs)
    assert ids(pareto_front(rows)) == ["large", "slow"]
    assert ids(pareto_front(rows, "model_bytes")) == ["slow"]
    with pytest.raises(InvalidInput, match="There is no cost 'beauty'. Choose from: alone_wall_seconds"):
        pareto_front(rows, "beauty")


def test_parameters_below_a_million_are_written_as_on_the_pages_of_backbones():
    """726,085 beside 3.4 million was a number with another precision."""
    assert [COSTS["parameters_total"].words(count) for count in (726_085, 3_400_000)] == ["726 thousand", "3.4 million"]
