"""Features of photos: from the store, or computed and stored now, by one process at a time."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts.patience import patiently
from core.backbones.values import Backbone
from core.datasets.shards import folder_with, in_order
from core.datasets.values import Dataset, Photo
from core.errors import InvalidInput
from core.features import store
from core.features.assembling import FIRST, OF
from core.features.engines import Engine, choose_engine
from core.features.photo_pass import OutputColumns, Report, ViewedPhotos, compute_rows
from core.features.reusing import record_photos
from core.features.shards import ShardSet, values_of
from core.features.sharing import bring_those_of_version_before, computed_once
from core.features.sizes import fraction_below, shape_at
from core.features.store import FeatureKey
from core.files.home import features_lock
from core.files.locks import Lock, acquire, try_acquire
from core.recipes.hyperparameters import ITSELF, ViewSettings
from core.recipes.program import TOP, cuts_of
from core.runs.costs import Clock, Spent, spent_now
from core.settings import Settings


@dataclass(frozen=True)
class Features:
    """Outputs of a frozen prefix.

    Args:
        array: (n, ...), memory-mapped; row i belongs to photo i. Vectors are float32, maps float16 (see ``sizes``).
        cost: of computing them, by whichever run; of several cuts, of the one that took most.
        key: of the stored array; of several cuts, what a stored array of them together would have.
        engine: that computed them. locks: prevent eviction while this value exists.
    """

    array: np.ndarray
    cost: Spent
    key: FeatureKey
    engine: str
    locks: tuple[Lock, ...]


def features_of(
    photos: Sequence[Photo],
    *,
    dataset: Dataset,
    backbone: Backbone,
    settings: Settings,
    cut: str = TOP,
    which: ViewSettings = ITSELF,
    progress: Report | None = None,
    waiting: Callable[[], None] | None = None,
    engine: Callable[[], Engine] | None = None,
    folder: Path | None = None,
    clock: Clock = spent_now,
) -> Features:
    """Features of all photos of one split of ``dataset``; row i is ``photos[i]``.

    Args:
        folder: of the stored photos; that of the dataset by default.
        cut: where the frozen prefix ends (``core.recipes.program``): a block, ``<block>.pool``, ``top`` or ``classes``;
            of several cuts each is stored alone, and those that are missing are computed in one pass.
        which: see ``views.render``; augmented views are for training photos only.
        progress, waiting: see ``stored_rows``.
        engine: makes the engine when one is needed; the best one for this machine by default.
        clock: what they cost, where other threads work at the same time.

    Raises:
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold them.
        InvalidInput: the photos are not one whole split, or the backbone has no such cut.
    """
    shape_at(backbone, cut)
    key_at = partial(store.key_of, dataset, backbone, split_of(photos), which=which)
    return _stored(
        key_at(cut=cut),
        _columns(backbone, cut, key_at),
        photos,
        dataset=dataset,
        settings=settings,
        source=backbone.name,
        engine=engine or (lambda: choose_engine(backbone, settings, cut, waiting)),
        progress=progress,
        waiting=waiting,
        folder=folder,
        clock=clock,
    )


def _columns(backbone: Backbone, cut: str, key_at: Callable[..., FeatureKey]) -> tuple[OutputColumns, ...]:
    """Of every single cut. A cut is charged what a pass up to it would have cost."""
    first, found = 0, []
    whole = fraction_below(backbone, cut)
    for one in cuts_of(cut):
        if len(cuts_of(cut)) == 1:
            return (OutputColumns(key_at(cut=one)),)
        last = first + shape_at(backbone, one)[0]
        found.append(OutputColumns(key_at(cut=one), first, last, fraction_below(backbone, one) / whole))
        first = last
    return tuple(found)


def stored_rows(
    key: FeatureKey,
    photos: Sequence[Photo],
    *,
    dataset: Dataset,
    settings: Settings,
    source: str,
    engine: Callable[[], Engine],
    progress: Report | None = None,
    waiting: Callable[[], None] | None = None,
) -> Features:
    """Outputs of an engine for all photos of one split, from the store or computed now; row i is ``photos[i]``.

    Args:
        key: of the stored array; its split must be that of the photos.
        source: a backbone's name or a run's id, stored for display.
        engine: makes the engine when one is needed.
        progress: called with (photos done, photos in total). waiting: called while another run computes the same.
            Either may raise to stop; what was computed is stored and the next call continues.

    Raises:
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold them.
        InvalidInput: the photos are not one whole split.
    """
    return _stored(
        key,
        (OutputColumns(key),),
        photos,
        dataset=dataset,
        settings=settings,
        source=source,
        engine=engine,
        progress=progress,
        waiting=waiting,
    )


def _stored(
    key: FeatureKey,
    columns: Sequence[OutputColumns],
    photos: Sequence[Photo],
    *,
    dataset: Dataset,
    settings: Settings,
    source: str,
    engine: Callable[[], Engine],
    progress: Report | None,
    waiting: Callable[[], None] | None,
    folder: Path | None = None,
    clock: Clock = spent_now,
) -> Features:
    """As ``stored_rows``, of one or several arrays, side by side where they are several."""
    _check_whole(photos, dataset, key)
    ordered = in_order(photos)
    work = PhotoPass(
        columns=columns,
        photos=ordered,
        dataset=dataset,
        settings=settings,
        source=source,
        make_engine=engine,
        progress=progress,
        waiting=waiting,
        folder=folder,
        clock=clock,
    )
    locks = _stored_and_locked(columns, len(ordered), settings, work, waiting)
    found = [_open(one.key, settings, ordered, photos) for one in columns]
    (array, meta), *others = found
    cost = Spent()
    for _, one in found:
        cost = cost.larger(Spent(**one["cost"]))
    if others:
        array = np.concatenate([array, *(more for more, _ in others)], axis=1)
    return Features(array=array, cost=cost, key=key, engine=meta["engine"], locks=locks)


@dataclass(frozen=True, kw_only=True)
class PhotoPass:
    """What computes the missing arrays of one question: whole ones, or shards of them (``shared_pass.FeatureWork``).

    Args:
        photos: in the order of the rows. The others are those of ``stored_rows`` and ``features_of``.
    """

    columns: Sequence[OutputColumns]
    photos: Sequence[Photo]
    dataset: Dataset
    settings: Settings
    source: str
    make_engine: Callable[[], Engine]
    progress: Report | None
    waiting: Callable[[], None] | None
    folder: Path | None
    clock: Clock

    def compute(self, keys: Sequence[FeatureKey]) -> None:
        bring_those_of_version_before(keys, self.dataset, self.settings)
        self._compute(self._views(self.photos), keys, self.progress)

    def sets(self, keys: Sequence[FeatureKey]) -> list[ShardSet]:
        bring_those_of_version_before(keys, self.dataset, self.settings)
        output = self._engine(self._views(self.photos[:1]).of([0]))
        rows = {one.key: one.of(output)[0] for one in self.columns}
        return [ShardSet.of(key, values_of(self._engine.name, rows[key]), len(self.photos)) for key in keys]

    def compute_shard(self, sets: Sequence[ShardSet], number: int, done: int) -> None:
        first = sets[0].first_row(number)
        folders = {one.key: one.folder(number, self.settings) for one in sets}

        def report(rows: int, _total: int) -> None:
            if self.progress is not None:
                self.progress(done + rows, len(self.photos))

        self._compute(
            self._views(self.photos[first : first + sets[0].photos]),
            list(folders),
            report,
            place=folders.__getitem__,
            **{FIRST: first, OF: len(self.photos)},
        )

    def _compute(self, views: ViewedPhotos, keys: Sequence[FeatureKey], progress: Report | None, **more: Any) -> None:
        compute_rows(
            views,
            [one for one in self.columns if one.key in keys],
            self._engine,
            source=self.source,
            settings=self.settings,
            progress=progress,
            clock=self.clock,
            **more,
        )

    def _views(self, photos: Sequence[Photo]) -> ViewedPhotos:
        """Waits while the store does not answer."""
        find = partial(folder_with, photos, of=self.photos, dataset=self.dataset, settings=self.settings)
        folder = self.folder or (find() if self.waiting is None else patiently(find, self.waiting))
        return ViewedPhotos(photos, folder, self.columns[0].key.which)

    @cached_property
    def _engine(self) -> Engine:
        return self.make_engine()


def _stored_and_locked(
    columns: Sequence[OutputColumns],
    rows: int,
    settings: Settings,
    work: PhotoPass,
    waiting: Callable[[], None] | None,
) -> tuple[Lock, ...]:
    """Shared locks on stored features, which are computed first unless another process does."""

    def missing() -> list[OutputColumns]:
        return [one for one in columns if not store.is_stored(one.key, settings)]

    while True:
        readers = _readers([_lock_of(one, settings) for one in columns], waiting)
        if not missing():
            return readers
        with ExitStack() as held:
            for reader in readers:
                reader.release()
            # never waits: once one is free, others may read its features for hours
            wanted = missing()
            writers = [try_acquire(_lock_of(one, settings)) for one in wanted]
            for writer in filter(None, writers):
                held.enter_context(writer)
            if None not in writers and missing() == wanted:
                computed_once([one.key for one in wanted], rows, settings, work, waiting)


def _readers(paths: Sequence[Path], waiting: Callable[[], None] | None) -> tuple[Lock, ...]:
    """Shared locks on all of these; while one is awaited no other is held, so that nobody waits for this process."""
    while True:
        locks = [try_acquire(path, shared=True) for path in paths]
        if None not in locks:
            return tuple(lock for lock in locks if lock is not None)
        for lock in filter(None, locks):
            lock.release()
        acquire(paths[locks.index(None)], shared=True, waiting=waiting).release()


def _lock_of(one: OutputColumns, settings: Settings) -> Path:
    return features_lock(settings, one.key.name)


def split_of(photos: Sequence[Photo]) -> str:
    """The split of all these photos; InvalidInput where they are of several or of none."""
    splits = {photo.split for photo in photos}
    if len(splits) != 1:
        raise InvalidInput(f"Features are stored per split. Received: photos of {', '.join(sorted(splits)) or 'none'}")
    return splits.pop()


def _check_whole(photos: Sequence[Photo], dataset: Dataset, key: FeatureKey) -> None:
    split = split_of(photos)
    if split != key.split:
        raise InvalidInput(f"Features of {key.split} photos are needed. Received: {split} photos")
    expected = dataset.split_sizes[split]
    if len(photos) != expected:
        raise InvalidInput(f"Features need all {expected} {split} photos of the dataset. Received: {len(photos)}")
    if key.view and split != "train":
        raise InvalidInput(f"Only training photos are augmented. Received: view={key.view} of {split} photos")


def _open(
    key: FeatureKey, settings: Settings, ordered: list[Photo], photos: Sequence[Photo]
) -> tuple[np.ndarray, dict[str, Any]]:
    """A stored array, row i of ``photos[i]``, and its ``meta.json``."""
    folder = store.folder_of(key, settings)
    meta = json.loads((folder / "meta.json").read_text())
    array = np.load(folder / "features.npy", mmap_mode="r")
    store.touch(folder)
    record_photos(folder, ordered)  # of features of before 0.10.0
    if list(photos) != ordered:
        row = {photo.digest: number for number, photo in enumerate(ordered)}
        array = array[[row[photo.digest] for photo in photos]]
    return array, meta
