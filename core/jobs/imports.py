"""Imports of photos, one at a time: reading, storing and registering them, and what a killed import left."""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from core.artifacts.parts import publish_dataset, quietly
from core.datasets import DEMO_ARCHIVE, ImportProgress, import_photos
from core.datasets.archives.unpacking import unpacked
from core.datasets.decoding.identity import with_pixels
from core.datasets.layout import LayoutChoice
from core.datasets.layouts.readings import read_upload
from core.datasets.manifest import read_manifest, read_unlabelled
from core.datasets.names import dataset_name, quoted
from core.datasets.staging import unpublish
from core.datasets.values import Dataset, Photo
from core.errors import Cancelled, InvalidInput, NotFound
from core.files.here import dataset_here
from core.files.home import dataset_folder, datasets_folder, import_lock
from core.files.locks import acquire, try_acquire
from core.registry import Registry
from core.settings import Settings

Report = Callable[[ImportProgress], None]


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
) -> tuple[Dataset, Dataset | None]:
    """Import ``source`` (an archive, a folder, or ``"demo"``).

    Returns:
        The dataset and None. Where exactly these photos with this split had been imported before, nothing is added: the
        dataset that is there already, and this upload as it was read, with its own notes and skipped files. A dataset
        that came with a model, without photos, gets them.
    """
    path = source_path(source)
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
            previous=_previous_splits(settings, registry, name),
            progress=progress,
            cancelled=cancelled,
        )
        return register(settings, registry, dataset, photos)


def register(
    settings: Settings, registry: Registry, dataset: Dataset, photos: Sequence[Photo]
) -> tuple[Dataset, Dataset | None]:
    """Add a dataset on the disk to the registry, or remove its folder when that fails or the photos are known.

    A known dataset without photos gets these."""
    try:
        known = registry.find_dataset(dataset.digest)
        if known is None:
            registry.add_dataset(dataset, photos, read_unlabelled(dataset_folder(settings, dataset.id).path))
            registry.log("import", {"dataset": dataset.id, "name": dataset.name, "photos": dataset.photo_count})
            quietly(lambda: publish_dataset(settings, registry, dataset.id))
        elif known.id != dataset.id and dataset_folder(settings, known.id).lacks_photos:
            # It came with a model. One rename, which an empty folder does not hinder.
            dataset_folder(settings, dataset.id).photos.replace(dataset_folder(settings, known.id).photos)
            quietly(lambda: publish_dataset(settings, registry, known.id))
            return known, None
    finally:
        if dataset.id not in {each.id for each in registry.datasets()}:
            unpublish(settings, dataset.id)
    return (dataset, None) if known is None else (known, dataset)


def preview_import(source: str | Path, *, settings: Settings, encoding: str | None = None) -> LayoutChoice:
    """How ``source`` would be read; nothing is decoded or stored.

    Raises:
        InvalidInput: there is no way to read it. Refused: the archive breaks the policy.
    """
    with unpacked(source_path(source), settings) as plain:
        return read_upload(plain, encoding=encoding)


def known_message(dataset: Dataset, name: str | None) -> str:
    """What is said where an import brought exactly the photos of ``dataset`` under the name ``name``."""
    unused = f", and the name {quoted(name)} was not used" if name and name != dataset.name else ""
    return (
        f"Exactly these photos are here already, as {quoted(dataset.name)} (version {dataset.version}). "
        f"Nothing was added{unused}."
    )


def recover(settings: Settings, registry: Registry) -> None:
    """Register datasets of killed imports that had reached the disk."""
    lock = try_acquire(import_lock(settings))
    if lock is None:  # an import is running, and has registered them at its start
        return
    with lock:
        _register_stored(settings, registry)


def _register_stored(settings: Settings, registry: Registry) -> None:
    """Add datasets that are only on disk: their import was killed, or the registry is new."""
    stored = [path for path in datasets_folder(settings).glob("[!.]*") if path.is_dir()]
    known = {dataset.id for dataset in registry.datasets()} if stored else set()
    unknown = any(path.name not in known for path in stored)
    known |= registry.deleted() if unknown else set()  # on another machine, and this is a copy
    for path in stored:
        if path.name in known:
            continue
        try:
            dataset, photos = read_manifest(path)
        except (NotFound, ValueError, KeyError, TypeError, AttributeError):  # not a dataset of Graft
            continue
        if dataset.id == path.name:
            register(settings, registry, dataset, photos)


def source_path(source: str | Path) -> Path:
    """The archive or folder that ``source`` names; ``"demo"`` is the archive of demo photos."""
    if not str(source).strip():  # Path("") is the current folder
        raise InvalidInput("Name a ZIP or TAR file or a folder with one folder of photos per class, or: demo.")
    return DEMO_ARCHIVE if str(source) == "demo" else Path(source).expanduser()


def bytes_of_source(source: str | Path) -> int:
    """Of an archive on the server; how much of a folder are photos is only known when it was read."""
    path = source_path(source)
    return path.stat().st_size if path.is_file() else 1


def _previous_splits(settings: Settings, registry: Registry, name: str) -> dict[str, str]:
    """The splits of the photos of the newest version with this name, which they keep: by file and by pixels."""
    versions = [dataset for dataset in registry.datasets() if dataset.name == name]
    if not versions:
        return {}
    newest = max(versions, key=lambda dataset: dataset.version)
    photos = with_pixels(registry.photos(newest.id), dataset_here(settings, newest.id).photo)
    by_pixels = {photo.pixels: photo.split for photo in photos if photo.pixels}
    return by_pixels | {photo.digest: photo.split for photo in photos}
