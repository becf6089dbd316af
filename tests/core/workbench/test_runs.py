"""Stopping and resuming runs, and their stages."""

import pytest

from core.errors import Conflict
from core.recipes.recipe import Hyperparameters, Pattern, Recipe, Schedule
from core.runs.values import Cancel, Status
from tests.choices import launch

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"


def test_pause_and_resume(bench, filled):
    waiting = filled.with_status(Status.SCHEDULED)[0]
    assert bench.cancel(waiting.id).status is Status.KILLED
    assert bench.resume(waiting.id).status is Status.SCHEDULED


def test_stop_after_this_epoch_is_for_runs_that_are_in_one(bench, filled, registry, dataset):
    running, waiting = filled.with_status(Status.RUNNING)[0], filled.with_status(Status.SCHEDULED)[0]
    assert bench.stop_after_epoch(running.id).cancel is Cancel.AFTER_EPOCH
    with pytest.raises(Conflict, match="SCHEDULED"):
        bench.stop_after_epoch(waiting.id)
    solver = Recipe(backbone=LITE0, pattern=Pattern.STANDALONE_EXTRACTOR)
    ((_, run),) = launch(bench, dataset, [solver])
    registry.move(run.id, before=registry.queue()[0].id)
    registry.claim("cpu", "test")
    with pytest.raises(Conflict, match="no epochs"):
        bench.stop_after_epoch(run.id)


def test_stages_say_what_learned_when_and_from_where(bench, dataset):
    numbers = Hyperparameters(epochs=10, head_epochs=4, depth=2, schedule=Schedule.COSINE)
    recipe = Recipe(backbone=LITE0, pattern=Pattern.FINE_TUNING, hyperparameters=numbers)
    ((_, run),) = launch(bench, dataset, [recipe])
    head, top = bench.stages(run.id)
    assert (head.last_epoch, head.cut, head.epochs_done(run.epochs_done)) == (4, "top", 0)
    assert (top.first_epoch, top.cut, top.trained) == (5, "block6d", ("head", "block7a"))


def test_a_finished_stage_counts_its_epochs(bench, finished_runs):
    run = finished_runs[0]
    (stage,) = bench.stages(run.id)
    assert stage.epochs_done(run.epochs_done) == run.epochs_done == stage.last_epoch


def test_what_trains_no_epochs_has_no_stages(bench, dataset):
    ((_, run),) = launch(bench, dataset, [Recipe(backbone=LITE0, pattern=Pattern.STANDALONE_EXTRACTOR)])
    assert bench.stages(run.id) == []
