"""Checkpoints of finished runs beyond the limit go, the oldest first; what a run goes on from, and models, stay."""

import os
from dataclasses import replace

import pytest

from core.files.home import evicted_checkpoints, launch_lock, run_folder
from core.files.locks import acquire
from core.jobs.checkpoint_limit import checkpoint_bytes, evict_checkpoints
from core.planning.decide import Decision
from core.runs.values import Status
from core.workbench import Workbench
from tests.factories import fill, make_run

SIZE = 1000


@pytest.fixture
def filled(registry, settings):
    return fill(registry, settings, runs=9)


@pytest.fixture
def finished(filled, registry):
    """Finished runs, the one that ended first at first, each with a checkpoint of 1,000 bytes."""
    runs = sorted(
        (run for run in registry.runs() if run.status is Status.FINISHED and run.epochs_done),
        key=lambda run: (run.ended_at, run.id),
    )
    assert len(runs) >= 3
    return runs


def keep(settings, run, epoch: int = 12, size: int = SIZE) -> None:
    folder = run_folder(settings, run.id).checkpoints / f"{epoch:06d}"
    folder.mkdir(parents=True)
    (folder / "state.npz").write_bytes(b"\0" * size)


def limited(settings, size: int):
    return replace(settings, checkpoints_limit_bytes=size)


def kept(settings, runs) -> list[bool]:
    return [run_folder(settings, run.id).has_checkpoint() for run in runs]


def test_the_run_that_ended_first_loses_its_checkpoints_first_and_that_is_logged(settings, registry, finished):
    for run in finished[:3]:
        keep(settings, run)
    gone = evict_checkpoints(limited(settings, 2 * SIZE), registry)
    assert (gone.runs, gone.bytes, kept(settings, finished[:3])) == ((finished[0].id,), SIZE, [False, True, True])
    entry = registry.log_entries(1)[0]
    assert (entry.action, entry.detail) == ("evict checkpoints", {"runs": [finished[0].id], "bytes": SIZE})
    assert run_folder(settings, finished[0].id).card.is_file(), "its model predicts as before"
    assert not evicted_checkpoints(run_folder(settings, finished[0].id)).exists()
    assert evict_checkpoints(limited(settings, 2 * SIZE), registry).runs == ()
    assert checkpoint_bytes(settings, registry) == 2 * SIZE


def test_without_a_limit_all_are_kept(settings, registry, finished):
    keep(settings, finished[0])
    assert settings.checkpoints_limit_bytes == 0
    assert evict_checkpoints(settings, registry).runs == () and kept(settings, finished[:1]) == [True]


def test_what_a_run_goes_on_from_stays_whatever_it_takes(settings, registry, filled, finished):
    unfinished = [run for run in registry.runs() if run.status is not Status.FINISHED]
    assert {run.status for run in unfinished} >= {Status.FAILED, Status.RUNNING}
    for run in [*unfinished, *finished[:2]]:
        keep(settings, run)
    longer = make_run(50, dataset=filled.dataset, extends=finished[0].id)
    registry.add_run(longer)
    assert evict_checkpoints(limited(settings, 1), registry).runs == (finished[1].id,)
    assert all(kept(settings, [*unfinished, finished[0]]))


def test_files_that_an_extended_run_shares_with_its_parent_are_counted_once(settings, registry, finished):
    parent, child, other = finished[:3]
    keep(settings, parent), keep(settings, other)
    folder = run_folder(settings, child.id).checkpoints / "000012"
    folder.mkdir(parents=True)
    os.link(run_folder(settings, parent.id).checkpoints / "000012" / "state.npz", folder / "state.npz")
    assert evict_checkpoints(limited(settings, 2 * SIZE), registry).runs == ()
    gone = evict_checkpoints(limited(settings, SIZE), registry)
    assert (gone.runs, gone.bytes) == ((parent.id, child.id), SIZE), "the parent alone frees nothing"


def test_nothing_goes_while_somebody_launches(settings, registry, finished):
    keep(settings, finished[0])
    with acquire(launch_lock(settings)):
        assert evict_checkpoints(limited(settings, 1), registry).runs == ()
    assert evict_checkpoints(limited(settings, 1), registry).runs == (finished[0].id,)


def test_what_a_killed_eviction_left_goes_with_the_next_one(settings, registry, finished):
    left = evicted_checkpoints(run_folder(settings, finished[1].id))
    left.mkdir(parents=True)
    keep(settings, finished[0])
    evict_checkpoints(limited(settings, 1), registry)
    assert not left.exists()


def test_a_longer_run_is_planned_from_the_first_epoch_and_says_why(settings, registry, finished):
    run = finished[0]
    keep(settings, run)
    bench = Workbench(settings, registry)
    longer = replace(run.recipe, hyperparameters=replace(run.recipe.hyperparameters, epochs=48))
    (plan,) = bench.plan(run.dataset_id, [longer])
    assert (plan.decision, plan.first_epoch, bench.has_lost_its_checkpoint(run)) == (Decision.EXTENDED, 13, False)
    evict_checkpoints(limited(settings, 1), registry)
    (plan,) = bench.plan(run.dataset_id, [longer])
    assert (plan.decision, plan.first_epoch, plan.run_id, plan.saves_seconds) == (Decision.NEW, 1, None, 0.0)
    assert plan.because == (
        f"Run {run.id} trained the same for 12 epochs, but its checkpoint is no longer kept, so all 48 are trained."
    )
    assert bench.has_lost_its_checkpoint(run)
    (same,) = bench.plan(run.dataset_id, [run.recipe])
    assert same.decision is Decision.REUSED, "its result is used as before"
