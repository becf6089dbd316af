"""Features of photos: from the store, or computed and stored now, by one process at a time."""

import json
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.backbones.values import Backbone
from core.datasets.values import Dataset, Photo
from core.errors import InvalidInput
from core.features import store
from core.features.engines import Engine, choose_engine
from core.features.partial import PartialArray
from core.features.sizes import shape_at
from core.features.store import FeatureKey
from core.features.views import View, jpeg_of
from core.files.home import dataset_folder, features_lock
from core.files.locks import Lock, acquire, try_acquire
from core.recipes.program import TOP
from core.recipes.recipe import Augmentation
from core.runs.costs import Spent, spent_now
from core.settings import Settings

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Features:
    """Outputs of a frozen prefix.

    Args:
        array: (n, ...), memory-mapped; row i belongs to photo i. Vectors are float32, maps float16 (see ``sizes``).
        cost: of computing them, by whichever run.
        key: of the stored array. engine: that computed them. lock: prevents eviction while this value exists.
    """

    array: np.ndarray
    cost: Spent
    key: FeatureKey
    engine: str
    lock: Lock


def features_of(
    photos: Sequence[Photo],
    *,
    dataset: Dataset,
    backbone: Backbone,
    settings: Settings,
    cut: str = TOP,
    view: int = 0,
    seed: int = 0,
    augmentation: Augmentation = Augmentation.CROPS,
    progress: Report | None = None,
    waiting: Callable[[], None] | None = None,
    engine: Callable[[], Engine] | None = None,
) -> Features:
    """Features of all photos of one split of ``dataset``; row i is ``photos[i]``.

    Args:
        cut: where the frozen prefix ends (``core.recipes.program``): a block, ``<block>.pool``, ``top`` or ``classes``.
        view, seed, augmentation: see ``views.render``; views above 0 are for training photos only.
        progress, waiting: see ``stored_rows``.
        engine: makes the engine when one is needed; the best one for this machine by default.

    Raises:
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold them.
        InvalidInput: the photos are not one whole split, or the backbone has no such cut.
    """
    shape_at(backbone, cut)
    key = store.key_of(dataset, backbone, split_of(photos), cut=cut, view=view, seed=seed, augmentation=augmentation)
    return stored_rows(
        key,
        photos,
        dataset=dataset,
        settings=settings,
        source=backbone.name,
        engine=engine or (lambda: choose_engine(backbone, settings, cut, waiting)),
        progress=progress,
        waiting=waiting,
    )


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
    _check_whole(photos, dataset, key)
    ordered = sorted(photos, key=lambda photo: (photo.class_name, photo.digest))

    def compute() -> None:
        made = engine()
        rows = _Rows(ordered, dataset_folder(settings, dataset.id).photos, key, source)
        _compute(rows, made, settings, progress)

    lock = _stored_and_locked(key, settings, compute, waiting)
    return _open(key, settings, ordered, photos, lock)


def _stored_and_locked(
    key: FeatureKey, settings: Settings, compute: Callable[[], None], waiting: Callable[[], None] | None
) -> Lock:
    """A shared lock on stored features, which are computed first unless another process does."""
    path = features_lock(settings, key.name)
    while True:
        reader = acquire(path, shared=True, waiting=waiting)
        if store.is_stored(key, settings):
            return reader
        reader.release()
        writer = try_acquire(path)  # never waits: once it is free, others may read the features for hours
        if writer is not None:
            with writer:
                if not store.is_stored(key, settings):
                    compute()


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


def _open(key: FeatureKey, settings: Settings, ordered: list[Photo], photos: Sequence[Photo], lock: Lock) -> Features:
    folder = store.folder_of(key, settings)
    meta = json.loads((folder / "meta.json").read_text())
    array = np.load(folder / "features.npy", mmap_mode="r")
    store.touch(folder)
    if list(photos) != ordered:
        row = {photo.digest: number for number, photo in enumerate(ordered)}
        array = array[[row[photo.digest] for photo in photos]]
    return Features(
        array=array,
        cost=Spent(**meta["cost"]),
        key=key,
        engine=meta["engine"],
        lock=lock,
    )


@dataclass(frozen=True)
class _Rows:
    """The photos of one array, in the order of its rows."""

    photos: Sequence[Photo]
    folder: Path
    key: FeatureKey
    source: str

    def views(self, start: int, stop: int) -> list[View]:
        return [self._view(photo) for photo in self.photos[start:stop]]

    def _view(self, photo: Photo) -> View:
        key, jpeg = self.key, jpeg_of(photo, self.folder)
        return View(jpeg, view=key.view, seed=key.seed, augmentation=key.augmentation, digest=photo.digest)


def _compute(rows: _Rows, engine: Engine, settings: Settings, progress: Report | None) -> None:
    key, total, begin = rows.key, len(rows.photos), spent_now()
    first = engine(rows.views(0, 1))
    shape = (total, *first.shape[1:])
    store.make_room(settings, int(np.prod(shape)) * np.dtype(key.dtype).itemsize)
    array = PartialArray(store.partial_folder(key, settings), shape, key.dtype)
    try:
        with closing(_in_order(rows, engine, array.done)) as chunks:
            for chunk in chunks:
                array.append(_narrowed(chunk, key.dtype), spent_now().minus(begin))
                if progress is not None:
                    progress(array.done, total)
    finally:
        array.sync(spent_now().minus(begin))  # also when stopped: the next call continues
    meta = {"key": asdict(key), "shape": shape, "engine": engine.name, "backbone": rows.source}
    array.finish(store.folder_of(key, settings), meta, spent_now().minus(begin))


def _narrowed(rows: np.ndarray, dtype: str) -> np.ndarray:
    """In the stored dtype; values beyond float16's largest, 65,504 (not seen in trained networks), are clipped."""
    if dtype == "float16":
        limit = np.finfo(np.float16).max
        rows = np.clip(rows, -limit, limit)
    return rows.astype(dtype)


def _in_order(rows: _Rows, engine: Engine, done: int) -> Generator[np.ndarray, None, None]:
    """Chunks of rows from ``done`` on. Every worker decodes and computes a whole chunk, which keeps all cores busy."""
    starts = iter(range(done, len(rows.photos), engine.batch))
    with ThreadPoolExecutor(engine.workers) as pool:

        def submit(start: int) -> Future:
            return pool.submit(lambda: engine(rows.views(start, start + engine.batch)))

        pending = [submit(start) for start in islice(starts, engine.workers * 2)]
        try:
            while pending:
                yield pending.pop(0).result()
                pending += [submit(start) for start in islice(starts, 1)]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
