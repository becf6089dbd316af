"""Stopping and resuming runs, and their stages."""

import numpy as np
import pytest

from core.errors import Conflict, InvalidInput
from core.models.inference.graph import TimedPrediction
from core.recipes.hyperparameters import Hyperparameters, Schedule
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Cancel, Status
from tests.choices import launch
from tests.factories import CLASS_NAMES

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


def test_predictions_are_judged_at_the_confidence_that_is_asked_for(bench, filled, monkeypatch):
    run = filled.with_status(Status.FINISHED)[0]
    probabilities = np.array([0.97, 0.01, 0.01, 0.01])

    def predict(folders, photos, *, judge, **_):
        return [
            judge(folders[0].parent.name, CLASS_NAMES, TimedPrediction(probabilities=probabilities, milliseconds=1))
        ]

    monkeypatch.setattr("core.serving.engine.predict", predict)
    (found,) = bench.predict([run.id], [("a.jpg", b"")], confidence=0.8)
    assert found.prediction_set.confidence == 0.8 and found.prediction_set.classes[0] == CLASS_NAMES[0]
    (found,) = bench.predict([run.id], [("a.jpg", b"")])
    assert found.prediction_set.confidence == 0.95
    assert found.prediction_set.problem == "Too few validation photos for 95 % confidence: 19 needed, 8 there."
    with pytest.raises(InvalidInput, match="Received: 95"):
        bench.predict([run.id], [("a.jpg", b"")], confidence=95)
