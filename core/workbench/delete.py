"""Deletion of datasets, runs, weights or added backbones, of everything that belongs to them, and of their files.

All folders are renamed first. Then one transaction deletes the rows and logs the deletion by its name. Then the renamed
folders, whose names contain that name, are removed. A failure before the transaction undoes everything. After a kill
``finish`` completes deletions that were logged and undoes the others, so a deletion happens as a whole or not at all.
"""

import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.artifacts.garbage import forget as forget_published
from core.artifacts.upkeep import remove_copies
from core.datasets.pool import pool_of
from core.datasets.values import Dataset
from core.errors import Conflict, NotFound, Unavailable
from core.features.engines import engine_files
from core.features.sharing import forget_shared
from core.features.store import forget
from core.files.here import backbone_name, checkpoints_name, dataset_name, export_name, model_name
from core.files.home import (
    added_folder,
    added_record,
    backbones_folder,
    dataset_folder,
    datasets_folder,
    deletion_lock,
    run_folder,
    runs_folder,
)
from core.files.locks import acquire, try_acquire
from core.files.sizes import size_of
from core.jobs.stored_size import measure_runs
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings
from core.text.units import count, listed, size

_TRASH = re.compile(r"\.deleted-(?P<deletion>[0-9a-f]{16})-(?P<name>.+)")

Entry = dict[str, Any]
"""The log entry of a deletion; its ``deletion`` is the name in the names of the renamed folders."""


@dataclass(frozen=True, kw_only=True)
class DeletionImpact:
    """What a deletion removes and affects.

    Args:
        backbones: that a person added. models: of the registry; checkpoints only count in ``bytes``.
        used_by: other runs that build on what is deleted; they keep their results, but cannot be repeated.
        aliases: that have no run, or no model, afterwards: "champion of flowers version 1".
    """

    backbones: int = 0
    datasets: int = 0
    runs: int = 0
    models: int = 0
    bytes: int = 0
    used_by: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


# --- impact ---


def impact_label(impact: DeletionImpact) -> str:
    """What a deletion removes: ``1 dataset, 3 runs, 2 models: 148 MB``; of runs without a model, checkpoints."""
    nouns = [
        (impact.backbones, "backbone"),
        (impact.datasets, "dataset"),
        (impact.runs, "run"),
        (impact.models, "model"),
    ]
    said = [count(number, noun) for number, noun in nouns if number] or ["checkpoints"]
    return f"{listed(said)}, {size(impact.bytes)} on disk"


def used_by_label(impact: DeletionImpact) -> str:
    """A further sentence where other runs build on what is deleted."""
    if not impact.used_by:
        return ""
    users = f"{count(len(impact.used_by), 'run')} built on it {'stays' if len(impact.used_by) == 1 else 'stay'}"
    return f" {users}, but cannot be done again: {listed(impact.used_by, 4)}."


def preview_runs(
    settings: Settings, registry: Registry, run_ids: Sequence[str], *, weights_only: bool = False
) -> DeletionImpact:
    """The impact of deleting several runs, or only their models and checkpoints; ids are exact."""
    folders = [folder for run_id in run_ids for folder in _folders(settings, run_id, weights_only)]
    return DeletionImpact(
        runs=0 if weights_only else len(run_ids),
        models=len(registry.having_model(list(run_ids))),
        bytes=size_of(*folders),
        used_by=tuple(run.id for run in _users(registry, run_ids)),
        aliases=_aliases(registry, run_ids),
    )


def preview_dataset(settings: Settings, registry: Registry, dataset: Dataset) -> DeletionImpact:
    """The impact of deleting a dataset with all its runs."""
    runs = registry.runs(dataset_id=dataset.id)
    size = size_of(dataset_folder(settings, dataset.id).path, *(run_folder(settings, run.id).path for run in runs))
    stored = sum(forget(settings, dataset=digest, dry=True) for digest in _digests(settings, dataset))
    return DeletionImpact(
        datasets=1,
        runs=len(runs),
        models=len(registry.models(dataset.id)),
        bytes=size + stored,
        used_by=tuple(run.id for run in _users(registry, [run.id for run in runs])),
    )


def preview_backbone(settings: Settings, registry: Registry, name: str) -> DeletionImpact:
    """The impact of removing an added backbone with its exported parts and stored features.

    Raises:
        NotFound: nobody added a backbone of this name.
    """
    backbone = registry.added_backbone(name).backbone
    exported = sum(path.stat().st_size for path in engine_files(backbone, settings))
    return DeletionImpact(
        backbones=1,
        bytes=size_of(added_folder(settings, name)) + exported + forget(settings, weights=backbone.identity, dry=True),
        used_by=tuple(run.id for run in registry.runs_using(name)),
    )


