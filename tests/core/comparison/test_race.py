"""Runs of a launch side by side while they train."""

import math
from dataclasses import replace

import pytest

from core.comparison.race import race, validation_accuracies
from core.comparison.table import SeveralDatasets
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Status
from tests.chart_values import an_epoch
from tests.comparison_values import a_run
from tests.factories import fill

STAGES = {"Loading": 3.0, "Computing features": 7.0, "Training": 4.0}


def without_epochs(run_id, accuracy=None, wall=None):
    recipe = Recipe(backbone="lite0", pattern=Pattern.CLASSIFIER)
    return replace(a_run(run_id, accuracy), recipe=recipe, wall_seconds=wall)


def test_time_counts_from_the_start_of_the_run():
    (racer,) = race([a_run("r-1", None)], {"r-1": [an_epoch(1, 0.5), an_epoch(2, 0.7)]}, {"r-1": STAGES}, {})
    assert racer.seconds == (12.0, 14.0) and racer.accuracies == (0.5, 0.7)


def test_before_training_is_recorded_everything_so_far_came_before_it():
    stages = {"Loading": 3.0, "Computing features": 7.0}
    (racer,) = race([a_run("r-1", None)], {"r-1": [an_epoch(1)]}, {"r-1": stages}, {})
    assert racer.seconds == (12.0,)


def test_the_epoch_that_would_be_kept_counts_not_the_last_or_the_best_one():
    epochs = [an_epoch(1, 0.5), an_epoch(2, 0.7, val_loss=0.1), an_epoch(3, 0.9, val_loss=math.nan)]
    (racer,) = race([a_run("r-1", None)], {"r-1": epochs}, {}, {})
    assert racer.kept == 1 and racer.accuracy == 0.7


def test_an_epoch_whose_accuracy_is_not_a_number_is_left_out_and_its_time_is_not():
    epochs = [an_epoch(1, 0.5), an_epoch(2, math.nan), an_epoch(3, 0.9)]
    (racer,) = race([a_run("r-1", None)], {"r-1": epochs}, {}, {})
    assert racer.seconds == (2.0, 6.0)


def test_a_run_without_epochs_is_a_point_when_it_has_finished():
    done, running = without_epochs("r-1", 0.8, 30.0), without_epochs("r-2")
    first, second = race([done, running], {}, {}, {"r-1": 0.6, "r-2": 0.9})
    assert (first.seconds, first.accuracies, first.accuracy) == ((30.0,), (0.6,), 0.6)
    assert (second.seconds, second.accuracy, second.rank) == ((), None, None)


def test_of_equal_test_accuracies_the_shorter_training_time_comes_first_as_in_the_leaderboard():
    runs = [a_run("slow", 0.9), a_run("unknown", 0.9), a_run("quick", 0.9), a_run("best", 0.95)]
    seconds = {"slow": 90.0, "unknown": None, "quick": 10.0, "best": 500.0}
    assert [one.run.id for one in race(runs, {}, {}, {}, seconds)] == ["best", "quick", "slow", "unknown"]
    assert [one.run.id for one in race(runs, {}, {}, {})] == ["best", "slow", "unknown", "quick"]


def test_while_one_runs_validation_accuracy_decides_for_all():
    runs = [a_run("r-1", 0.99), a_run("r-2", None), a_run("r-3", None)]
    epochs = {"r-1": [an_epoch(1, 0.6)], "r-2": [an_epoch(1, 0.8)]}
    assert [(one.run.id, one.rank) for one in race(runs, epochs, {}, {})] == [("r-2", 1), ("r-1", 2), ("r-3", None)]


def test_when_all_have_ended_test_accuracy_decides_and_failed_runs_are_last():
    failed = replace(a_run("r-3", None), status=Status.FAILED)
    runs = [failed, a_run("r-1", 0.7), a_run("r-2", 0.9)]
    epochs = {"r-1": [an_epoch(1, 0.9)], "r-2": [an_epoch(1, 0.8)], "r-3": [an_epoch(1, 1.0)]}
    assert [(one.run.id, one.rank) for one in race(runs, epochs, {}, {})] == [("r-2", 1), ("r-1", 2), ("r-3", None)]


def test_equal_runs_keep_their_order():
    runs = [a_run(f"r-{n}", None) for n in (3, 1, 2)]
    epochs = {run.id: [an_epoch(1, 0.5)] for run in runs}
    assert [one.run.id for one in race(runs, epochs, {}, {})] == ["r-3", "r-1", "r-2"]


def test_runs_of_several_datasets_are_no_race():
    with pytest.raises(SeveralDatasets):
        race([a_run("r-1"), a_run("r-2", dataset="d-2")], {}, {}, {})


def test_validation_accuracies_come_from_stored_predictions_of_runs_without_epochs(registry, settings):
    filled = fill(registry, settings)
    trained, other = filled.with_status(Status.FINISHED)
    recipe = Recipe(backbone=trained.recipe.backbone, pattern=Pattern.CLASSIFIER)
    classifier, gone = replace(trained, recipe=recipe), replace(trained, id="r-gone", recipe=recipe)
    found = validation_accuracies([classifier, other, gone], settings)
    assert set(found) == {classifier.id} and 0 < found[classifier.id] <= 1
