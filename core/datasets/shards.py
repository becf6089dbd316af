"""A large dataset in the store of artifacts: its photos in shards, so that who needs some of them fetches those alone.

Shard n of a split has the photos from ``n * SHARD_PHOTOS`` on, in the order of class and digest: the order of the rows
of stored features, so that a shard of features needs one shard of photos.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from core.datasets.values import Dataset, Photo
from core.files.here import dataset_here, photos_here
from core.settings import Settings

LARGE_PHOTOS = 200_000
"""A dataset of more photos is published in shards; others are one artifact."""
SHARD_PHOTOS = 8192
"""About 800 MB of photos of 100 kB."""


def is_large(dataset: Dataset) -> bool:
    return dataset.photo_count > LARGE_PHOTOS


def in_order(photos: Iterable[Photo]) -> list[Photo]:
    """In the order of the rows of stored features."""
    return sorted(photos, key=lambda photo: (photo.class_name, photo.digest))


def shards_of(photos: Iterable[Photo]) -> dict[str, list[Photo]]:
    """All photos of a dataset by the name of their shard."""
    by_split: dict[str, list[Photo]] = {}
    for photo in photos:
        by_split.setdefault(photo.split, []).append(photo)
    found: dict[str, list[Photo]] = {}
    for split, some in sorted(by_split.items()):
        for number, photo in enumerate(in_order(some)):
            found.setdefault(_name(split, number), []).append(photo)
    return found


def folder_with(wanted: Sequence[Photo], *, of: Iterable[Photo], dataset: Dataset, settings: Settings) -> Path:
    """The folder of stored photos, with these on this machine; of a large dataset perhaps not with all others.

    Args:
        of: all photos of their split.
    """
    if not settings.artifacts or not is_large(dataset):
        return dataset_here(settings, dataset.id).photos
    digests = {photo.digest for photo in wanted}
    rows = [(row, photo) for row, photo in enumerate(in_order(of)) if photo.digest in digests]
    return photos_here(settings, dataset.id, sorted({_name(photo.split, row) for row, photo in rows}))


def _name(split: str, row: int) -> str:
    """The number of photos is in the name: with another one there is no such shard, and the dataset is fetched."""
    return f"{split}-{SHARD_PHOTOS}-{row // SHARD_PHOTOS:05}"
