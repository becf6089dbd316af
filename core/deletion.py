"""Real deletion: a thing, everything that hangs on it, and their files.

All folders are renamed first, then the registry forgets in one transaction, then the renamed folders are removed.
What cannot be done is undone; ``finish`` completes a deletion that a kill interrupted, so nothing half-deleted ever
comes back.
"""

import fcntl
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.datasets.values import Dataset
from core.errors import Conflict, NotFound, Unavailable
from core.features.store import forget
from core.registry import Registry
from core.runs import Run, Status
from core.settings import Settings
from core.wording import count, listed, size

TRASH = ".deleted-"
WEIGHTS = ("model", "checkpoints")
"""Folders of a run that hold weights, in the order they go; everything else in it is its record."""


@dataclass(frozen=True, kw_only=True)
class Toll:
    """What goes with a deletion.

    Args:
        models: of the registry; checkpoints count in ``bytes`` alone.
        used_by: runs elsewhere that build on what goes; they keep what they have, but cannot be done again.
        aliases: what is empty afterwards, or without a model: "champion of flowers version 1".
    """

    datasets: int = 0
    runs: int = 0
    models: int = 0
    bytes: int = 0
    used_by: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


# --- what goes ---


def toll_words(toll: Toll) -> str:
    """What goes with a deletion: ``1 dataset, 3 runs, 2 models: 148 MB``; of runs without a model, checkpoints."""
    nouns = [(toll.datasets, "dataset"), (toll.runs, "run"), (toll.models, "model")]
    said = [count(number, noun) for number, noun in nouns if number] or ["checkpoints"]
    return f"{listed(said)}, {size(toll.bytes)} on disk"


def used_words(toll: Toll) -> str:
    """A further sentence where other runs build on what goes."""
    if not toll.used_by:
        return ""
    users = f"{count(len(toll.used_by), 'run')} built on it {'stays' if len(toll.used_by) == 1 else 'stay'}"
    return f" {users}, but cannot be done again: {listed(toll.used_by, 4)}."


def weigh_runs(settings: Settings, registry: Registry, run_ids: Sequence[str], *, weights_only: bool = False) -> Toll:
    """The toll of deleting several runs, or their models and checkpoints alone; ids are exact."""
    folders = [folder for run_id in run_ids for folder in _folders(settings, run_id, weights_only)]
    return Toll(
        runs=0 if weights_only else len(run_ids),
        models=len(registry.model_sizes().keys() & set(run_ids)),
        bytes=size_of(*folders),
        used_by=tuple(run.id for run in _users(registry, run_ids)),
        aliases=_aliases(registry, run_ids),
    )


def weigh_dataset(settings: Settings, registry: Registry, dataset: Dataset) -> Toll:
    """The toll of deleting a dataset with all that hangs on it."""
    runs = registry.runs(dataset_id=dataset.id)
    size = size_of(settings.dataset_dir(dataset.id), *(settings.run_dir(run.id) for run in runs))
    stored = forget(settings, dataset.digest, dry=True)
    return Toll(
        datasets=1,
        runs=len(runs),
        models=len(registry.models(dataset.id)),
        bytes=size + stored,
        used_by=tuple(run.id for run in _users(registry, [run.id for run in runs])),
    )


def _folders(settings: Settings, run_id: str, weights_only: bool) -> list[Path]:
    folder = settings.run_dir(run_id)
    return [folder / name for name in WEIGHTS] if weights_only else [folder]


def _users(registry: Registry, run_ids: Sequence[str]) -> list[Run]:
    """Runs that build on these and are not among them."""
    doomed = set(run_ids)
    return [run for run in registry.runs_using(*run_ids) if run.id not in doomed]


def _aliases(registry: Registry, run_ids: Sequence[str]) -> tuple[str, ...]:
    doomed = set(run_ids)
    moves = [held.move for held in registry.held_aliases() if held.move.run_id in doomed]
    datasets = {id_: registry.dataset(id_) for id_ in {move.dataset_id for move in moves}}
    titles = {id_: f"{dataset.name} version {dataset.version}" for id_, dataset in datasets.items()}
    return tuple(f"{move.alias} of {titles[move.dataset_id]}" for move in moves)


# --- deleting ---


def delete_runs(settings: Settings, registry: Registry, run_ids: Sequence[str]) -> Toll:
    """Delete ended or waiting runs with their models, checkpoints, curves and logs: all of them or none.

    Raises:
        NotFound: one of them is not there. Conflict: one is running, or another one that has not ended builds on it.
        Unavailable: the files of one may not be moved.
    """
    runs = [registry.run(run_id) for run_id in run_ids]
    _refuse_running(runs)
    _refuse_awaited(registry, run_ids)
    toll = weigh_runs(settings, registry, run_ids)
    folders = [settings.run_dir(run_id) for run_id in run_ids]
    _remove(settings, folders, lambda: registry.delete_runs(run_ids))
    registry.log("delete runs", {"runs": list(run_ids), "models": toll.models, "bytes": toll.bytes})
    return toll


