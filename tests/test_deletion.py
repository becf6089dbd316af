"""Deletion is real, whole, and finishes after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.deletion import (
    delete_dataset,
    delete_runs,
    delete_weights,
    finish,
    size_of,
    weigh_dataset,
    weigh_runs,
)
from core.errors import Conflict, NotFound, Unavailable
from core.recipes import Recipe
from core.registry import Registry
from core.runs import Status
from tests.factories import fill, make_run


@pytest.fixture
def filled(registry, settings):
    fill(registry, settings, runs=6)
    return registry


def finished(registry):
    return next(run for run in registry.runs() if run.status is Status.FINISHED)


def test_the_toll_is_what_lies_on_disk(filled, settings):
    run = finished(filled)
    assert weigh_runs(settings, filled, [run.id]).bytes == size_of(settings.run_dir(run.id)) > 0


def test_the_toll_counts_shared_files_only_with_the_last_that_has_them(filled, settings):
    one, other = [run for run in filled.runs() if run.status is Status.FINISHED][:2]
    before = weigh_runs(settings, filled, [one.id]).bytes
    shared = settings.run_dir(one.id) / "shared"
    shared.write_bytes(b"x" * 1000)
    (settings.run_dir(other.id) / "shared").hardlink_to(shared)
    both = weigh_dataset(settings, filled, filled.dataset(one.dataset_id)).bytes
    assert weigh_runs(settings, filled, [one.id]).bytes == before, "the other run keeps it on the disk"
    delete_runs(settings, filled, [other.id])
    assert weigh_runs(settings, filled, [one.id]).bytes == before + 1000
    shared.unlink()
    assert both > weigh_dataset(settings, filled, filled.dataset(one.dataset_id)).bytes + 1000


def test_a_run_goes_with_its_model_and_files(filled, settings):
    run = finished(filled)
    toll = delete_runs(settings, filled, [run.id])
    assert (toll.runs, toll.models) == (1, 1)
    assert not settings.run_dir(run.id).exists()
    with pytest.raises(NotFound):
        filled.run(run.id)


def test_a_running_run_must_be_cancelled_first(filled, settings):
    running = next(run for run in filled.runs() if run.status is Status.RUNNING)
    with pytest.raises(Conflict, match=running.id):
        delete_runs(settings, filled, [running.id])
    with pytest.raises(Conflict, match=running.id):
        delete_dataset(settings, filled, filled.dataset(running.dataset_id))


def test_a_deleted_model_leaves_its_run_and_evaluation(filled, settings):
    run = finished(filled)
    delete_weights(settings, filled, [run.id])
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


# --- many at once, and weights alone ---


@pytest.fixture
def two(filled, settings):
    """The ids of two finished runs, with checkpoints."""
    ids = [run.id for run in filled.runs() if run.status is Status.FINISHED][:2]
    for run_id in ids:
        checkpoint = settings.run_dir(run_id) / "checkpoints" / "000012"
        checkpoint.mkdir(parents=True)
        (checkpoint / "state.npz").write_bytes(b"x" * 5000)
    return ids


def leftovers(settings) -> list[Path]:
    return [*settings.runs_dir.glob(".deleted-*"), *settings.runs_dir.glob("*/.deleted-*")]


def test_several_runs_go_together_with_exactly_what_was_said_before(filled, settings, two):
    said = weigh_runs(settings, filled, two)
    assert (said.runs, said.models) == (2, 2)
    assert said.bytes == size_of(*(settings.run_dir(run_id) for run_id in two)) > 10_000
    assert delete_runs(settings, filled, two) == said
    assert not any(settings.run_dir(run_id).exists() for run_id in two) and not leftovers(settings)
    assert not {run.id for run in filled.runs()} & set(two)


def test_one_that_runs_keeps_all_of_them_and_is_named(filled, settings, two):
    running = next(run for run in filled.runs() if run.status is Status.RUNNING)
    for delete in (delete_runs, delete_weights):
        with pytest.raises(Conflict, match=f"Cancel what is running first: {running.id}"):
            delete(settings, filled, [*two, running.id])
    assert all((settings.run_dir(run_id) / "model").exists() for run_id in two) and len(filled.runs()) == 6


def test_a_folder_that_may_not_be_moved_leaves_everything_as_it_was(filled, settings, two, monkeypatch):
    rename = Path.rename

    def refusing(self, target):
        if self.name == two[1]:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(Unavailable, match=rf"{two[1]} cannot be deleted \(Permission denied\), so nothing was"):
        delete_runs(settings, filled, two)
    assert all(settings.run_dir(run_id).exists() for run_id in two) and not leftovers(settings)
    assert len(filled.runs()) == 6


def test_a_run_that_starts_in_that_very_moment_keeps_everything(filled, settings, two, monkeypatch):
    def started(run_ids):
        raise Conflict("It was started.")

    monkeypatch.setattr(filled, "delete_runs", started)
    with pytest.raises(Conflict):
        delete_runs(settings, filled, two)
    assert all(settings.run_dir(run_id).exists() for run_id in two) and not leftovers(settings)


def test_weights_go_and_the_record_stays(filled, settings, two):
    said = weigh_runs(settings, filled, two, weights_only=True)
    assert (said.runs, said.models) == (0, 2) and said.bytes > 10_000
    before = size_of(settings.runs_dir)
    assert delete_weights(settings, filled, two) == said
    assert size_of(settings.runs_dir) == before - said.bytes
    for run_id in two:
        folder = settings.run_dir(run_id)
        assert not (folder / "model").exists() and not (folder / "checkpoints").exists()
        assert (folder / "test.npz").exists() and (folder / "log.txt").exists()
        assert filled.evaluation(run_id) and filled.cost(run_id) and filled.epochs(run_id)
        with pytest.raises(NotFound, match="the weights of .* were deleted. Train it again to get one"):
            filled.model(run_id)


def test_checkpoints_of_a_run_that_waits_are_kept(filled, settings):
    waiting = next(run for run in filled.runs() if run.status is Status.SCHEDULED)
    with pytest.raises(Conflict, match="What waits may need its checkpoints"):
        delete_weights(settings, filled, [waiting.id])


def test_what_another_run_will_go_on_from_is_kept(filled, settings, two):
    longer = filled.add_run(make_run(70, dataset=filled.datasets()[0], extends=two[0]))
    for delete in (delete_runs, delete_weights):
        with pytest.raises(Conflict, match=f"have not ended: {longer.id}"):
            delete(settings, filled, two)
    assert delete_runs(settings, filled, [*two, longer.id]).runs == 3


def test_a_run_goes_together_with_the_one_that_waits_for_it(filled, settings, two):
    child = filled.add_run(make_run(70, dataset=filled.datasets()[0], recipe=Recipe(backbone=two[0])))
    assert weigh_runs(settings, filled, two).used_by == (child.id,)
    with pytest.raises(Conflict, match=child.id):
        delete_runs(settings, filled, two)
    assert weigh_runs(settings, filled, [*two, child.id]).used_by == ()
    assert delete_runs(settings, filled, [*two, child.id]).runs == 3


def test_the_toll_names_the_champion_among_them(filled, settings, two):
    filled.set_alias(two[1], "champion")
    assert weigh_runs(settings, filled, two).aliases == ("champion of flowers version 1",)
    assert weigh_runs(settings, filled, two[:1]).aliases == ()


def test_weights_whose_deletion_was_cut_off_are_gone_at_the_next_start(filled, settings, two):
    folder = settings.run_dir(two[0])
    (folder / "model").rename(folder / ".deleted-model")
    finish(settings, filled)
    assert not (folder / "checkpoints").exists() and not leftovers(settings)
    with pytest.raises(NotFound):
        filled.model(two[0])
    assert filled.run(two[0]).status is Status.FINISHED


def test_a_run_that_was_started_after_the_kill_gets_its_folder_back(filled, settings):
    running = next(run for run in filled.runs() if run.status is Status.RUNNING)
    folder = settings.run_dir(running.id)
    folder.rename(settings.runs_dir / f".deleted-{running.id}")
    finish(settings, filled)
    assert folder.exists() and filled.run(running.id).status is Status.RUNNING


DELETING = """
import os, signal, sys
from pathlib import Path
from core import deletion
from core.registry import Registry
from core.settings import Settings

settings, moment, ids = Settings(home=Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3:]
registry, steps = Registry.open(settings.registry_path), 0

def die_at(function):
    def counted(*args, **options):
        global steps
        steps += 1
        if steps == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)
    return counted

Path.rename = die_at(Path.rename)
registry.delete_runs = die_at(registry.delete_runs)
deletion.shutil.rmtree = die_at(deletion.shutil.rmtree)
deletion.delete_runs(settings, registry, ids)
"""


@pytest.mark.parametrize("moment", range(1, 6))
def test_killed_at_any_step_no_run_is_half_deleted(filled, settings, two, moment):
    command = [sys.executable, "-c", DELETING, str(settings.home), str(moment), *two]
    killed = subprocess.run(command, cwd=Path(__file__).parents[1], env=os.environ, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with Registry.open(settings.registry_path).reading():
        pass  # what the killed process wrote can be read
    finish(settings, filled)
    known = {run.id for run in filled.runs()}
    for run_id in two:
        assert settings.run_dir(run_id).exists() == (run_id in known)
    assert not leftovers(settings)
