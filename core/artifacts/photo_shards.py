"""Publishing and fetching the dataset of many photos (``core.datasets.shards``).

It is several artifacts: ``datasets/<id>/photos/<shard>``, ``datasets/<id>/records`` for files such as the lineage,
``datasets/<id>/pool`` for photos without a class, and last ``datasets/<id>`` with the manifest alone. A copy grows
shard by shard in its place, and is whole when it has the manifest. So each listing names at most one shard's files, a
publication or a fetch that is interrupted goes on, and a machine may have some shards alone.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from core.artifacts.fetching import fetch, room
from core.artifacts.listing import files_of
from core.artifacts.marks import marked
from core.artifacts.publishing import publish
from core.datasets.shards import shards_of
from core.datasets.values import Photo
from core.errors import NotFound
from core.files.folders import MANIFEST, DatasetFolder, artifact_mark
from core.files.here import dataset_name, photos_name, pool_name, records_name
from core.registry import Registry
from core.settings import Settings


def publish_shards(settings: Settings, registry: Registry, dataset_id: str, folder: DatasetFolder, token: int) -> None:
    """Publishes a whole dataset of this machine; shards that it has published are left alone.

    Raises:
        NotFound: a photo is missing. StoreAway, Unavailable, NoSpace: see ``Blobs``.
    """
    for name, files in files_by_artifact(registry, dataset_id, folder).items():
        if files and not _is_published(registry, name, folder):
            _publish(settings, registry, name, folder.path, token, files)


def _is_published(registry: Registry, name: str, folder: DatasetFolder) -> bool:
    known = registry.artifact(name)
    return known is not None and marked(artifact_mark(folder.path, name)) == known


def _publish(settings: Settings, registry: Registry, name: str, folder: Path, token: int, names: list[str]) -> None:
    if missing := [path for path in names if not (folder / path).is_file()]:
        raise NotFound(f"{len(missing)} of {len(names)} files of {name} are missing in {folder}: {missing[0]}.")
    publish(settings, registry, name, folder, token, names=names)


def _paths(folder: DatasetFolder, photos: Iterable[Photo]) -> Iterable[str]:
    return (folder.photo(photo.digest).relative_to(folder.path).as_posix() for photo in photos)


def fetch_dataset(
    settings: Settings, registry: Registry, dataset_id: str, folder: Path, check: Callable[[], None] | None = None
) -> bool:
    """As ``fetch``, of a dataset: what is missing of one that is published in shards, the manifest last."""
    name = dataset_name(dataset_id)
    shards = registry.artifacts(f"{name}/")
    if not shards or registry.artifact(name) is None:
        return not shards and fetch(settings, registry, name, folder, check=check)
    missing = [one for one in shards if marked(artifact_mark(folder, one.name)) != one]
    with room(folder, name, sum(one.size_bytes for one in missing)):
        for one in missing:
            fetch(settings, registry, one.name, folder, into=True, check=check)
        return fetch(settings, registry, name, folder, into=True, check=check)


def by_dataset(names: Iterable[str]) -> dict[str, list[str]]:
    """The names of what is published of large datasets beside their manifests, by the name of the dataset."""
    found: dict[str, list[str]] = {}
    for name in names:
        kind, _, rest = name.partition("/")
        if kind == "datasets" and "/" in rest:
            found.setdefault(dataset_name(rest.partition("/")[0]), []).append(name)
    return found


def files_by_artifact(registry: Registry, dataset_id: str, folder: DatasetFolder) -> dict[str, list[str]]:
    """The files of each artifact of a dataset that is published in shards."""
    shards = shards_of(registry.photos(dataset_id)).items()
    found = {photos_name(dataset_id, shard): list(_paths(folder, some)) for shard, some in shards}
    photos = f"{folder.photos.name}/"
    others = [name for name in files_of(folder.path) if name != MANIFEST and not name.startswith(photos)]
    found[pool_name(dataset_id)] = [name for name in others if "/" in name]
    found[records_name(dataset_id)] = [name for name in others if "/" not in name]
    return found | {dataset_name(dataset_id): [MANIFEST]}
