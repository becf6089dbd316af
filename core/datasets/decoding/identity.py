"""Which photos are one: their pixels are equal, whatever file they came in.

The digest of a photo is that of the file the user gave. A comment, other metadata, or saving again without loss makes
another file of the same picture. Its stored JPEG is the same to the byte, so the SHA-256 of that is the identity of the
pixels (``Photo.pixels``).

Large photos are an exception: a JPEG above twice ``STORED_SIDE`` is decoded at a fraction of its size, a PNG of the
same pixels is not, and their stored JPEGs differ a little. Photos of the same size that were made smaller in different
ways and look alike (``look_alikes``) are therefore decoded once more, whole, and compared by all their pixels.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from core.datasets.decoding.sandbox import Decoded
from core.datasets.values import Photo

_SIDE = 8
_TOLERANCE = 6
"""Largest difference of brightness (of 255) in any of 8 x 8 fields of two photos that may be equal. One photo that was
made smaller in different ways differs by 1 or 2."""


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """A photo and its stored JPEG."""

    photo: Photo
    path: Path


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Photos of one dataset with equal pixels, two at least, in the order train, validation, test."""

    photos: tuple[Photo, ...]

    @property
    def is_leak(self) -> bool:
        """Whether they are in several splits, so that a photo is tested on which was trained on."""
        return len({photo.split for photo in self.photos}) > 1

    @property
    def is_conflict(self) -> bool:
        """Whether they are in several classes."""
        return len({photo.class_name for photo in self.photos}) > 1


def copies_in(photos: Sequence[Photo], path_of: Callable[[str], Path]) -> tuple[Copies, ...]:
    """The photos of a dataset that are one.

    Datasets imported by 0.5.0 or later have none; in earlier ones only copies of files were recognised.

    Args:
        path_of: of a photo's digest, its stored JPEG.
    """
    stored = [StoredPicture(photo=photo, path=path_of(photo.digest)) for photo in photos]
    return tuple(Copies(photos=tuple(one.photo for one in group)) for group in equal_pictures(stored))


def equal_pictures(stored: Iterable[StoredPicture]) -> list[list[StoredPicture]]:
    """Groups of two or more with equal pixels. Of photos that were imported before pixels were recorded, only those
    whose stored JPEGs have the same size are read."""
    by_size: dict[int, list[StoredPicture]] = {}
    for one in stored:
        by_size.setdefault(one.photo.stored_bytes, []).append(one)
    groups: dict[str, list[StoredPicture]] = {}
    for same_size in by_size.values():
        if len(same_size) > 1:
            for one in same_size:
                groups.setdefault(one.photo.pixels or _pixels(one.path), []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def shared_pictures(first: Sequence[StoredPicture], second: Sequence[StoredPicture]) -> int:
    """How many photos of ``first`` are in ``second``, as the same file or with equal pixels."""
    files = {one.photo.digest for one in second}
    shared = {one.path for one in first if one.photo.digest in files}
    paths = {one.path for one in first}
    for group in equal_pictures([*first, *second]):
        here = {one.path for one in group} & paths
        if len(here) < len(group):
            shared |= here
    return len(shared)


def with_pixels(photos: Iterable[Photo], path_of: Callable[[str], Path]) -> list[Photo]:
    """The photos with ``pixels``, computed from the stored JPEGs where they were not recorded."""
    return [photo if photo.pixels else replace(photo, pixels=_pixels(path_of(photo.digest))) for photo in photos]


def _pixels(path: Path) -> str:
    """The identity of a stored photo's pixels; its own for a file that is gone."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return f"missing: {path}"


def look_alikes(decoded: Sequence[Decoded], folder: Path) -> list[Decoded]:
    """Photos whose pixels may be equal although their stored JPEGs differ; most imports have none.

    Args:
        folder: of the stored JPEGs.
    """
    by_size: dict[tuple[int, int], dict[str, Decoded]] = {}
    for one in decoded:
        if one.route:
            by_size.setdefault((one.width, one.height), {})[one.digest] = one
    found: list[Decoded] = []
    for same_size in by_size.values():
        if len({one.route for one in same_size.values()}) > 1:
            found += _alike(list(same_size.values()), folder)
    return found


def _alike(decoded: Sequence[Decoded], folder: Path) -> list[Decoded]:
    """Those that look like another one of a different route and with another stored JPEG."""
    import numpy as np

    looks = np.stack([np.frombuffer(_look(folder / f"{one.digest}.jpg"), np.uint8) for one in decoded]).astype(np.int16)
    names = {name: number for number, name in enumerate(dict.fromkeys(one.route for one in decoded))}
    routes = np.array([names[one.route] for one in decoded])
    stored = [one.pixels for one in decoded]
    found = set()
    for index in np.flatnonzero(routes != np.bincount(routes).argmax()):  # all but the most frequent route
        near = np.abs(looks - looks[index]).max(axis=1) <= _TOLERANCE
        for other in np.flatnonzero(near & (routes != routes[index])):
            if stored[other] != stored[index]:
                found |= {int(index), int(other)}
    return [decoded[index] for index in sorted(found)]


def _look(path: Path) -> bytes:
    """Mean brightness of 8 x 8 fields of a stored photo."""
    with Image.open(path, formats=("JPEG",)) as image:
        image.draft("L", (8 * _SIDE, 8 * _SIDE))
        return image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX).tobytes()
