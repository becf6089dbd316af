"""Putting again what the store lost or damaged, from the files of a machine that still has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from core.artifacts.blobs import Blobs, open_blobs
from core.artifacts.listing import Listing, content_of, listing_of
from core.artifacts.parts import names_in
from core.artifacts.photo_shards import by_dataset, files_by_artifact
from core.errors import NotFound
from core.files.folders import DatasetFolder
from core.registry import Registry
from core.registry.artifacts import Artifact
from core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Repair:
    """How many blobs were compared with their checksums, and how many were put again."""

    checked: int
    repaired: int


def repair(settings: Settings, registry: Registry) -> Repair:
    """Reads every blob of the artifacts that this machine has too, and puts again those that are missing or altered.

    Raises:
        StoreAway, Unavailable, NoSpace: see ``Blobs``.
    """
    blobs, done = open_blobs(settings.artifacts), dict[str, bool]()
    for folder, listing in _here(settings, registry):
        content = listing.encoded()
        digest = sha256(content).hexdigest()
        if digest not in done:
            done[digest] = _mended(blobs, digest, content)
        for blob in listing.blobs:
            if blob.digest not in done:
                done[blob.digest] = _mended(blobs, blob.digest, content_of(folder, blob))
    return Repair(checked=len(done), repaired=sum(done.values()))


def _here(settings: Settings, registry: Registry) -> Iterator[tuple[Path, Listing]]:
    """Folders of this machine that are what was published."""
    artifacts = registry.artifacts()
    shards = by_dataset(one.name for one in artifacts)
    for artifact in artifacts:
        for root in dict.fromkeys((settings.home, settings.cache or settings.home)):
            folder, names = names_in(root, artifact.name)
            kind, id_, *_ = artifact.name.split("/")
            if f"{kind}/{id_}" in shards:
                names = _files(registry, id_, folder).get(artifact.name, [])
            try:
                listing = listing_of(folder, names)
            except (NotFound, OSError):
                continue
            if _is(artifact, listing):
                yield folder, listing
                break


@lru_cache(maxsize=1)
def _files(registry: Registry, dataset_id: str, folder: Path) -> dict[str, list[str]]:
    return files_by_artifact(registry, dataset_id, DatasetFolder(folder))


def _is(artifact: Artifact, listing: Listing) -> bool:
    return sha256(listing.encoded()).hexdigest() == artifact.digest


def _mended(blobs: Blobs, digest: str, content: Path | bytes) -> bool:
    found = sha256()
    try:
        for chunk in blobs.read(digest):
            found.update(chunk)
    except FileNotFoundError:
        pass
    if found.hexdigest() == digest:
        return False
    blobs.put(digest, content)
    return True