def _folders(settings: Settings, run_id: str, weights_only: bool) -> list[Path]:
    folder = run_folder(settings, run_id)
    return list(folder.weights) if weights_only else [folder.path]


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


def delete_runs(settings: Settings, registry: Registry, run_ids: Sequence[str]) -> DeletionImpact:
    """Delete ended or waiting runs with their models, checkpoints, curves and logs: all of them or none.

    Raises:
        NotFound: one of them does not exist. Conflict: one is running, or another one that has not ended builds on it.
        Unavailable: the files of one may not be moved.
    """
    with _alone(settings, registry):
        _refuse_running([registry.run(run_id) for run_id in run_ids])
        _refuse_awaited(registry, run_ids)
        impact = preview_runs(settings, registry, run_ids)
        folders = [run_folder(settings, run_id).path for run_id in run_ids]
        _remove(folders, _entry(impact, runs=list(run_ids)), lambda entry: registry.delete_runs(run_ids, entry))
        _forget_artifacts(settings, registry, [f"runs/{run_id}/" for run_id in run_ids])
    return impact


def delete_weights(settings: Settings, registry: Registry, run_ids: Sequence[str]) -> DeletionImpact:
    """Delete models and checkpoints of ended runs, all or none; the runs, their curves and evaluations stay.

    Raises:
        NotFound: one of them does not exist. Conflict: one has not ended, or another one that has not builds on it.
        Unavailable: the files of one may not be moved.
    """
    with _alone(settings, registry):
        runs = [registry.run(run_id) for run_id in run_ids]
        _refuse_running(runs)
        waiting = [run.id for run in runs if not run.status.ended]
        if waiting:
            raise Conflict(f"What waits may need its checkpoints: {listed(waiting)}. Cancel it first.")
        _refuse_awaited(registry, run_ids)
        impact = preview_runs(settings, registry, run_ids, weights_only=True)
        folders = [folder for run_id in run_ids for folder in _folders(settings, run_id, weights_only=True)]
        _remove(folders, _entry(impact, runs=list(run_ids)), lambda entry: registry.delete_models_of(run_ids, entry))
        measure_runs(settings, registry, run_ids)
        parts = [model_name, checkpoints_name, lambda run_id: export_name(run_id, "")]
        _forget_artifacts(settings, registry, [part(run_id) for run_id in run_ids for part in parts])
    return impact


def delete_dataset(settings: Settings, registry: Registry, dataset: Dataset) -> DeletionImpact:
    """Delete a dataset with its photos, stored features, runs and models."""

    def forget_rows(entry: Entry) -> None:
        for digest in digests:  # first: later their dataset would be unknown, and they can be computed again
            forget(settings, dataset=digest)
        registry.delete_dataset(dataset.id, entry)

    with _alone(settings, registry):
        runs = registry.runs(dataset_id=dataset.id)
        _refuse_running(runs)
        _refuse_awaited(registry, [run.id for run in runs])
        digests = _digests(settings, dataset)
        impact = preview_dataset(settings, registry, dataset)
        folders = [*(run_folder(settings, run.id).path for run in runs), dataset_folder(settings, dataset.id).path]
        entry = _entry(impact, dataset=dataset.id, name=dataset.name, runs=[run.id for run in runs])
        _remove(folders, entry, forget_rows)
        starts = [dataset_name(dataset.id), f"{dataset_name(dataset.id)}/", *(f"runs/{run.id}/" for run in runs)]
        for digest in digests:
            _forget_artifacts(settings, registry, starts, dataset=digest)
    return impact


def _digests(settings: Settings, dataset: Dataset) -> list[str]:
    """Under which features of its photos are stored: its own, and those of the parts of its pool."""
    with suppress(NotFound):  # its folder is on another machine
        return [dataset.digest, *(part.digest for part in pool_of(dataset_folder(settings, dataset.id)))]
    return [dataset.digest]


def delete_backbone(settings: Settings, registry: Registry, name: str) -> DeletionImpact:
    """Remove an added backbone with its exported parts and stored features; runs made with it and their models stay.

    Raises:
        NotFound: nobody added a backbone of this name. Conflict: a run that has not ended uses it.
    """
    with _alone(settings, registry):
        impact = preview_backbone(settings, registry, name)
        backbone = registry.added_backbone(name).backbone
        active = [run.id for run in registry.runs_using(name) if not run.status.ended]
        if active:
            raise Conflict(f"These runs use {backbone.title} and have not ended: {listed(active)}. Cancel them first.")
        entry = _entry(impact)
        _remove([added_folder(settings, name)], entry, lambda entry: registry.remove_backbone(name, entry))
        added_record(settings, name).unlink(missing_ok=True)
        for path in engine_files(backbone, settings):
            path.unlink(missing_ok=True)
        forget(settings, weights=backbone.identity)
        _forget_artifacts(settings, registry, [backbone_name(name)], weights=backbone.identity)
    return impact


