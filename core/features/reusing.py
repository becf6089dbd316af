"""Rows that other stored features have already: of the same photos in another dataset, such as the version before.

Beside a stored array lies ``photos.npy``, which says whose rows they are. Rows are copied, never referred to, so that
what is evicted or deleted with one dataset is not missed by another. Copied rows are those that would be computed:

* They have the same key apart from dataset and split, and the photo the same file and the same stored JPEG.
* The same engine computed them, and it computes photo by photo (``PHOTO_BY_PHOTO``): no row depends on its batch.
* One copied row of each array is computed once more and must be equal bit for bit. Where it is not (another processor,
  another version of a library) nothing of that array is copied.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from core.datasets.values import Photo
from core.features.engines import PHOTO_BY_PHOTO
from core.features.store import FeatureKey, StoredFeatures, stored_features
from core.files import atomic
from core.files.home import features_folder, features_lock
from core.files.locks import Lock, try_acquire
from core.runs.costs import Spent
from core.settings import Settings

PHOTOS = "photos.npy"
_UNKNOWN = bytes(32)
"""Of a photo that was imported before 0.5.0, whose stored JPEG has no digest: it is never taken for another one."""


def identity_of(photo: Photo) -> bytes:
    """32 bytes: equal where the views of two photos are equal. A view depends on the stored JPEG, and those above 0 on
    the digest too; one file has two stored JPEGs where it is one of 16 grey bits (``Dataset.grey_bits``)."""
    return sha256(f"{photo.digest} {photo.pixels}".encode()).digest() if photo.pixels else _UNKNOWN


def record_photos(folder: Path, photos: Sequence[Photo]) -> None:
    """Writes whose rows the array in ``folder`` has, unless that is known; ``photos`` in their order."""
    if (folder / PHOTOS).exists():
        return
    identities = np.frombuffer(b"".join(map(identity_of, photos)), np.uint8).reshape(-1, 32)
    with suppress(OSError), atomic.replacing(folder / PHOTOS) as draft, draft.open("wb") as file:
        np.save(file, identities)


def relatives_of(key: FeatureKey, settings: Settings) -> list[StoredFeatures]:
    """Stored features of another dataset or split that are equal to those of ``key`` in all else; the newest first."""
    same = [one for one in stored_features(settings) if one.name != key.name and content_of(one.key) == content_of(key)]
    return sorted(same, key=lambda one: -one.used_at)


def content_of(key: FeatureKey) -> FeatureKey:
    """What the rows of a photo depend on beside the photo."""
    return replace(key, dataset="", split="")


def copied_engine(name: str) -> bool:
    """Whether rows of this engine may be copied; of networks of several engines, joined by "and"."""
    return set(name.split(" and ")) <= PHOTO_BY_PHOTO


def knows_photos(name: str, settings: Settings) -> bool:
    """Whether something says whose rows a stored array has."""
    return (features_folder(settings) / name / PHOTOS).exists()


def rows_by_photo(name: str, settings: Settings) -> dict[bytes, int]:
    """The row of each photo in a stored array; {} where nothing says so."""
    try:
        identities = np.load(features_folder(settings) / name / PHOTOS)
    except (OSError, ValueError, EOFError):  # evicted, of before 0.10.0, or damaged by a power cut
        return {}
    found = {identity.tobytes(): row for row, identity in enumerate(identities)}
    found.pop(_UNKNOWN, None)
    return found


@dataclass(frozen=True, eq=False)
class _Source:
    """A stored array that rows are copied from.

    Args:
        array: memory-mapped. cost: of one of its rows. lock: prevents its eviction.
    """

    array: np.ndarray
    cost: Spent
    lock: Lock


@dataclass(frozen=True)
class _Place:
    """A row of a stored array."""

    source: _Source
    row: int

    @property
    def values(self) -> np.ndarray:
        return np.asarray(self.source.array[self.row])


class ReusedRows:
    """The rows of an array that is to be computed which other arrays have.

    Args:
        photos: of its rows, in their order. keys: of the arrays that are computed in one pass, side by side. A photo
            counts only where all of them are found.
        engine: name of the one that computes what is missing.
    """

    def __init__(self, photos: Sequence[Photo], keys: Sequence[FeatureKey], engine: str, settings: Settings) -> None:
        self._sources: list[_Source] = []
        self._places: list[tuple[_Place, ...] | None] = [None] * len(photos)
        if copied_engine(engine):
            identities = [identity_of(photo) for photo in photos]
            columns = [self._column(key, identities, engine, settings) for key in keys]
            for number, found in enumerate(zip(*columns, strict=True)):
                whole = tuple(place for place in found if place is not None)
                self._places[number] = whole if len(whole) == len(keys) else None

    def _column(
        self, key: FeatureKey, identities: Sequence[bytes], engine: str, settings: Settings
    ) -> list[_Place | None]:
        places: list[_Place | None] = [None] * len(identities)
        for one in relatives_of(key, settings):
            if one.engine != engine or None not in places:
                continue
            known = rows_by_photo(one.name, settings)
            wanted = [n for n, identity in enumerate(identities) if places[n] is None and identity in known]
            if not wanted or (source := self._open(one, settings)) is None:
                continue
            for number in wanted:
                places[number] = _Place(source, known[identities[number]])
        return places

    def _open(self, one: StoredFeatures, settings: Settings) -> _Source | None:
        """None where another process evicts it."""
        lock = try_acquire(features_lock(settings, one.name), shared=True)
        if lock is None:
            return None
        try:
            array = np.load(features_folder(settings) / one.name / "features.npy", mmap_mode="r")
        except (OSError, ValueError):
            lock.release()
            return None
        source = _Source(array, Spent(**one.meta["cost"]).times(1 / max(one.rows, 1)), lock)
        self._sources.append(source)
        return source

    def __contains__(self, row: int) -> bool:
        return self._places[row] is not None

    def row(self, number: int) -> list[np.ndarray]:
        """The values of a row that is contained, of one array after the other."""
        return [place.values for place in self._places[number] or ()]

    def cost(self, column: int, start: int, stop: int) -> Spent:
        """What the copied rows from ``start`` to ``stop`` cost to compute, of one array."""
        counted = Counter(place[column].source for place in self._places[start:stop] if place is not None)
        return sum((source.cost.times(count) for source, count in counted.items()), Spent())

    def samples(self) -> Iterator[int]:
        """One row of each combination of arrays that rows are copied from."""
        seen: set[tuple[_Source, ...]] = set()
        for number, place in enumerate(self._places):
            if place is not None and (sources := tuple(one.source for one in place)) not in seen:
                seen.add(sources)
                yield number

    def drop(self, sample: int) -> None:
        """Leaves out all rows that are copied from the same arrays as this one."""
        refused = [one.source for one in self._places[sample] or ()]
        for number, place in enumerate(self._places):
            if place is not None and [one.source for one in place] == refused:
                self._places[number] = None

    def close(self) -> None:
        """Ends the locks."""
        for source in self._sources:
            source.lock.release()
