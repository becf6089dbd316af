"""Real deletion: a thing, everything that hangs on it, and their files.

The folder is renamed first, then the registry forgets, then the renamed folder is removed; ``finish`` completes a
deletion that a kill interrupted, so nothing half-deleted ever comes back.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets.values import Dataset
from core.errors import Conflict, NotFound
from core.features.store import forget
from core.lineage import parents_of
from core.registry import Registry
from core.runs import Model, Run
from core.settings import Settings

TRASH = ".deleted-"


@dataclass(frozen=True, kw_only=True)
class Toll:
    """What goes with a deletion.

    Args:
        used_by: runs elsewhere that build on what goes; they keep what they have, but cannot be done again.
    """

    datasets: int = 0
    runs: int = 0
    models: int = 0
    bytes: int = 0
    used_by: tuple[str, ...] = ()


def weigh(
    settings: Settings,
    registry: Registry,
    *,
    run: str | None = None,
    model: str | None = None,
    dataset: str | None = None,
) -> Toll:
    """The toll of deleting one run, one model or one dataset."""
    if dataset is not None:
        return _weigh_dataset(settings, registry, registry.dataset(dataset))
    if model is not None:
        doomed = registry.model(model)
        return Toll(models=1, bytes=size_of(_model_dir(settings, doomed)), used_by=_users(registry, [doomed.run_id]))
    found = registry.run(run or "")
    has_model = any(m.run_id == found.id for m in registry.models(found.dataset_id))
    size = size_of(settings.run_dir(found.id))
    return Toll(runs=1, models=int(has_model), bytes=size, used_by=_users(registry, [found.id]))


def _weigh_dataset(settings: Settings, registry: Registry, dataset: Dataset) -> Toll:
    runs = registry.runs(dataset_id=dataset.id)
    size = size_of(settings.dataset_dir(dataset.id), *(settings.run_dir(run.id) for run in runs))
    stored = forget(settings, dataset.digest, dry=True)
    return Toll(
        datasets=1,
        runs=len(runs),
        models=len(registry.models(dataset.id)),
        bytes=size + stored,
        used_by=_users(registry, [run.id for run in runs]),
    )


def _users(registry: Registry, run_ids: Sequence[str]) -> tuple[str, ...]:
    """Runs that build on these and do not go with them."""
    return tuple(run.id for run in _children(registry, run_ids))


def _children(registry: Registry, run_ids: Sequence[str]) -> list[Run]:
    """One look at all runs: a dataset may take thousands with it."""
    doomed = set(run_ids)
    return [run for run in registry.runs() if run.id not in doomed and doomed & set(parents_of(run.recipe))]


def delete_run(settings: Settings, registry: Registry, run: Run) -> Toll:
    """Delete an ended or waiting run with its model, checkpoints, curves and log."""
    _refuse_running([run])
    _refuse_awaited(registry, [run.id])
    toll = weigh(settings, registry, run=run.id)
    _remove(settings.run_dir(run.id), lambda: registry.delete_run(run.id))
    registry.log("delete run", {"run": run.id, "bytes": toll.bytes})
    return toll


def delete_model(settings: Settings, registry: Registry, model: Model) -> Toll:
    """Delete a model's files; its run, curves and evaluation stay."""
    _refuse_awaited(registry, [model.run_id])
    toll = weigh(settings, registry, model=model.id)
    _remove(_model_dir(settings, model), lambda: registry.delete_model(model.id))
    registry.log("delete model", {"model": model.id, "run": model.run_id, "bytes": toll.bytes})
    return toll


def delete_dataset(settings: Settings, registry: Registry, dataset: Dataset) -> Toll:
    """Delete a dataset with its photos, stored features, runs and models."""
    runs = registry.runs(dataset_id=dataset.id)
    _refuse_running(runs)
    _refuse_awaited(registry, [run.id for run in runs])
    toll = weigh(settings, registry, dataset=dataset.id)
    for run in runs:
        _remove(settings.run_dir(run.id), lambda run=run: registry.delete_run(run.id))
    forget(settings, dataset.digest)
    _remove(settings.dataset_dir(dataset.id), lambda: registry.delete_dataset(dataset.id))
    registry.log("delete dataset", {"dataset": dataset.id, "name": dataset.name, "bytes": toll.bytes})
    return toll


def finish(settings: Settings, registry: Registry) -> None:
    """Complete deletions that were cut off."""
    for trash in settings.datasets_dir.glob(f"{TRASH}*"):
        _ignore_missing(registry.delete_dataset, trash.name.removeprefix(TRASH))
        shutil.rmtree(trash, ignore_errors=True)
    for trash in settings.runs_dir.glob(f"{TRASH}*"):
        _ignore_missing(registry.delete_run, trash.name.removeprefix(TRASH))
        shutil.rmtree(trash, ignore_errors=True)
    for trash in settings.runs_dir.glob(f"*/{TRASH}model"):
        _ignore_missing(lambda run_id: registry.delete_model(registry.model(run_id).id), trash.parent.name)
        shutil.rmtree(trash, ignore_errors=True)


def size_of(*folders: Path) -> int:
    """Bytes that are free once all ``folders`` are gone: a file that has links elsewhere too stays on the disk."""
    files = [path.lstat() for folder in folders for path in folder.rglob("*") if path.is_file()]
    links = Counter((file.st_dev, file.st_ino) for file in files)
    sizes = {
        (file.st_dev, file.st_ino): file.st_size for file in files if links[file.st_dev, file.st_ino] >= file.st_nlink
    }
    return sum(sizes.values())


def _model_dir(settings: Settings, model: Model) -> Path:
    return settings.run_dir(model.run_id) / "model"


def _refuse_running(runs: list[Run]) -> None:
    running = [run.id for run in runs if run.status == "RUNNING"]
    if running:
        raise Conflict(f"Cancel what is running first: {', '.join(running)}.")


def _refuse_awaited(registry: Registry, run_ids: Sequence[str]) -> None:
    """A run that waits or trains needs the models it builds on."""
    awaiting = [child.id for child in _children(registry, run_ids) if not child.status.ended]
    if awaiting:
        raise Conflict(f"These runs need it and have not ended: {', '.join(awaiting)}. Cancel them first.")


def _remove(folder: Path, forget_row) -> None:
    trash = folder.with_name(f"{TRASH}{folder.name}")
    if folder.exists():
        folder.rename(trash)
    try:
        forget_row()
    except Conflict:  # it was started in this very moment
        trash.rename(folder)
        raise
    shutil.rmtree(trash, ignore_errors=True)


def _ignore_missing(action, argument: str) -> None:
    try:
        action(argument)
    except NotFound:
        return
