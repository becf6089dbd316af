"""A depth sweep: runs that differ in nothing but the depth, and where accuracy and cost cross."""

from dataclasses import replace

import pytest

from core.comparison.depths import depth_series
from core.comparison.table import leaderboard
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.labels import setting_text
from core.recipes.naming import method_name
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from tests.comparison_values import a_cost, a_run


def a_row(run_id, depth, accuracy=0.9, *, seed=0, pattern=Pattern.FINE_TUNING, backbone="lite0", alone=100.0):
    recipe = Recipe(backbone=backbone, pattern=pattern, hyperparameters=Hyperparameters(depth=depth, seed=seed))
    name = f"Lite0 · {method_name(recipe)} · {setting_text(recipe, 'depth')}"
    run = replace(a_run(run_id, accuracy, name=name), recipe=recipe)
    return leaderboard([run], {run_id: a_cost(alone)})[0]


def test_runs_of_several_depths_are_one_series_shallowest_first():
    (series,) = depth_series([a_row("r-3", 3, 0.93), a_row("r-1", 1, 0.9), a_row("r-2", 2, 0.92)])
    assert series.name == "Lite0 · fine-tuning"
    assert [(point.depth, point.run_ids) for point in series.points] == [(1, ("r-1",)), (2, ("r-2",)), (3, ("r-3",))]
    assert series.points[0].low == pytest.approx(0.85) and series.points[0].seconds == 100.0


def test_one_depth_is_no_series_and_neither_are_runs_that_differ_in_more():
    assert depth_series([a_row("r-1", 1), a_row("r-2", 1, seed=1)]) == ()
    assert depth_series([a_row("r-1", 1), a_row("r-2", 2, backbone="lite1")]) == ()
    whole = Pattern.WEIGHT_INITIALIZATION
    assert depth_series([a_row("r-1", 1, pattern=whole), a_row("r-2", 2, pattern=whole)]) == ()


def test_seeds_of_one_depth_are_averaged_and_have_no_interval():
    rows = [a_row("r-1", 1, 0.8, alone=100.0), a_row("r-2", 1, 0.9, seed=1, alone=200.0), a_row("r-3", 2)]
    first = depth_series(rows)[0].points[0]
    assert (first.accuracy, first.seconds, first.low) == (pytest.approx(0.85), 150.0, None)


def test_a_run_without_accuracy_is_left_out():
    assert depth_series([a_row("r-1", 1, None), a_row("r-2", 2)]) == ()
