"""Imports of photos: one at a time, in the foreground or in a background process that does not end with the page."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core.datasets import DEMO_ARCHIVE, ImportProgress, import_photos
from core.datasets.manifest import read_manifest, read_unlabelled
from core.datasets.names import dataset_name
from core.datasets.staging import unpublish
from core.datasets.values import Dataset, Photo
from core.errors import Cancelled, GraftError, InvalidInput, NotFound
from core.files import atomic
from core.files.home import (
    ImportFolder,
    dataset_folder,
    datasets_folder,
    import_folder,
    import_folders,
    import_lock,
    registry_file,
)
from core.files.locks import acquire, is_held, try_acquire
from core.registry import Registry
from core.settings import REPOSITORY, Settings

Report = Callable[[ImportProgress], None]


@dataclass(frozen=True, kw_only=True)
class ImportJob:
    """A background import as a page shows it.

    Args:
        title: the dataset's name, or the file's.
        state: ``running``, ``done``, ``failed`` or ``cancelled``.
        progress: the last one reported, None before the first.
        dataset_id: of the imported dataset, None until it is done.
        message: what went wrong, or that the same photos had been imported before.
    """

    id: str
    title: str
    state: str
    progress: ImportProgress | None = None
    dataset_id: str | None = None
    message: str = ""
    started_at: float = 0.0


def run_import(
    source: str | Path,
    *,
    settings: Settings,
    registry: Registry,
    name: str | None = None,
    seed: int = 0,
    layout: str | None = None,
    encoding: str | None = None,
    progress: Report | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Dataset, bool]:
    """Import ``source`` (an archive, a folder, or ``"demo"``).

    Returns:
        The dataset, and whether exactly these photos with this split had been imported before; then nothing is added.
    """
    path = _path(source)
    name = dataset_name(name, path)

    def waiting() -> None:
        if cancelled and cancelled():
            raise Cancelled("The import was cancelled while it waited; nothing was added.")
        if progress:
            progress(ImportProgress(stage="Waiting for another import"))

    # An import uses all cores, so a second one waits; one of the same archive then finds the dataset of the first.
    with acquire(import_lock(settings), waiting=waiting):
        _register_stored(settings, registry)
        dataset, photos = import_photos(
            path,
            settings=settings,
            name=name,
            version=registry.next_version(name),
            dataset_id=f"d-{secrets.token_hex(4)}",
            seed=seed,
            layout=layout,
            encoding=encoding,
            previous=_previous_splits(registry, name),
            progress=progress,
            cancelled=cancelled,
        )
        return _register(settings, registry, dataset, photos)


def _register(
    settings: Settings, registry: Registry, dataset: Dataset, photos: Sequence[Photo]
) -> tuple[Dataset, bool]:
    """Add a dataset on the disk to the registry, or remove its folder when that fails or the photos are known."""
    try:
        known = registry.find_dataset(dataset.digest)
        if known is None:
            registry.add_dataset(dataset, photos, read_unlabelled(dataset_folder(settings, dataset.id).path))
            registry.log("import", {"dataset": dataset.id, "name": dataset.name, "photos": dataset.photo_count})
    finally:
        if dataset.id not in {each.id for each in registry.datasets()}:
            unpublish(settings, dataset.id)
    return known or dataset, known is not None


def recover(settings: Settings, registry: Registry) -> None:
    """Complete imports that were killed: register datasets that had reached the disk, delete their uploads."""
    lock = try_acquire(import_lock(settings))
    if lock is None:  # an import is running, and has registered them at its start
        return
    with lock:
        _register_stored(settings, registry)
    for folder in import_folders(settings):
        if not is_held(folder.alive_lock):
            request = json.loads(folder.request.read_text())
            if request["own_source"]:
                Path(request["source"]).unlink(missing_ok=True)


def _register_stored(settings: Settings, registry: Registry) -> None:
    """Add datasets that are only on disk: their import was killed, or the registry is new."""
    stored = [path for path in datasets_folder(settings).glob("[!.]*") if path.is_dir()]
    known = {dataset.id for dataset in registry.datasets()} if stored else set()
    for path in stored:
        if path.name in known:
            continue
        try:
            dataset, photos = read_manifest(path)
        except (NotFound, ValueError, KeyError, TypeError, AttributeError):  # not a dataset of Graft
            continue
        if dataset.id == path.name:
            _register(settings, registry, dataset, photos)


def _path(source: str | Path) -> Path:
    if not str(source).strip():  # Path("") is the current folder
        raise InvalidInput("Name a ZIP file or a folder with one folder of photos per class, or: demo.")
    return DEMO_ARCHIVE if str(source) == "demo" else Path(source).expanduser()


def _previous_splits(registry: Registry, name: str) -> dict[str, str]:
    """The splits of the photos of the newest version with this name, which they keep."""
    versions = [dataset for dataset in registry.datasets() if dataset.name == name]
    if not versions:
        return {}
    newest = max(versions, key=lambda dataset: dataset.version)
    return {photo.digest: photo.split for photo in registry.photos(newest.id)}


# --- in the background: one process and one folder (``ImportFolder``) per import ---


def start_import(source: str | Path, *, settings: Settings, name: str | None = None, own_source: bool = False) -> str:
    """Start a background import and return its id; with ``own_source`` the source (an upload) is deleted at its end."""
    job_id = secrets.token_hex(4)
    folder = import_folder(settings, job_id)
    folder.path.mkdir(parents=True)
    title = dataset_name(name, _path(source))
    request = {"source": str(source), "name": name, "own_source": own_source, "title": title, "at": time.time()}
    # Locked before the request exists: an import with a request and a free lock counts as killed.
    with acquire(folder.alive_lock) as alive, folder.log.open("w") as log:
        atomic.write_json(folder.request, request)
        subprocess.Popen(
            [sys.executable, "-m", "core.jobs.imports", job_id],
            cwd=REPOSITORY,
            env=os.environ | {"GRAFT_HOME": str(settings.home), "CUDA_VISIBLE_DEVICES": "-1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[alive.descriptor],
        )
    return job_id


def import_jobs(settings: Settings) -> list[ImportJob]:
    """All background imports that were not dismissed, newest first."""
    jobs = [_read_job(folder) for folder in import_folders(settings)]
    return sorted(jobs, key=lambda job: -job.started_at)


def cancel_import(settings: Settings, job_id: str) -> None:
    """Make a background import stop; nothing is added."""
    import_folder(settings, job_id).cancel.touch()


def dismiss_import(settings: Settings, job_id: str) -> None:
    """Remove an import that has ended from the list."""
    shutil.rmtree(import_folder(settings, job_id).path, ignore_errors=True)


def _read_job(folder: ImportFolder) -> ImportJob:
    request = json.loads(folder.request.read_text())
    alive = is_held(folder.alive_lock)  # read first, so that the status of a killed import is its last one
    try:
        status = json.loads(folder.status.read_text())
    except (OSError, ValueError):  # not written yet, or torn by a power cut
        status = {"state": "running"}
    if status["state"] == "running" and not alive:
        status = {
            "state": "failed",
            "message": "The import was killed before it was done; nothing was added. Start it again.",
        }
    progress = status.get("progress")
    return ImportJob(
        id=folder.job_id,
        title=request["title"],
        started_at=request["at"],
        state=status["state"],
        progress=ImportProgress(**progress) if progress else None,
        dataset_id=status.get("dataset_id"),
        message=status.get("message", ""),
    )


def _background(job_id: str, settings: Settings) -> None:
    """What the background process does."""
    folder = import_folder(settings, job_id)
    request = json.loads(folder.request.read_text())
    stop = {"now": False}
    signal.signal(signal.SIGTERM, lambda *_: stop.update(now=True))
    last = {"at": 0.0}

    def report(progress: ImportProgress) -> None:
        if time.monotonic() - last["at"] > 0.2:
            last["at"] = time.monotonic()
            with suppress(OSError):  # a full disk must not end the import because of its progress bar
                status = {"state": "running", "progress": asdict(progress)}
                atomic.write_json(folder.status, status, durable=False)

    try:
        dataset, known = run_import(
            request["source"],
            settings=settings,
            registry=Registry.open(registry_file(settings)),
            name=request["name"],
            progress=report,
            cancelled=lambda: stop["now"] or folder.cancel.exists(),
        )
        message = f"Exactly these photos are here already, as {dataset.name}." if known else ""
        outcome = {"state": "done", "dataset_id": dataset.id, "message": message}
    except Cancelled as error:
        outcome = {"state": "cancelled", "message": str(error)}
    except GraftError as error:
        outcome = {"state": "failed", "message": str(error)}
    except OSError as error:
        outcome = {"state": "failed", "message": f"The photos could not be read or stored: {error.strerror}."}
    finally:
        if request["own_source"]:
            Path(request["source"]).unlink(missing_ok=True)
    atomic.write_json(folder.status, outcome)


if __name__ == "__main__":
    from core.settings import load_settings

    if len(sys.argv) != 2:
        raise InvalidInput("usage: python -m core.jobs.imports JOB")
    _background(sys.argv[1], load_settings())
