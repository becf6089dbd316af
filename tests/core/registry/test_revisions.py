"""Whatever is written about a run raises the revision of its dataset's board, and nothing else does."""

import pytest
from sqlalchemy import insert

from core.datasets.values import Dataset
from core.registry import Registry
from core.registry.board import BoardRevision
from core.registry.revisions import create_triggers, drop_triggers
from core.registry.schema import datasets, row_of
from core.runs.costs import Spent
from core.runs.values import Cancel, Status
from tests.board_values import revision_of
from tests.factories import fill, make_cost, make_epochs, make_evaluation, make_model, make_run

WRITES = {
    "a new run": lambda registry, filled: registry.add_run(make_run(77, dataset=filled.dataset)),
    "its name": lambda registry, filled: registry.annotate(first(filled), name="Another"),
    "its notes": lambda registry, filled: registry.annotate(first(filled), notes="Good"),
    "its tags": lambda registry, filled: registry.retag([first(filled)], add=["good"]),
    "its star": lambda registry, filled: registry.mark([first(filled)], starred=True),
    "its place in the archive": lambda registry, filled: registry.mark([first(filled)], archived=True),
    "its start": lambda registry, filled: registry.claim("cpu", "me"),
    "its end": lambda registry, filled: registry.request_cancel(filled.with_status(Status.SCHEDULED)[0].id, Cancel.NOW),
    "its epochs": lambda registry, filled: record_epoch(registry, filled),
    "its results": lambda registry, filled: finish(registry, filled),
    "its cost": lambda registry, filled: registry.correct_costs({first(filled): Spent(wall_seconds=5.0)}),
    "its model": lambda registry, filled: registry.delete_models_of([first(filled)]),
    "its absence": lambda registry, filled: registry.delete_runs([first(filled)]),
    "the absence of its dataset": lambda registry, filled: delete_dataset(registry, filled),
}


def first(filled) -> str:
    return filled.with_status(Status.FINISHED)[0].id


def record_epoch(registry, filled) -> None:
    (running,) = filled.with_status(Status.RUNNING)
    registry.record_epoch(running.id, running.attempt, make_epochs(1, first=7)[0])


def finish(registry, filled) -> None:
    (running,) = filled.with_status(Status.RUNNING)
    results = {"evaluation": make_evaluation(), "cost": make_cost(), "model": make_model(running), "best_epoch": 1}
    registry.finish(running.id, running.attempt, **results)


def delete_dataset(registry, filled) -> None:
    (running,) = filled.with_status(Status.RUNNING)
    registry.end(running.id, running.attempt, Status.KILLED)
    registry.delete_dataset(filled.dataset.id)


def changed_since(registry: Registry, dataset_id: str, revision: BoardRevision) -> set[str]:
    with registry.board_changes(dataset_id, revision) as changes:
        return {run_id for part in changes.parts for run_id in part["run_id"]}


@pytest.mark.parametrize("what", WRITES)
def test_whatever_is_written_about_a_run_raises_the_revision(registry, filled, what):
    before = revision_of(registry, filled.dataset.id)
    WRITES[what](registry, filled)
    assert revision_of(registry, filled.dataset.id).number > before.number


@pytest.mark.parametrize("what", WRITES)
def test_the_runs_above_a_revision_are_those_that_were_written(registry, filled, what):
    before, there = revision_of(registry, filled.dataset.id), {run.id for run in registry.runs()}
    WRITES[what](registry, filled)
    changed = changed_since(registry, filled.dataset.id, before)
    assert len(changed) == (0 if "absence" in what else 1)
    deletions = revision_of(registry, filled.dataset.id).deletions - before.deletions
    assert deletions == len(there - {run.id for run in registry.runs()})


@pytest.mark.parametrize("what", WRITES)
def test_the_boards_of_other_datasets_keep_their_revision(registry, filled, what):
    other = fill(registry, name="fruit", runs=2)
    before = revision_of(registry, other.dataset.id)
    revision_of(registry, filled.dataset.id)
    WRITES[what](registry, filled)
    after = revision_of(registry, other.dataset.id)
    assert after == before or what == "its start", "the run that starts next may be one of the other dataset"


def test_what_is_not_about_runs_raises_no_revision(registry, filled):
    before = revision_of(registry, filled.dataset.id)
    registry.set_preference("currency", "EUR")
    registry.log("a test", {})
    (running,) = filled.with_status(Status.RUNNING)
    registry.record_spent(running.id, running.attempt, {"wall_seconds": 1.0})
    assert revision_of(registry, filled.dataset.id) == before


def test_a_dataset_that_comes_back_goes_on_counting(registry, filled):
    dataset: Dataset = filled.dataset
    delete_dataset(registry, filled)
    before = revision_of(registry, dataset.id)
    with registry.writing() as connection:
        connection.execute(insert(datasets), row_of(datasets, dataset) | {"rejections": []})
    registry.add_run(make_run(1, dataset=dataset))
    after = revision_of(registry, dataset.id)
    assert before.number > 0 and after == BoardRevision(number=before.number + 1, deletions=before.deletions)


def test_a_statement_about_many_runs_raises_the_revision_of_each(registry, filled):
    before = revision_of(registry, filled.dataset.id)
    registry.mark([run.id for run in filled.runs], starred=True)
    assert changed_since(registry, filled.dataset.id, before) == {run.id for run in filled.runs}


def test_without_triggers_nothing_is_noticed(registry, filled):
    """That the tests above can fail."""
    with registry.writing() as connection:
        drop_triggers(connection)
    before = revision_of(registry, filled.dataset.id)
    registry.annotate(first(filled), name="Another")
    assert revision_of(registry, filled.dataset.id) == before
    with registry.writing() as connection:
        create_triggers(connection)
    registry.annotate(first(filled), name="One more")
    assert revision_of(registry, filled.dataset.id) != before
