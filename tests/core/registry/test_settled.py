"""The settled state: equal while only running runs go on, another one after every other write about runs."""

from dataclasses import replace

import pytest

from core.registry.artifacts import Artifact
from core.runs.values import Cancel, Status
from tests.core.registry.databases import ON_SQLITE, plans_of
from tests.core.registry.test_artifacts import publish
from tests.core.registry.test_backbones import an_added
from tests.factories import make_cost, make_dataset, make_ensemble, make_epochs, make_evaluation, make_model, make_run

RESULTS = {"evaluation": make_evaluation(), "cost": make_cost()}
COMBINATION = make_ensemble(4, "r-a", "r-b")


def finish(registry, run_id="r-1", attempt=1):
    registry.finish(run_id, attempt, model=make_model(registry.run(run_id)), best_epoch=1, **RESULTS)


def test_what_a_running_run_records_leaves_it_as_it_is(running):
    before = running.settled_state()
    for epoch in make_epochs(4):
        running.record_epoch("r-1", 1, epoch)
    running.record_spent("r-1", 1, {"wall_seconds": 3.0})
    running.record_process("r-1", 1, {"pid": 1})
    running.take("supervisor", "me")
    assert running.settled_state() == before and hash(running.settled_state()) == hash(before)


def in_another_dataset(registry):
    registry.add_dataset(replace(make_dataset(), id="d-other", name="other"), ())
    registry.add_run(make_run(9, id="r-9", dataset=registry.dataset("d-other")))


CHANGES = {
    "a new run": lambda registry: registry.add_run(make_run(3, id="r-3")),
    "a run of another dataset": in_another_dataset,
    "a combination": lambda registry: registry.add_finished(COMBINATION, model=make_model(COMBINATION), **RESULTS),
    "a start": lambda registry: registry.claim("cpu", "me"),
    "an end": lambda registry: registry.end("r-1", 1, Status.FAILED, "why"),
    "the results": finish,
    "back in the queue": lambda registry: registry.requeue("r-1", 1),
    "cancelled while it waits": lambda registry: registry.request_cancel("r-2", Cancel.NOW),
    "another name of a waiting run": lambda registry: registry.annotate("r-2", name="other"),
    "another name of a running run": lambda registry: registry.annotate("r-1", name="other"),
    "another place in the queue": lambda registry: registry.set_priority("r-2", 5),
    "a deletion": lambda registry: registry.delete_runs(["r-2"]),
    "an added backbone": lambda registry: registry.add_backbone(an_added()),
    "a preference": lambda registry: registry.set_preference("machine_speed", {"seconds": 1.5}),
    "a checkpoint in the store": lambda registry: publish(
        registry, Artifact(name="runs/r-2/checkpoints", token=1, digest="l1", size_bytes=1, files=1), "b1"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_everything_else_that_a_plan_rests_on_makes_another_one(running, change):
    before = running.settled_state()
    CHANGES[change](running)
    after = running.settled_state()
    assert after != before and running.settled_state() == after


def test_it_is_never_again_what_it_was(running):
    """Not even where the runs are in the same states as before."""
    seen = [running.settled_state()]
    for attempt in range(1, 4):
        for change in (lambda n: running.requeue("r-1", n), lambda n: running.claim("cpu", "me", "r-1")):
            change(attempt)
            seen.append(running.settled_state())
    finish(running, attempt=4)
    seen.append(running.settled_state())
    running.delete_models_of(["r-1"])
    seen.append(running.settled_state())
    running.add_run(make_run(3, id="r-3"))
    running.delete_runs(["r-3"])
    seen.append(running.settled_state())
    running.set_preference("currency", "EUR")
    seen.append(running.settled_state())
    assert len(set(seen)) == len(seen) == 11


@ON_SQLITE
def test_of_each_dataset_only_the_newest_revisions_are_read(running):
    plans = plans_of(running, running.settled_state)
    assert "SEARCH runs USING INDEX runs_by_revision (dataset_id=?)" in plans
    assert not [line for line in plans if line.startswith(("SCAN runs", "SCAN artifacts"))]
