"""Deletion is real, whole, and finishes after a kill."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import Conflict, NotFound, Unavailable
from core.files.home import dataset_folder, datasets_folder, registry_file, run_folder, runs_folder
from core.files.locks import acquire
from core.files.sizes import size_of
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.values import Status
from core.workbench.delete import (
    delete_dataset,
    delete_runs,
    delete_weights,
    finish,
    preview_dataset,
    preview_runs,
)
from tests.factories import fill, make_run


@pytest.fixture
def filled(registry, settings):
    fill(registry, settings, runs=6)
    return registry


def finished(registry):
    return next(run for run in registry.runs() if run.status is Status.FINISHED)


def test_the_toll_is_what_lies_on_disk(filled, settings):
    run = finished(filled)
    assert preview_runs(settings, filled, [run.id]).bytes == size_of(run_folder(settings, run.id).path) > 0


def test_the_toll_counts_shared_files_only_with_the_last_that_has_them(filled, settings):
    one, other = [run for run in filled.runs() if run.status is Status.FINISHED][:2]
    before = preview_runs(settings, filled, [one.id]).bytes
    shared = run_folder(settings, one.id).path / "shared"
    shared.write_bytes(b"x" * 1000)
    (run_folder(settings, other.id).path / "shared").hardlink_to(shared)
    both = preview_dataset(settings, filled, filled.dataset(one.dataset_id)).bytes
    assert preview_runs(settings, filled, [one.id]).bytes == before, "the other run keeps it on the disk"
    delete_runs(settings, filled, [other.id])
    assert preview_runs(settings, filled, [one.id]).bytes == before + 1000
    shared.unlink()
    assert both > preview_dataset(settings, filled, filled.dataset(one.dataset_id)).bytes + 1000


def test_what_somebody_else_takes_away_meanwhile_is_not_weighed(settings, monkeypatch):
    folder = settings.home / "weighed"
    (folder / "below").mkdir(parents=True)
    for name in ("a", "b", "below/c"):
        (folder / name).write_bytes(b"x" * 10)
    lstat = os.lstat

    def gone(path, **how):
        for name in ("b", "below/c"):
            (folder / name).unlink(missing_ok=True)
        return lstat(path, **how)

    monkeypatch.setattr(os, "lstat", gone)
    assert size_of(folder) == 10


def test_a_run_goes_with_its_model_and_files(filled, settings):
    run = finished(filled)
    impact = delete_runs(settings, filled, [run.id])
    assert (impact.runs, impact.models) == (1, 1)
    assert not run_folder(settings, run.id).path.exists()
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
    assert not (run_folder(settings, run.id).path / "model").exists()
    assert filled.run(run.id).status is Status.FINISHED and filled.evaluation(run.id)


def test_a_dataset_goes_with_photos_runs_and_models(filled, settings):
    dataset = filled.datasets()[0]
    for run in filled.runs(status=Status.RUNNING):
        filled.end(run.id, run.attempt, Status.KILLED)
    impact = delete_dataset(settings, filled, dataset)
    assert impact.runs == 6 and impact.bytes > 0
    assert not dataset_folder(settings, dataset.id).path.exists()
    assert filled.datasets() == [] and filled.runs() == []
    assert list(runs_folder(settings).iterdir()) == []


# --- many at once, and weights alone ---


@pytest.fixture
def two(filled, settings):
    """The ids of two finished runs, with checkpoints."""
    ids = [run.id for run in filled.runs() if run.status is Status.FINISHED][:2]
    for run_id in ids:
        checkpoint = run_folder(settings, run_id).path / "checkpoints" / "000012"
        checkpoint.mkdir(parents=True)
        (checkpoint / "state.npz").write_bytes(b"x" * 5000)
    return ids


def leftovers(settings) -> list[Path]:
    folders = (runs_folder(settings), datasets_folder(settings))
    return [path for folder in folders for pattern in (".deleted-*", "*/.deleted-*") for path in folder.glob(pattern)]


def test_several_runs_go_together_with_exactly_what_was_said_before(filled, settings, two):
    said = preview_runs(settings, filled, two)
    assert (said.runs, said.models) == (2, 2)
    assert said.bytes == size_of(*(run_folder(settings, run_id).path for run_id in two)) > 10_000
    assert delete_runs(settings, filled, two) == said
    assert not any(run_folder(settings, run_id).path.exists() for run_id in two) and not leftovers(settings)
    assert not {run.id for run in filled.runs()} & set(two)


def test_one_that_runs_keeps_all_of_them_and_is_named(filled, settings, two):
    running = next(run for run in filled.runs() if run.status is Status.RUNNING)
    for delete in (delete_runs, delete_weights):
        with pytest.raises(Conflict, match=f"Cancel what is running first: {running.id}"):
            delete(settings, filled, [*two, running.id])
    assert all((run_folder(settings, run_id).path / "model").exists() for run_id in two) and len(filled.runs()) == 6


def test_a_folder_that_may_not_be_moved_leaves_everything_as_it_was(filled, settings, two, monkeypatch):
    rename = Path.rename

    def refusing(self, target):
        if self.name == two[1]:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(Unavailable, match=rf"{two[1]} cannot be deleted \(Permission denied\), so nothing was"):
        delete_runs(settings, filled, two)
    assert all(run_folder(settings, run_id).path.exists() for run_id in two) and not leftovers(settings)
    assert len(filled.runs()) == 6


def test_a_run_that_starts_in_that_very_moment_keeps_everything(filled, settings, two, monkeypatch):
    def started(run_ids, entry):
        raise Conflict("It was started.")

    monkeypatch.setattr(filled, "delete_runs", started)
    with pytest.raises(Conflict):
        delete_runs(settings, filled, two)
    assert all(run_folder(settings, run_id).path.exists() for run_id in two) and not leftovers(settings)


def test_weights_go_and_the_record_stays(filled, settings, two):
    said = preview_runs(settings, filled, two, weights_only=True)
    assert (said.runs, said.models) == (0, 2) and said.bytes > 10_000
    before = size_of(runs_folder(settings))
    assert delete_weights(settings, filled, two) == said
    assert size_of(runs_folder(settings)) == before - said.bytes
    for run_id in two:
        folder = run_folder(settings, run_id).path
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
    assert preview_runs(settings, filled, two).used_by == (child.id,)
    with pytest.raises(Conflict, match=child.id):
        delete_runs(settings, filled, two)
    assert preview_runs(settings, filled, [*two, child.id]).used_by == ()
    assert delete_runs(settings, filled, [*two, child.id]).runs == 3


def test_the_toll_names_the_champion_among_them(filled, settings, two):
    filled.set_alias(two[1], "champion")
    assert preview_runs(settings, filled, two).aliases == ("champion of flowers version 1",)
    assert preview_runs(settings, filled, two[:1]).aliases == ()


# --- kills ---

DELETING = """
import os, signal, sys
from pathlib import Path
from core.files.home import registry_file
from core.workbench import delete
from core.registry import Registry
from core.settings import Settings

