"""What trainers write: epochs, what was spent, the results."""

import math
from dataclasses import replace

import pytest

from core.errors import Conflict, NotFound
from core.registry.schema import costs
from core.runs.values import Status
from tests.factories import (
    fill,
    make_cost,
    make_ensemble,
    make_epochs,
    make_evaluation,
    make_model,
    make_run,
)


def test_recorded_epochs_are_counted(running):
    for epoch in make_epochs(4):
        running.record_epoch("r-1", 1, epoch)
        assert running.run("r-1").epochs_done == epoch.number
    assert running.epochs("r-1") == make_epochs(4)
    assert running.epochs("r-2") == []


def test_an_epoch_done_again_replaces_what_came_after_the_older_checkpoint(running):
    for epoch in make_epochs(5):
        running.record_epoch("r-1", 1, epoch)
    running.requeue("r-1", 1)
    running.claim("cpu", "me")
    again = replace(make_epochs(5)[2], attempt=2, loss=0.25)
    running.record_epoch("r-1", 2, again)
    assert running.epochs("r-1") == [*make_epochs(2), again]
    assert running.run("r-1").epochs_done == 3


def test_an_extending_run_counts_on_from_the_epochs_before_it(running):
    running.record_epoch("r-1", 1, replace(make_epochs(1)[0], number=101))
    assert running.run("r-1").epochs_done == 101


def test_metrics_that_are_not_numbers_stay_so(running):
    odd = replace(make_epochs(1)[0], loss=math.nan, val_loss=math.inf)
    running.record_epoch("r-1", 1, odd)
    (epoch,) = running.epochs("r-1")
    assert math.isnan(epoch.loss)
    assert epoch.val_loss == math.inf
    assert epoch.accuracy == odd.accuracy


def test_results_are_stored_all_or_none(running):
    run = running.run("r-1")
    taken = make_model(run)
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "best_epoch": 1}
    running.finish("r-1", 1, model=taken, **results)
    running.claim("cpu", "me")
    with pytest.raises(Exception, match="(?i)unique constraint"):
        running.finish("r-2", 1, model=replace(taken, run_id="r-2"), **results)
    assert (running.evaluation("r-2"), running.cost("r-2")) == (None, None)
    assert running.run("r-2").status == Status.RUNNING
    assert running.models() == [taken]


def test_a_run_finishes_only_once(running):
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "model": make_model(running.run("r-1"))}
    running.finish("r-1", 1, best_epoch=1, **results)
    with pytest.raises(Conflict, match="the run is FINISHED"):
        running.finish("r-1", 1, best_epoch=1, **results)
    assert not running.end("r-1", 1, Status.FAILED, "Too late.")
    assert running.run("r-1").status == Status.FINISHED
    assert [attempt.outcome for attempt in running.attempts("r-1")] == ["FINISHED"]


def test_costs_are_given_for_the_finished_ones_of_any_number_of_runs(registry):
    filled = fill(registry)
    finished = filled.with_status(Status.FINISHED)
    asked = [run.id for run in filled.runs] + [f"r-none{number}" for number in range(40_000)]
    assert registry.costs(asked) == {run.id: registry.cost(run.id) for run in finished}
    assert registry.costs([]) == {}


def test_results_of_several_runs_are_those_of_each_one(registry):
    filled = fill(registry)
    ids = [run.id for run in filled.runs]
    evaluations, curves = registry.evaluations(ids), registry.epochs_of(ids)
    assert evaluations == {id_: registry.evaluation(id_) for id_ in ids if registry.evaluation(id_)}
    assert curves == {id_: registry.epochs(id_) for id_ in ids}
    assert len(evaluations) == 2 and curves[ids[-1]] == []
    assert registry.evaluations([]) == registry.epochs_of([]) == {}


RESULTS = {"evaluation": make_evaluation(), "cost": make_cost()}


def test_a_combined_run_is_finished_as_soon_as_it_is_there(flowers):
    given = replace(make_ensemble(1, "r-a", "r-b"), created_at=1_760_000_000.0)
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
    first, second = make_ensemble(1, "r-a", "r-b"), make_ensemble(2, "r-a", "r-c")
    flowers.add_finished(first, model=make_model(first), **RESULTS)
    with pytest.raises(Conflict, match="already there"):
        flowers.add_finished(first, model=make_model(first), **RESULTS)
    with pytest.raises(Exception, match="(?i)unique constraint"):
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


def test_the_validation_accuracy_is_that_of_the_epoch_the_model_is_from(running):
    run = running.run("r-1")
    for epoch in make_epochs(3):
        running.record_epoch("r-1", 1, epoch)
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "model": make_model(run)}
    running.finish("r-1", 1, best_epoch=2, **results)
    assert running.validation_accuracies(["r-1", "r-2"]) == {"r-1": make_epochs(3)[1].val_accuracy}


def test_costs_that_an_earlier_version_computed_are_to_be_checked(registry):
    one, other = fill(registry).with_status(Status.FINISHED)
    assert registry.unchecked_costs() == []
    with registry.writing() as connection:
        connection.execute(costs.update().where(costs.c.run_id == other.id).values(alone_checked=False))
    assert registry.unchecked_costs() == [other.id]
