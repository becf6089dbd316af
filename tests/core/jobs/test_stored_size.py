"""The sizes of runs' folders in the registry are those on the disk, whoever changes them."""

import os
from dataclasses import replace

import pytest

from core.exports import background
from core.exports.formats import Format
from core.files.home import export_job, run_folder
from core.files.sizes import size_of
from core.jobs import stored_size
from core.jobs.checkpoint_limit import evict_checkpoints
from core.jobs.stored_size import measure_ended, measure_runs
from core.jobs.upkeep import SupervisorUpkeep
from core.people.acting import Person, Role, acting_as
from core.runs.values import Status
from core.workbench.delete import delete_weights
from tests.factories import fill
from tests.jobs_home import eventually

ANNA = Person(name="anna", role=Role.TRAINER)


@pytest.fixture
def finished(registry, settings):
    """Anna's finished runs, of which the first has a checkpoint."""
    with acting_as(ANNA):
        runs = fill(registry, settings, runs=8).with_status(Status.FINISHED)
    checkpoint = run_folder(settings, runs[0].id).checkpoints / "000012"
    checkpoint.mkdir(parents=True)
    (checkpoint / "state.npz").write_bytes(b"\0" * 70_000)
    return runs


def on_disk(settings, registry) -> int:
    ended = [run for run in registry.runs() if run.ended_at is not None]
    return sum(size_of(run_folder(settings, run.id).path) for run in ended)


def recorded(registry) -> int:
    return registry.stored_by("anna").runs


def test_runs_that_have_ended_are_measured_once_in_batches(settings, registry, finished, monkeypatch):
    monkeypatch.setattr(stored_size, "BATCH", 2)
    ended = sum(run.ended_at is not None for run in registry.runs())
    assert measure_ended(settings, registry) == ended > 4
    assert recorded(registry) == on_disk(settings, registry) > 70_000
    assert measure_ended(settings, registry) == 0


def test_a_clock_that_is_ahead_does_not_make_it_go_on_for_ever(settings, registry, finished, monkeypatch):
    monkeypatch.setattr(registry, "unmeasured_runs", lambda limit: [finished[0].id])
    assert measure_ended(settings, registry) == 1


def test_a_file_that_is_elsewhere_too_is_not_freed_with_the_run_and_not_counted(settings, registry, finished, tmp_path):
    before = recorded_of(settings, registry, finished[0])
    os.link(run_folder(settings, finished[0].id).checkpoints / "000012" / "state.npz", settings.home / "another")
    assert recorded_of(settings, registry, finished[0]) == before - 70_000


def recorded_of(settings, registry, run) -> int:
    measure_runs(settings, registry, [run.id])
    return recorded(registry)


def test_deleting_weights_and_evicting_checkpoints_is_recorded_at_once(settings, registry, finished):
    measure_ended(settings, registry)
    before = recorded(registry)
    assert evict_checkpoints(replace(settings, checkpoints_limit_bytes=1), registry).runs == (finished[0].id,)
    assert recorded(registry) == before - 70_000 == on_disk(settings, registry)
    delete_weights(settings, registry, [finished[1].id])
    assert recorded(registry) == on_disk(settings, registry) < before - 70_000


def test_an_export_is_recorded_by_its_process(settings, registry, finished, monkeypatch):
    run = finished[0]
    measure_ended(settings, registry)
    before = recorded(registry)

    def make(run_id, format, **_):
        folder = run_folder(settings, run_id).export(format)
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(b"\0" * 5000)

    monkeypatch.setattr("core.exports.making.make_export", make)
    folder = export_job(settings, run.id, Format.ONNX)
    folder.path.mkdir(parents=True)
    background._background(folder.job_id, settings)
    assert recorded(registry) == before + 5000


def test_the_supervisors_upkeep_measures_what_has_ended(settings, registry, finished):
    SupervisorUpkeep(settings, registry).round()
    eventually(lambda: registry.unmeasured_runs() == [])
    assert recorded(registry) == on_disk(settings, registry)