def _forget_artifacts(settings: Settings, registry: Registry, starts: Sequence[str], **features: str) -> None:
    """Deletes published artifacts by their names, or all whose names begin with one that ends in "/".

    What a kill or a store that is away prevents, ``core.artifacts.upkeep`` does later.
    """
    if not settings.artifacts:
        return
    names = [name for name in starts if not name.endswith("/")]
    names += [one.name for start in starts if start.endswith("/") for one in registry.artifacts(start)]
    with suppress(Unavailable):
        forget_published(settings, registry, names)
    with suppress(Unavailable):
        if features:
            forget_shared(settings, registry, **features)
    remove_copies(settings, registry)


def _refuse_running(runs: Sequence[Run]) -> None:
    running = [run.id for run in runs if run.status is Status.RUNNING]
    if running:
        raise Conflict(f"Cancel what is running first: {listed(running)}.")


def _refuse_awaited(registry: Registry, run_ids: Sequence[str]) -> None:
    """Raises Conflict where a waiting or running run needs a model or the checkpoint it continues from."""
    doomed, unfinished = set(run_ids), (Status.SCHEDULED, Status.RUNNING)
    going_on = [run for status in unfinished for run in registry.runs(status=status) if run.extends in doomed]
    users = [run for run in (*_users(registry, run_ids), *going_on) if run.id not in doomed]
    awaiting = list(dict.fromkeys(child.id for child in users if not child.status.ended))
    if awaiting:
        raise Conflict(f"These runs need it and have not ended: {listed(awaiting)}. Cancel them first.")


def _entry(impact: DeletionImpact, **what: Any) -> Entry:
    return what | {"models": impact.models, "bytes": impact.bytes, "deletion": secrets.token_hex(8)}


def _remove(folders: Sequence[Path], entry: Entry, forget_rows: Callable[[Entry], None]) -> None:
    """Delete folders and rows, all or none; a failure before the rows are deleted restores every folder.

    Args:
        forget_rows: deletes the rows and logs ``entry`` in one transaction.
    """
    with ExitStack() as undo:
        trashes = [_bury(folder, entry["deletion"], undo) for folder in folders if folder.exists()]
        forget_rows(entry)
        undo.pop_all()
        for trash in trashes:
            shutil.rmtree(trash, ignore_errors=True)


def _bury(folder: Path, deletion: str, undo: ExitStack) -> Path:
    trash = folder.with_name(f".deleted-{deletion}-{folder.name}")
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
    """Complete interrupted deletions, or undo them; those that another process is doing are left alone."""
    if _trashes(settings) and (lock := try_acquire(deletion_lock(settings))) is not None:
        with lock:
            _settle(settings, registry)


def _trashes(settings: Settings) -> list[tuple[Path, str, Path]]:
    """Renamed folders, the deletion they belong to, and where they were."""
    paths = [*datasets_folder(settings).glob(".deleted-*"), *runs_folder(settings).glob(".deleted-*")]
    paths += runs_folder(settings).glob("*/.deleted-*")
    paths += backbones_folder(settings).glob(".deleted-*")
    found = [(path, _TRASH.fullmatch(path.name)) for path in paths]
    return [(path, match["deletion"], path.with_name(match["name"])) for path, match in found if match]


def is_being_deleted(settings: Settings, run_id: str) -> bool:
    """Whether the folder of a run, or of its model, was renamed by a deletion whose rows may still be there."""
    folder = run_folder(settings, run_id)
    trashes = [*folder.path.parent.glob(f".deleted-*-{run_id}"), *folder.path.glob(f".deleted-*-{folder.model.name}")]
    return any(_TRASH.fullmatch(trash.name) for trash in trashes)


def _settle(settings: Settings, registry: Registry) -> None:
    for trash, deletion, folder in _trashes(settings):
        if registry.was_done(deletion) or folder.exists():  # it exists when a stopped run was resumed since
            shutil.rmtree(trash, ignore_errors=True)
        else:
            with suppress(OSError):  # the next start tries again
                trash.rename(folder)


@contextmanager
def _alone(settings: Settings, registry: Registry) -> Iterator[None]:
    """One process deletes at a time; deletions that a kill interrupted are completed or undone first."""
    with acquire(deletion_lock(settings)):
        _settle(settings, registry)
        yield
