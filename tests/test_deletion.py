"""Deletion is real, whole, and finishes after a kill."""

import pytest

from core.deletion import delete_dataset, delete_model, delete_run, finish, size_of, weigh
from core.errors import Conflict, NotFound
from core.runs import Status
from tests.factories import fill


@pytest.fixture
def filled(registry, settings):
    fill(registry, settings, runs=6)
    return registry


def finished(registry):
    return next(run for run in registry.runs() if run.status is Status.FINISHED)


def test_the_toll_is_what_lies_on_disk(filled, settings):
    run = finished(filled)
    assert weigh(settings, filled, run=run.id).bytes == size_of(settings.run_dir(run.id)) > 0


def test_the_toll_counts_shared_files_only_with_the_last_that_has_them(filled, settings):
    one, other = [run for run in filled.runs() if run.status is Status.FINISHED][:2]
    before = weigh(settings, filled, run=one.id).bytes
    shared = settings.run_dir(one.id) / "shared"
    shared.write_bytes(b"x" * 1000)
    (settings.run_dir(other.id) / "shared").hardlink_to(shared)
    both = weigh(settings, filled, dataset=one.dataset_id).bytes
    assert weigh(settings, filled, run=one.id).bytes == before, "the other run keeps it on the disk"
    delete_run(settings, filled, other)
    assert weigh(settings, filled, run=one.id).bytes == before + 1000
    shared.unlink()
    assert both > weigh(settings, filled, dataset=one.dataset_id).bytes + 1000


def test_a_run_goes_with_its_model_and_files(filled, settings):
    run = finished(filled)
    toll = delete_run(settings, filled, run)
    assert (toll.runs, toll.models) == (1, 1)
    assert not settings.run_dir(run.id).exists()
    with pytest.raises(NotFound):
        filled.run(run.id)


def test_a_running_run_must_be_cancelled_first(filled, settings):
    running = next(run for run in filled.runs() if run.status is Status.RUNNING)
    with pytest.raises(Conflict, match=running.id):
        delete_run(settings, filled, running)
    with pytest.raises(Conflict, match=running.id):
        delete_dataset(settings, filled, filled.dataset(running.dataset_id))


def test_a_deleted_model_leaves_its_run_and_evaluation(filled, settings):
    run = finished(filled)
    delete_model(settings, filled, filled.model(run.id))
    assert not (settings.run_dir(run.id) / "model").exists()
    assert filled.run(run.id).status is Status.FINISHED and filled.evaluation(run.id)


def test_a_dataset_goes_with_photos_runs_and_models(filled, settings):
    dataset = filled.datasets()[0]
    for run in filled.runs(status=Status.RUNNING):
        filled.end(run.id, run.attempt, Status.KILLED)
    toll = delete_dataset(settings, filled, dataset)
    assert toll.runs == 6 and toll.bytes > 0
    assert not settings.dataset_dir(dataset.id).exists()
    assert filled.datasets() == [] and filled.runs() == []
    assert list(settings.runs_dir.iterdir()) == []


def test_a_deletion_cut_off_by_a_kill_is_finished_at_the_next_start(filled, settings):
    run, dataset = finished(filled), filled.datasets()[0]
    for running in filled.runs(status=Status.RUNNING):
        filled.end(running.id, running.attempt, Status.KILLED)
    settings.run_dir(run.id).rename(settings.runs_dir / f".deleted-{run.id}")
    finish(settings, filled)
    with pytest.raises(NotFound):
        filled.run(run.id)
    settings.dataset_dir(dataset.id).rename(settings.datasets_dir / f".deleted-{dataset.id}")
    finish(settings, filled)
    assert filled.datasets() == [] and list(settings.datasets_dir.glob(".deleted-*")) == []
