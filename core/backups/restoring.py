"""Filling an empty home from a snapshot.

All of it is written into ``.restore`` in the home and compared with its SHA-256; then the folders get their names, and
the registry is last. Killed in the middle, there is no registry, and the next restore begins again.
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.artifacts.fetching import split
from core.backups.snapshots import BackupPart, Snapshot
from core.backups.store import PRIVATE_FOLDER, BackupFolder, DamagedBackup
from core.errors import Conflict, NoSpace, Unavailable
from core.files import atomic
from core.files.home import (
    added_folders,
    dataset_folder,
    registry_file,
    restore_draft,
    run_folder,
    supervisor_lock,
)
from core.files.locks import try_acquire
from core.registry import Registry
from core.registry.copying import copy_registry
from core.registry.database import Database
from core.registry.migrating import check_revision, what_home_has
from core.registry.registry import database_of
from core.registry.schema import HEAD
from core.registry.sqlite_file import SqliteFile
from core.settings import Settings
from core.text.units import size as size_words

_SPARE_BYTES = 200 * 10**6
"""Disk space that stays free."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A home that was filled.

    Args:
        datasets, runs, models: how many its registry has. interrupted: runs that waited or were running.
    """

    snapshot: Snapshot
    datasets: int
    runs: int
    models: int
    interrupted: tuple[str, ...]


def restore(settings: Settings, path: Path, snapshot_id: str = "") -> Restored:
    """Fills the empty home (and registry) of the settings from a snapshot, by default the newest.

    Raises:
        Conflict: the home or the registry is not empty, or somebody uses it now. DamagedBackup: a blob is missing or
            was altered. Unavailable: the snapshot is of a newer Graft. NoSpace: the disk is too full. NotFound: there
            is no such snapshot. Nothing was restored.
    """
    folder = BackupFolder.open(path)
    snapshot = folder.snapshot(snapshot_id)
    check_revision(f"of snapshot {snapshot.id}", snapshot.schema, HEAD)
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = try_acquire(supervisor_lock(settings), patience=0.2)
    if lock is None:
        raise Conflict(f"A supervisor has the home {settings.home}. Stop it first: python -m core stop")
    with lock, folder.being_read():
        database = database_of(settings)
        _require_empty(settings, database)
        with _room(settings, snapshot):
            return _Restorer(settings, folder, snapshot, database).restore()


def _require_empty(settings: Settings, database: Database) -> None:
    there = what_home_has(settings.home)
    if not there and added_folders(settings):
        there = "added backbones"
    if database.has_registry():
        there = f"a registry ({database.address})"
    elif restore_draft(settings).exists():  # what is there is of an earlier call that was killed
        there = ""
    if there:
        raise Conflict(
            f"The home {settings.home} is not empty: it has {there}. Nothing was changed. Restore into a new folder "
            "(GRAFT_HOME=FOLDER python -m core restore ...), or move this one away first."
        )


@contextmanager
def _room(settings: Settings, snapshot: Snapshot) -> Iterator[None]:
    needed = snapshot.size_bytes + 2 * snapshot.registry_bytes
    free = shutil.disk_usage(settings.home).free
    sentence = f"The home {settings.home} needs {size_words(needed)} and has {size_words(free)} left. Free some space."
    if free < needed + _SPARE_BYTES:
        raise NoSpace(sentence)
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(sentence) from error
        raise


class _Restorer:
    def __init__(self, settings: Settings, folder: BackupFolder, snapshot: Snapshot, database: Database) -> None:
        self._settings, self._folder, self._snapshot, self._database = settings, folder, snapshot, database
        self._draft = Settings(home=restore_draft(settings))

    def restore(self) -> Restored:
        shutil.rmtree(self._draft.home, ignore_errors=True)
        self._draft.home.mkdir(mode=PRIVATE_FOLDER)
        with ExitStack() as failed:
            failed.callback(shutil.rmtree, self._draft.home, ignore_errors=True)
            self._write_folders()
            registry = self._registry()
            interrupted = registry.settle_restored(self._snapshot.id)
            restored = self._counted(registry, interrupted)
            self._make_empty_folders(registry)
            atomic.sync_file_system(self._draft.home)
            failed.pop_all()
        self._name_folders()
        self._write_registry(registry)
        registry.close()
        shutil.rmtree(self._draft.home)
        return restored

    def _write_folders(self) -> None:
        for saved in self._snapshot.folders:
            of = f"{saved.folder} of snapshot {self._snapshot.id}"
            folder = self._draft.home / _checked_place(saved.folder)
            folder.mkdir(parents=True, exist_ok=True)
            for blob in self._folder.listing(saved, of).blobs:
                split(self._folder.blobs.checked(blob.digest, of), blob, folder)

    def _registry(self) -> Registry:
        """The registry of the snapshot, in the current schema."""
        file = registry_file(self._draft)
        with file.open("wb") as target:
            target.writelines(
                self._folder.blobs.checked(self._snapshot.registry, f"the registry of snapshot {self._snapshot.id}")
            )
        registry = Registry.open(file, anew=True)
        damage = registry.integrity_check()
        if damage != "ok":
            raise Unavailable(f"The registry of snapshot {self._snapshot.id} is not in order: {damage[:300]}.")
        return registry

    def _counted(self, registry: Registry, interrupted: list[str]) -> Restored:
        return Restored(
            snapshot=self._snapshot,
            datasets=len(registry.datasets()),
            runs=len(registry.runs()),
            models=len(registry.models()),
            interrupted=tuple(interrupted),
        )

    def _make_empty_folders(self, registry: Registry) -> None:
        """Of runs that left no files, and of datasets that came with a model, without photos."""
        if BackupPart.MODELS in self._snapshot.parts:
            for run in registry.runs():
                if run.attempt:
                    run_folder(self._draft, run.id).path.mkdir(parents=True, exist_ok=True)
        for dataset in registry.datasets():
            folder = dataset_folder(self._draft, dataset.id)
            if folder.path.is_dir():
                folder.photos.mkdir(exist_ok=True)

    def _name_folders(self) -> None:
        for kind in (one for one in self._draft.home.iterdir() if one.is_dir()):
            for folder in kind.iterdir():
                target = self._settings.home / kind.name / folder.name
                target.parent.mkdir(exist_ok=True)
                shutil.rmtree(target, ignore_errors=True)
                folder.rename(target)
            atomic.sync(self._settings.home / kind.name)
        atomic.sync(self._settings.home)

    def _write_registry(self, registry: Registry) -> None:
        if isinstance(self._database, SqliteFile) and isinstance(registry.database, SqliteFile):
            registry.database.copy_to(self._database.path)
        else:
            copy_registry(registry, self._database)


def _checked_place(place: str) -> PurePosixPath:
    """
    Raises:
        DamagedBackup: it is outside of the home.
    """
    path = PurePosixPath(place)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise DamagedBackup(f"A snapshot may only have files of the home. Received: {place[:200]!r}")
    return path