def delete_weights(settings: Settings, registry: Registry, run_ids: Sequence[str]) -> Toll:
    """Delete models and checkpoints of ended runs, all or none; the runs, their curves and evaluations stay.

    Raises:
        NotFound: one of them is not there. Conflict: one has not ended, or another one that has not builds on it.
        Unavailable: the files of one may not be moved.
    """
    runs = [registry.run(run_id) for run_id in run_ids]
    _refuse_running(runs)
    waiting = [run.id for run in runs if not run.status.ended]
    if waiting:
        raise Conflict(f"What waits may need its checkpoints: {listed(waiting)}. Cancel it first.")
    _refuse_awaited(registry, run_ids)
    toll = weigh_runs(settings, registry, run_ids, weights_only=True)
    folders = [folder for run_id in run_ids for folder in _folders(settings, run_id, weights_only=True)]
    _remove(settings, folders, lambda: registry.delete_models_of(run_ids))
    registry.log("delete weights", {"runs": list(run_ids), "models": toll.models, "bytes": toll.bytes})
    return toll


def delete_dataset(settings: Settings, registry: Registry, dataset: Dataset) -> Toll:
    """Delete a dataset with its photos, stored features, runs and models."""
    runs = registry.runs(dataset_id=dataset.id)
    _refuse_running(runs)
    _refuse_awaited(registry, [run.id for run in runs])
    toll = weigh_dataset(settings, registry, dataset)
    folders = [settings.run_dir(run.id) for run in runs]
    _remove(settings, folders, lambda: registry.delete_runs([run.id for run in runs]))
    forget(settings, dataset.digest)
    _remove(settings, [settings.dataset_dir(dataset.id)], lambda: registry.delete_dataset(dataset.id))
    registry.log("delete dataset", {"dataset": dataset.id, "name": dataset.name, "bytes": toll.bytes})
    return toll


def _refuse_running(runs: Sequence[Run]) -> None:
    running = [run.id for run in runs if run.status is Status.RUNNING]
    if running:
        raise Conflict(f"Cancel what is running first: {listed(running)}.")


def _refuse_awaited(registry: Registry, run_ids: Sequence[str]) -> None:
    """A run that waits or trains needs the models it builds on, and the checkpoint it goes on from."""
    doomed, unfinished = set(run_ids), (Status.SCHEDULED, Status.RUNNING)
    going_on = [run for status in unfinished for run in registry.runs(status=status) if run.extends in doomed]
    users = [run for run in (*_users(registry, run_ids), *going_on) if run.id not in doomed]
    awaiting = list(dict.fromkeys(child.id for child in users if not child.status.ended))
    if awaiting:
        raise Conflict(f"These runs need it and have not ended: {listed(awaiting)}. Cancel them first.")


def _remove(settings: Settings, folders: Sequence[Path], forget_rows: Callable[[], None]) -> None:
    """Folders and rows, all or none; whatever fails before the rows are gone puts every folder back."""
    with _deleting(settings), ExitStack() as undo:
        trashes = [_bury(folder, undo) for folder in folders if folder.exists()]
        forget_rows()
        undo.pop_all()
        for trash in trashes:
            shutil.rmtree(trash, ignore_errors=True)


def _bury(folder: Path, undo: ExitStack) -> Path:
    trash = folder.with_name(f"{TRASH}{folder.name}")
    try:
        folder.rename(trash)
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be deleted ({error.strerror}), so nothing was. Give this user the right to it, or free "
            "it from whatever holds it."
        ) from error
    undo.callback(trash.rename, folder)
    return trash


# --- after a kill ---


def finish(settings: Settings, registry: Registry) -> None:
    """Complete deletions that were cut off. What another process deletes at this moment is left to it."""
    parts = [settings.runs_dir.glob(f"*/{TRASH}{name}") for name in WEIGHTS]
    whole = [settings.datasets_dir.glob(f"{TRASH}*"), settings.runs_dir.glob(f"{TRASH}*")]
    datasets, runs, models, checkpoints = ([*found] for found in (*whole, *parts))
    if not (datasets or runs or models or checkpoints):
        return
    with _deleting(settings, wait=False) as alone:
        if not alone:
            return
        for trash in datasets:
            _settle(trash, registry.delete_dataset)
        for trash in runs:
            _settle(trash, lambda run_id: registry.delete_runs([run_id]))
        for trash in models:  # its checkpoints were to go next; a finished run gets no new ones
            registry.delete_models_of([trash.parent.name])
            shutil.rmtree(trash.with_name("checkpoints"), ignore_errors=True)
        for trash in (*models, *checkpoints):
            shutil.rmtree(trash, ignore_errors=True)


def _settle(trash: Path, forget_row: Callable[[str], None]) -> None:
    name = trash.name.removeprefix(TRASH)
    try:
        forget_row(name)
    except NotFound:
        pass  # the rows were gone already
    except Conflict:  # it was started after the kill: it is in use, so it stays
        trash.rename(trash.with_name(name))
        return
    shutil.rmtree(trash, ignore_errors=True)


@contextmanager
def _deleting(settings: Settings, *, wait: bool = True) -> Iterator[bool]:
    """One process deletes at a time; the lock goes with the process. Without ``wait``, False when it is taken."""
    with open(settings.home / "deletion.lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def size_of(*folders: Path) -> int:
    """Bytes that are free once all ``folders`` are gone: a file that has links elsewhere too stays on the disk."""
    files = [path.lstat() for folder in folders for path in folder.rglob("*") if path.is_file()]
    links = Counter((file.st_dev, file.st_ino) for file in files)
    sizes = {
        (file.st_dev, file.st_ino): file.st_size for file in files if links[file.st_dev, file.st_ino] >= file.st_nlink
    }
    return sum(sizes.values())
