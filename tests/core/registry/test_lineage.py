"""Runs that build on runs: combined without a queue, reproduced, used as backbone or member."""

from dataclasses import replace

import pytest

from core.errors import Conflict, NotFound
from core.recipes.recipe import Cascade, Pattern, Recipe
from core.runs.values import Status
from tests.factories import make_cost, make_dataset, make_epochs, make_evaluation, make_model, make_photos, make_run

RESULTS = {"evaluation": make_evaluation(), "cost": make_cost()}


@pytest.fixture
def flowers(registry):
    registry.add_dataset(make_dataset(), make_photos())
    return registry


def ensemble(number: int, *members: str):
    recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=members)
    return make_run(number, recipe=recipe, name="Ensemble")


def test_a_combined_run_is_finished_as_soon_as_it_is_there(flowers):
    given = replace(ensemble(1, "r-a", "r-b"), created_at=1_760_000_000.0)
    stored = flowers.add_finished(given, model=make_model(given), **RESULTS)
    assert stored == flowers.run(given.id)
    assert (stored.status, stored.attempt, stored.epochs_done) == (Status.FINISHED, 1, 0)
    assert stored.test_accuracy == RESULTS["evaluation"].accuracy
    assert stored.wall_seconds == RESULTS["cost"].wall_seconds
    assert stored.started_at == given.created_at < stored.ended_at
    assert flowers.queue() == [] and flowers.running_attempts() == []
    assert flowers.evaluation(given.id) == RESULTS["evaluation"]
    assert flowers.cost(given.id) == RESULTS["cost"]
    assert flowers.model(given.id) == make_model(given)
    assert [(a.number, a.outcome) for a in flowers.attempts(given.id)] == [(1, "FINISHED")]


def test_a_combined_run_is_added_whole_or_not_at_all(flowers):
    first, second = ensemble(1, "r-a", "r-b"), ensemble(2, "r-a", "r-c")
    flowers.add_finished(first, model=make_model(first), **RESULTS)
    with pytest.raises(Conflict, match="already there"):
        flowers.add_finished(first, model=make_model(first), **RESULTS)
    with pytest.raises(Exception, match="UNIQUE"):
        flowers.add_finished(second, model=replace(make_model(first), run_id=second.id), **RESULTS)
    assert [run.id for run in flowers.runs()] == [first.id]
    with pytest.raises(NotFound, match="There is no dataset 'd-gone'"):
        flowers.add_finished(replace(second, dataset_id="d-gone"), model=make_model(second), **RESULTS)


def test_a_run_stopped_before_its_last_epoch_is_finished_and_says_so(flowers):
    run = flowers.add_run(make_run(1))
    flowers.claim("cpu", "me")
    flowers.record_epoch(run.id, 1, make_epochs(1)[0])
    flowers.finish(run.id, 1, model=make_model(run), best_epoch=1, reason="Stopped after epoch 1 of 12.", **RESULTS)
    stored = flowers.run(run.id)
    assert (stored.status, stored.reason) == (Status.FINISHED, "Stopped after epoch 1 of 12.")


def test_a_run_knows_which_one_it_reproduces_until_that_is_deleted(flowers):
    first = flowers.add_run(make_run(1))
    again = flowers.add_run(make_run(2, reproduces=first.id))
    assert flowers.run(again.id).reproduces == first.id
    flowers.delete_runs([first.id])
    assert flowers.run(again.id).reproduces is None
    with pytest.raises(NotFound, match="to reproduce"):
        flowers.add_run(make_run(3, reproduces=first.id))


def test_runs_that_use_a_run_as_backbone_or_member_are_found(flowers):
    run = flowers.add_run(make_run(1))
    on_it = flowers.add_run(make_run(2, recipe=Recipe(backbone=run.id)))
    flowers.add_run(make_run(3))
    of_it = ensemble(4, "r-a", run.id)
    flowers.add_finished(of_it, model=make_model(of_it), **RESULTS)
    assert [user.id for user in flowers.runs_using(run.id)] == [of_it.id, on_it.id]
    assert flowers.runs_using(on_it.id) == []
