"""What is done now and then: published, deleted from the store, removed here."""

import pytest

from core.artifacts import bringing, parts
from core.artifacts.upkeep import Upkeep, keep_up, ownerless, remove_copies
from core.files.here import dataset_here, predictions_here
from core.files.home import dataset_folder, run_folder, run_folders
from core.jobs import imports
from core.runs.values import Status
from core.workbench import delete
from tests.factories import fill
from tests.machines import stored


@pytest.fixture
def filled(machines):
    first, second = machines
    found = fill(first.registry, first.settings)
    yield first, second, found
    bringing._registry_of.cache_clear()


def end_all(registry):
    for run in registry.runs():
        if run.status is Status.RUNNING:
            registry.end(run.id, run.attempt, Status.KILLED, "")
        elif run.status is Status.SCHEDULED:
            registry.delete_runs([run.id])


def test_at_home_nothing_is_done(registry, settings):
    fill(registry, settings)
    assert keep_up(settings, registry) == Upkeep()


def test_a_home_that_gets_a_store_is_published(filled):
    first, _, _ = filled
    assert keep_up(first.settings, first.registry).published > 1
    assert keep_up(first.settings, first.registry) == Upkeep()
    assert ownerless(first.registry) == []


def test_a_deletion_deletes_everywhere(filled, store):
    first, second, found = filled
    run = found.with_status(Status.FINISHED)[0]
    keep_up(first.settings, first.registry)
    dataset_here(second.settings, found.dataset.id)
    predictions_here(second.settings, run.id, "test")
    end_all(first.registry)
    delete.delete_dataset(first.settings, first.registry, found.dataset)
    assert stored(store) == set() and first.registry.artifacts() == []
    assert dataset_folder(second.settings, found.dataset.id).path.exists()
    imports.recover(second.settings, second.registry)
    assert second.registry.datasets() == []  # its copy is no killed import
    assert remove_copies(second.settings, second.registry) == 2
    assert not dataset_folder(second.settings, found.dataset.id).path.exists()
    assert not run_folder(second.settings, run.id).path.exists()


def test_what_a_trainer_left_that_was_killed_before_it_published_goes_with_its_run(filled):
    first, second, found = filled
    run, other = found.runs[:2]
    for one in (run, other):
        folder = run_folder(second.settings, one.id)
        folder.path.mkdir(parents=True)
        folder.log.write_text("Loading\n")
    delete.delete_runs(first.settings, first.registry, [run.id])
    assert remove_copies(second.settings, second.registry) == 1
    assert [one.run_id for one in run_folders(second.settings)] == [other.id]


def test_an_empty_registry_deletes_no_copy(filled, tmp_path):
    first, _, found = filled
    keep_up(first.settings, first.registry)
    empty = type(first.registry).open(tmp_path / "empty.db")
    assert remove_copies(first.settings, empty) == 0
    assert dataset_folder(first.settings, found.dataset.id).path.exists()


def test_what_a_kill_left_between_a_deletion_and_its_artifacts_goes(filled, store, monkeypatch):
    first, _, found = filled
    run = found.with_status(Status.FINISHED)[0]
    keep_up(first.settings, first.registry)
    before = stored(store)
    monkeypatch.setattr(delete, "_forget_artifacts", lambda *_: None)
    delete.delete_runs(first.settings, first.registry, [run.id])
    assert {name.split("/")[1] for name in ownerless(first.registry)} == {run.id}
    assert keep_up(first.settings, first.registry).deleted > 0
    assert stored(store) < before


def test_deleted_weights_leave_the_results(filled):
    first, _, found = filled
    run = found.with_status(Status.FINISHED)[0]
    parts.publish_run(first.settings, first.registry, run)
    delete.delete_weights(first.settings, first.registry, [run.id])
    assert f"runs/{run.id}/model" not in {one.name for one in first.registry.artifacts()}
    assert first.registry.artifact(f"runs/{run.id}/results")
