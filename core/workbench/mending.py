"""``core doctor --repair``: removes what belongs to nothing in a home, and says each thing that it did.

What may be somebody's work is not deleted: folders of runs and datasets without a row (a registry that was restored
from an older backup has such) are moved into ``orphans/`` of the home. What a running process has is left alone. Locks
need no repair, because the kernel drops them with their process.
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from core.features.store import forget, stored_features
from core.files.home import (
    dataset_folders,
    datasets_folder,
    orphans_folder,
    received_bodies,
    run_folder,
    run_folders,
    runs_folder,
    uploads_folder,
)
from core.files.locks import is_held, try_acquire
from core.files.sizes import size_of
from core.registry import Registry
from core.settings import Settings
from core.text.units import size
from core.workbench.orphans import DRAFT_SECONDS


def mend(settings: Settings, registry: Registry) -> list[str]:
    """Do it; one sentence for each thing that was done.

    Raises:
        OSError: a folder may not be changed; what was done before stays done.
    """
    return [
        *_move_folders(settings, registry),
        *_forget_features(settings, registry),
        *_remove_uploads(settings),
        *_remove_drafts(settings),
    ]


def _move_folders(settings: Settings, registry: Registry) -> Iterator[str]:
    runs, datasets = {run.id for run in registry.runs()}, {dataset.id for dataset in registry.datasets()}
    for folder in list(run_folders(settings)):
        if folder.run_id not in runs and not is_held(folder.alive_lock):
            yield from _move(folder.path, settings)
    for dataset in list(dataset_folders(settings)):
        if dataset.path.name not in datasets:
            yield from _move(dataset.path, settings)


def _move(folder: Path, settings: Settings) -> Iterator[str]:
    if not _is_old(folder):  # an import or a launch may be about to add its row
        return
    target = orphans_folder(settings) / folder.name
    if target.exists():
        target = target.with_name(f"{folder.name}-{time.time_ns()}")
    target.parent.mkdir(exist_ok=True)
    took = size_of(folder)
    folder.rename(target)
    yield (
        f"{folder.parent.name}/{folder.name} has no row in the registry: moved to {target} ({size(took)}). Delete it "
        "there when you are sure."
    )


def _forget_features(settings: Settings, registry: Registry) -> Iterator[str]:
    known = {dataset.digest for dataset in registry.datasets()}
    for digest in sorted({stored.key.dataset for stored in stored_features(settings)} - known):
        if freed := forget(settings, dataset=digest):
            yield f"Stored features of a deleted dataset ({digest[:12]}): deleted ({size(freed)})."


def _remove_uploads(settings: Settings) -> Iterator[str]:
    for path in sorted({*uploads_folder(settings).glob("upload-*"), *received_bodies(settings)}):
        if path.is_file() and _is_old(path) and (lock := try_acquire(path, create=False)) is not None:
            with lock:
                took = path.stat().st_size
                path.unlink(missing_ok=True)
            yield f"uploads/{path.name} is used by no import: deleted ({size(took)})."


def _remove_drafts(settings: Settings) -> Iterator[str]:
    """Drafts of killed processes. Interrupted deletions and unfinished features are not among them: the former are
    completed or undone at every start, the latter are continued, and removed after a week."""
    for place in (settings.home, datasets_folder(settings), runs_folder(settings)):
        yield from _remove_in(place, settings)
    for folder in list(run_folders(settings)):
        if not is_held(run_folder(settings, folder.run_id).alive_lock):
            yield from _remove_in(folder.path, settings)


def _remove_in(place: Path, settings: Settings) -> Iterator[str]:
    for path in sorted({*place.glob(".*.part"), *place.glob(".tmp-*")}):
        if _is_old(path):
            took = size_of(path) if path.is_dir() else path.stat().st_size
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            yield f"{path.relative_to(settings.home)} is the draft of a killed process: deleted ({size(took)})."


def _is_old(path: Path) -> bool:
    """Whether nothing in it was written for an hour."""
    found = [path, *(Path(place) / name for place, folders, names in os.walk(path) for name in (*folders, *names))]
    return time.time() - max(one.lstat().st_mtime for one in found) > DRAFT_SECONDS
