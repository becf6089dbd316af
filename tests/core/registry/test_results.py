"""What trainers write: epochs, what was spent, the results."""

import math
from dataclasses import replace

import pytest

from core.errors import Conflict, NotFound
from core.runs.values import Status
from tests.factories import (
    fill,
    make_cost,
    make_dataset,
    make_epochs,
    make_evaluation,
    make_model,
    make_photos,
    make_run,
)


@pytest.fixture
def running(registry):
    """A registry in which the run r-1 is running its first attempt and r-2 waits."""
    registry.add_dataset(make_dataset(), make_photos())
    registry.add_run(make_run(1, id="r-1"))
    registry.add_run(make_run(2, id="r-2"))
    registry.claim("cpu", "me")
    return registry


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


def test_what_attempts_spent_is_kept_and_summed_up_when_they_end(running):
    running.record_spent("r-1", 1, {"wall_seconds": 3.0, "cpu_seconds": 5.0})
    running.record_spent("r-1", 1, {"wall_seconds": 4.0, "cpu_seconds": 7.0, "stages": {"Training": 1.5}})
    assert running.spent("r-1") == []
    assert running.run("r-1").wall_seconds is None
    running.requeue("r-1", 1)
    assert running.spent("r-1") == [{"wall_seconds": 4.0, "cpu_seconds": 7.0, "stages": {"Training": 1.5}}]
    assert running.run("r-1").wall_seconds == 4.0
    running.claim("cpu", "me")
    running.record_spent("r-1", 2, {"wall_seconds": 2.5})
    assert len(running.spent("r-1")) == 1
    running.end("r-1", 2, Status.FAILED, "It broke.")
    assert running.run("r-1").wall_seconds == 6.5
    assert [spent["wall_seconds"] for spent in running.spent("r-1")] == [4.0, 2.5]


def test_an_attempt_that_said_nothing_about_its_cost_is_not_guessed(running):
    running.end("r-1", 1, Status.FAILED, "It broke.")
    assert running.run("r-1").wall_seconds is None
    assert running.spent("r-1") == []


def test_who_runs_an_attempt_is_remembered(running):
    assert running.process("r-1", 1) is None
    identity = {"pid": 123, "started": 456789, "boot": "0b5c"}
    running.record_process("r-1", 1, identity)
    assert running.process("r-1", 1) == identity
    assert running.process("r-1", 2) is None
    with pytest.raises(NotFound, match="no attempt 2"):
        running.record_process("r-1", 2, identity)


def test_results_are_stored_all_or_none(running):
    run = running.run("r-1")
    taken = make_model(run)
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "best_epoch": 1}
    running.finish("r-1", 1, model=taken, **results)
    running.claim("cpu", "me")
    with pytest.raises(Exception, match="UNIQUE"):
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


def test_models_are_listed_newest_first_and_by_dataset(registry):
    first, second = fill(registry), fill(registry)
    models = registry.models()
    assert [model.run_id for model in models] == [
        run.id for run in reversed(first.runs + second.runs) if run.test_accuracy
    ]
    assert {model.dataset_id for model in registry.models(first.dataset.id)} == {first.dataset.id}


def test_a_deleted_model_leaves_its_run_and_evaluation(registry):
    finished = fill(registry).with_status(Status.FINISHED)[0]
    model = registry.model(finished.id)
    registry.delete_models_of([finished.id])
    for ref in (model.id, finished.id):
        with pytest.raises(NotFound, match=f"There is no model '{ref}'"):
            registry.model(ref)
    assert registry.run(finished.id) == finished
    assert registry.evaluation(finished.id) is not None


def test_the_running_attempts_are_those_of_running_runs_only(running):
    running.claim("GPU-1", "me")
    assert [(a.run_id, a.number, a.slot) for a in running.running_attempts()] == [
        ("r-1", 1, "cpu"),
        ("r-2", 1, "GPU-1"),
    ]
    running.requeue("r-1", 1)
    running.end("r-2", 1, Status.FAILED)
    running.claim("cpu", "me")
    assert [(a.run_id, a.number) for a in running.running_attempts()] == [("r-1", 2)]


def test_preferences_are_any_json_and_can_be_changed(registry):
    assert registry.preference("rate_per_hour") is None
    assert registry.preference("rate_per_hour", 2.5) == 2.5
    for value in (0.75, None, {"a": [1, "é"]}, False, "EUR"):
        registry.set_preference("rate_per_hour", value)
        assert registry.preference("rate_per_hour", "default") == value
    assert registry.preference("currency", "EUR") == "EUR"


def test_the_log_lists_what_was_done_newest_first(registry):
    for number in range(5):
        registry.log("delete run", {"run": f"r-{number}", "bytes": number})
    entries = registry.log_entries(2)
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("delete run", {"run": "r-4", "bytes": 4}),
        ("delete run", {"run": "r-3", "bytes": 3}),
    ]
    assert entries[0].at >= entries[1].at > 1_600_000_000


def test_results_of_several_runs_are_those_of_each_one(registry):
    filled = fill(registry)
    ids = [run.id for run in filled.runs]
    evaluations, curves = registry.evaluations(ids), registry.epochs_of(ids)
    assert evaluations == {id_: registry.evaluation(id_) for id_ in ids if registry.evaluation(id_)}
    assert curves == {id_: registry.epochs(id_) for id_ in ids}
    assert len(evaluations) == 2 and curves[ids[-1]] == []
    assert registry.evaluations([]) == registry.epochs_of([]) == {}