settings, what, moment, ids = Settings(home=Path(sys.argv[1])), sys.argv[2], int(sys.argv[3]), sys.argv[4:]
registry, steps = Registry.open(registry_file(settings)), 0

def dying(function):
    def counted(*args, **options):
        global steps
        steps += 1
        if steps == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)
    return counted

Path.rename = dying(Path.rename)
for name in ("delete_runs", "delete_models_of", "delete_dataset"):
    setattr(registry, name, dying(getattr(registry, name)))
delete.shutil.rmtree = dying(delete.shutil.rmtree)
given = registry.dataset(ids[0]) if what == "delete_dataset" else ids
getattr(delete, what)(settings, registry, given)
"""


@pytest.fixture
def kill(settings, forks):
    """Deletes in another process that is killed before its ``moment``-th step; whether it had that many."""

    def kill(what: str, moment: int, ids) -> bool:
        code, printed = forks.run(DELETING, str(settings.home), what, str(moment), *ids)
        assert code in (0, -signal.SIGKILL), printed
        with Registry.open(registry_file(settings)).reading():
            pass  # what the killed process wrote can be read
        return code == -signal.SIGKILL

    return kill


@pytest.mark.parametrize("moment", range(1, 6))
def test_killed_at_any_step_all_runs_are_gone_or_none(filled, settings, two, moment, kill):
    before = size_of(runs_folder(settings))
    assert kill("delete_runs", moment, two)
    finish(settings, filled)
    known = {run.id for run in filled.runs()} & set(two)
    assert known in (set(), set(two)), "half of what was to go together has gone"
    assert all(run_folder(settings, run_id).path.exists() == (run_id in known) for run_id in two)
    assert not leftovers(settings) and (size_of(runs_folder(settings)) == before) == bool(known)


@pytest.mark.parametrize("moment", range(1, 9))
def test_killed_at_any_step_all_weights_are_gone_or_none(filled, settings, two, moment, kill):
    """The second has checkpoints only, so that no row says whether its own have gone."""
    filled.delete_models_of(two[1:])
    before = size_of(runs_folder(settings))
    assert kill("delete_weights", moment, two)
    finish(settings, filled)
    kept = {
        (run_id, name)
        for run_id in two
        for name in ("model", "checkpoints")
        if (run_folder(settings, run_id).path / name).exists()
    }
    assert len(kept) in (0, 4) and bool(filled.having_model(two[:1])) == bool(kept)
    assert not leftovers(settings) and (size_of(runs_folder(settings)) == before) == bool(kept)


def test_killed_at_any_step_a_dataset_is_gone_with_all_its_runs_or_all_is_there(filled, settings, kill):
    for running in filled.runs(status=Status.RUNNING):
        filled.end(running.id, running.attempt, Status.KILLED)
    dataset, runs, before = filled.datasets()[0], len(filled.runs()), size_of(settings.home / "runs")
    for moment in range(1, 30):
        was_killed = kill("delete_dataset", moment, [dataset.id])
        finish(settings, filled)
        assert not leftovers(settings)
        if filled.datasets() == []:
            break
        assert was_killed and len(filled.runs()) == runs and size_of(runs_folder(settings)) == before
        assert dataset_folder(settings, dataset.id).path.exists()
    assert filled.runs() == [] and size_of(runs_folder(settings), datasets_folder(settings)) == 0
    assert moment > runs, "it was tried at every folder"


def test_what_a_kill_left_is_out_of_the_way_of_the_next_deletion_too(filled, settings, two, kill):
    """A dashboard stays open over the kill of a command, so nobody starts anew."""
    assert kill("delete_runs", 2, two)
    assert delete_runs(settings, filled, two).runs == 2
    assert not leftovers(settings) and not any(run_folder(settings, run_id).path.exists() for run_id in two)


def test_checkpoints_of_a_run_that_went_on_after_the_kill_are_kept(filled, settings, two, kill):
    assert kill("delete_weights", 2, two)
    new = run_folder(settings, two[0]).path / "model"
    new.mkdir()
    (new / "made since").write_bytes(b"x")
    finish(settings, filled)
    assert (new / "made since").exists() and not leftovers(settings)


def test_who_deletes_at_the_same_time_is_told_that_they_are_gone(filled, settings, two, monkeypatch):
    """It waits for the other one before it looks, so it does not say that it freed the same bytes again."""
    waits = threading.Event()
    monkeypatch.setattr("core.workbench.delete.acquire", lambda path: (waits.set(), acquire(path))[1])
    with acquire(settings.home / "deletion.lock") as taken, ThreadPoolExecutor() as pool:
        second = pool.submit(delete_runs, settings, filled, two)
        assert waits.wait(30)
        filled.delete_runs(two)
        taken.release()
        with pytest.raises(NotFound, match=two[0]):
            second.result()
