"""The limit of stored checkpoints: beyond it those of finished runs go, the run that ended first at first.

A finished run needs its checkpoints for one thing: to be extended to more epochs. Without them its model predicts as
before, and the plan of a longer run says that it trains from the first epoch. Those of a run that failed, was stopped,
waits or is running are what it resumes from; they are neither counted nor evicted. Nor are those of a run that one
which has not ended extends. A model is never touched.

Where machines share a store of artifacts, only what is on this machine is counted and evicted; what was published stays
in the store, and a trainer fetches it.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.files.folders import RunFolder
from core.files.home import deletion_lock, evicted_checkpoints, launch_lock, run_folder, run_folders
from core.files.locks import try_acquire
from core.jobs.stored_size import measure_runs
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings

Files = Mapping[tuple[int, int], int]
"""Bytes by device and inode: an extended run shares files with the one that it extends."""


@dataclass(frozen=True, kw_only=True)
class Evicted:
    """What went: the ids of the runs, and the bytes that the disk has back."""

    runs: tuple[str, ...] = ()
    bytes: int = 0


def checkpoint_bytes(settings: Settings, registry: Registry) -> int:
    """Bytes of the checkpoints of all finished runs on this machine."""
    found = _found(settings)
    return _total(found[run.id] for run in _finished(found, registry))


def evict_checkpoints(settings: Settings, registry: Registry) -> Evicted:
    """Deletes checkpoints of finished runs until the rest is within ``checkpoints_limit_bytes``; 0 deletes none.

    Nothing is done while another process launches or deletes.

    Raises:
        Unavailable: the registry cannot be read or written now.
    """
    if not settings.checkpoints_limit_bytes or _total(_found(settings).values()) <= settings.checkpoints_limit_bytes:
        return Evicted()
    launching = try_acquire(launch_lock(settings))
    if launching is None:
        return Evicted()
    with launching:
        deleting = try_acquire(deletion_lock(settings))
        if deleting is None:
            return Evicted()
        with deleting:
            return _evict(settings, registry)


def _evict(settings: Settings, registry: Registry) -> Evicted:
    """With both locks: no run is planned that would continue from what goes, and nothing is deleted twice."""
    for folder in run_folders(settings):  # of killed evictions
        shutil.rmtree(evicted_checkpoints(folder), ignore_errors=True)
    found = _found(settings)
    finished = _finished(found, registry)
    awaited = _awaited(registry)
    before = left = _total(found[run.id] for run in finished)
    kept, gone = dict(found), []
    for run in sorted(finished, key=lambda run: (run.ended_at or 0.0, run.id)):
        if left <= settings.checkpoints_limit_bytes:
            break
        if run.id not in awaited and _remove(run_folder(settings, run.id)):
            del kept[run.id]
            gone.append(run.id)
            left = _total(kept[other.id] for other in finished if other.id in kept)
    if gone:
        measure_runs(settings, registry, gone)
        registry.log("evict checkpoints", {"runs": gone, "bytes": before - left})
    return Evicted(runs=tuple(gone), bytes=before - left)


def _remove(folder: RunFolder) -> bool:
    """Renames first, so that a killed eviction leaves no part of a checkpoint that could be taken for one."""
    doomed = evicted_checkpoints(folder)
    try:
        folder.checkpoints.rename(doomed)
    except OSError:
        return False
    shutil.rmtree(doomed, ignore_errors=True)
    return True


def _awaited(registry: Registry) -> set[str]:
    """Runs that one which has not ended continues from."""
    unfinished = [run for status in (Status.SCHEDULED, Status.RUNNING) for run in registry.runs(status=status)]
    return {run.extends for run in unfinished if run.extends}


def _found(settings: Settings) -> dict[str, Files]:
    """The checkpoints of every run that has one."""
    each = {run.run_id: _files(run.checkpoints) for run in run_folders(settings) if run.has_checkpoint()}
    return {run_id: files for run_id, files in each.items() if files}


def _files(folder: Path) -> Files:
    found: dict[tuple[int, int], int] = {}
    for path in folder.glob("[0-9]*/*"):
        with suppress(OSError):  # its trainer has a newer one meanwhile
            state = os.lstat(path)
            found[state.st_dev, state.st_ino] = state.st_size
    return found


def _finished(found: Mapping[str, Files], registry: Registry) -> list[Run]:
    return [run for run in registry.runs_of(found) if run.status is Status.FINISHED]


def _total(each: Iterable[Files]) -> int:
    """Shared files count once."""
    sizes: dict[tuple[int, int], int] = {}
    for files in each:
        sizes.update(files)
    return sum(sizes.values())
