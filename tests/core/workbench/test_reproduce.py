"""Repetitions with other seeds, and the reproduction of a run with its own."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import Conflict
from core.files.home import run_folder
from core.recipes.hyperparameters import Hyperparameters, Schedule
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.predictions import read_predictions
from core.runs.values import Cancel, Status
from tests.choices import launch
from tests.factories import make_epochs, make_run

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"


def test_repetitions_of_a_recipe_are_its_other_seeds(bench, dataset, finished_runs):
    run = finished_runs[0]
    seed = replace(run.recipe, hyperparameters=replace(run.recipe.hyperparameters, seed=99))
    ((_, other),) = launch(bench, dataset, [seed])
    reproduced = bench.reproduce(run.id)
    found = [one.id for one in bench.repetitions(run.id)]
    assert run.id in found and found[-1] == other.id and reproduced.id not in found
    assert all(one.recipe.backbone == run.recipe.backbone for one in bench.repetitions(run.id))


def test_a_reproduction_is_the_same_run_once_more(bench, finished_runs):
    run = finished_runs[0]
    again = bench.reproduce(run.id)
    assert again.id != run.id and again.reproduces == run.id and again.extends is None
    assert (again.recipe, again.fingerprint, again.status) == (run.recipe, run.fingerprint, Status.SCHEDULED)


def test_only_a_finished_run_can_be_reproduced(bench, filled):
    failed = filled.with_status(Status.FAILED)[0]
    with pytest.raises(Conflict, match=f"{failed.id} is FAILED"):
        bench.reproduce(failed.id)


def test_a_run_ended_by_hand_is_reproduced_to_the_epoch_it_reached(bench, filled, registry):
    ended = ended_by_hand(registry, filled.dataset, Hyperparameters(epochs=30), done=4)
    assert bench.reproduce(ended.id).recipe.hyperparameters.epochs == 4
    falling = Hyperparameters(epochs=30, schedule=Schedule.COSINE, depth=1)
    ended = ended_by_hand(registry, filled.dataset, falling, done=4, pattern=Pattern.FINE_TUNING)
    with pytest.raises(Conflict, match="after epoch 4 of 30"):
        bench.reproduce(ended.id)


def ended_by_hand(registry, dataset, numbers, *, done, pattern=Pattern.INTEGRATED_EXTRACTOR):
    from tests.factories import make_cost, make_evaluation, make_model

    recipe = Recipe(backbone="resnet50", pattern=pattern, hyperparameters=numbers)
    run = registry.add_run(make_run(90 + len(registry.runs()), dataset=dataset, recipe=recipe))
    registry.move(run.id, before=registry.queue()[0].id)
    attempt = registry.claim("cpu", "test").attempt
    for epoch in make_epochs(done, attempt=attempt):
        registry.record_epoch(run.id, attempt, epoch)
    registry.request_cancel(run.id, Cancel.AFTER_EPOCH)
    figures = {"evaluation": make_evaluation(dataset.class_names), "cost": make_cost(), "model": make_model(run)}
    registry.finish(run.id, attempt, **figures, best_epoch=done, reason=f"Stopped after epoch {done} of 30.")
    return registry.run(run.id)


def finish_like(registry, settings, run, original, *, shift=0.0):
    """Ends a reproduction with the figures of the original, losses larger, answers less sure by ``shift``."""
    from tests.factories import make_cost, make_model

    registry.move(run.id, before=registry.queue()[0].id)
    attempt = registry.claim("cpu", "test").attempt
    for epoch in registry.epochs(original.id):
        registry.record_epoch(run.id, attempt, replace(epoch, attempt=attempt, loss=epoch.loss + shift))
    registry.finish(
        run.id, attempt, evaluation=registry.evaluation(original.id), cost=make_cost(), model=make_model(run),
        best_epoch=original.best_epoch,
    )  # fmt: skip
    run_folder(settings, run.id).path.mkdir(parents=True, exist_ok=True)
    with np.load(run_folder(settings, original.id).path / "test.npz") as stored:
        answers = dict(stored)
    surer = answers["probabilities"]
    answers["probabilities"] = surer + np.float32(shift) * (1 / surer.shape[1] - surer)  # less sure, and still shares
    np.savez(run_folder(settings, run.id).path / "test.npz", **answers)


def test_a_reproduction_that_agrees_is_identical_from_both_sides(bench, finished_runs, registry, settings):
    original = finished_runs[0]
    again = bench.reproduce(original.id)
    assert bench.reproduction(original.id).identical is None
    finish_like(registry, settings, again, original)
    for asked in (original.id, again.id):
        found = bench.reproduction(asked)
        assert (found.original.id, found.again.id) == (original.id, again.id)
        assert found.identical and found.photos_differing == 0
    names = [one.name for one in found.differences]
    assert names[:4] == ["test accuracy", "test loss", "best epoch", "time spent (s)"] and len(names) == 8


def test_a_reproduction_that_differs_says_where_and_by_how_much(bench, finished_runs, registry, settings):
    original = finished_runs[0]
    finish_like(registry, settings, bench.reproduce(original.id), original, shift=0.25)
    found = bench.reproduction(original.id)
    assert found.identical is False and found.photos_differing == len(
        read_predictions(original.id, "test", bench.settings).labels
    )
    apart = {one.name.split(",")[0]: one.difference for one in found.differences}
    assert apart["training loss"] == pytest.approx(0.25) and apart["test accuracy"] == 0


def test_what_was_never_done_again_has_no_reproduction(bench, finished_runs):
    assert bench.reproduction(finished_runs[1].id) is None
