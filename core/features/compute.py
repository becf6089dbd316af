"""Features of photos: from the store, or computed now and put there, never by two runs at once."""

import json
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.backbones.values import Backbone
from core.costs import Spent, spent_now
from core.datasets.values import Dataset, Photo
from core.errors import InvalidInput, NotFound
from core.features import store
from core.features.engines import Engine, choose_engine
from core.features.partial import PartialArray
from core.features.store import Key, Lock
from core.features.views import render
from core.settings import Settings

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Features:
    """Outputs of a frozen prefix.

    Args:
        array: (n, d) float32, memory-mapped; row i belongs to photo i.
        paid: what this call cost. alone: what computing them cost, whoever paid.
        key, engine: see ``store.Key``; the engine that computed them.
        lock: keeps them from being evicted for as long as this value lives.
    """

    array: np.ndarray
    paid: Spent
    alone: Spent
    key: Key
    engine: str
    lock: Lock


def features_of(
    photos: Sequence[Photo],
    *,
    dataset: Dataset,
    backbone: Backbone,
    settings: Settings,
    cut: str = "top",
    view: int = 0,
    seed: int = 0,
    progress: Report | None = None,
    waiting: Callable[[], None] | None = None,
    engine: Callable[[], Engine] | None = None,
) -> Features:
    """Features of all photos of one split of ``dataset``; row i is ``photos[i]``.

    Args:
        cut: name of the last frozen block, or ``top`` for the pooled vector.
        view, seed: see ``views.render``; views above 0 are for training photos only.
        progress: called with (photos done, photos in total). waiting: called while another run computes the same.
            Either may raise to stop; what was computed is kept and continued by the next call.
        engine: makes the engine when one is needed; the best one for this machine by default.

    Raises:
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold them.
        InvalidInput: the photos are not one whole split.
    """
    split = _split_of(photos, dataset, view)
    key = store.key_of(dataset, backbone, split, cut=cut, view=view, seed=seed)
    begin = spent_now()
    ordered = sorted(photos, key=lambda photo: (photo.class_name, photo.digest))

    def compute() -> None:
        made = engine() if engine else choose_engine(backbone, settings, cut, waiting)
        source = _Source(ordered, settings.dataset_dir(dataset.id) / "photos", key)
        _compute(source, made, backbone, settings, progress)

    lock = _stored_and_locked(key, settings, compute, waiting)
    return _open(key, settings, ordered, photos, begin, lock)


def _stored_and_locked(key: Key, settings: Settings, compute: Callable[[], None], waiting) -> Lock:
    """A reader's lock on features that are there, computed by us when nobody else does."""
    path = store.lock_path(key.name, settings)
    while True:
        reader = Lock(path, exclusive=False)
        reader.acquire(waiting)
        if store.is_stored(key, settings):
            return reader
        reader.release()
        writer = Lock(path, exclusive=True)
        try:
            # Never wait for this one: by the time it is free, the features may be there and read for hours.
            if writer.try_acquire() and not store.is_stored(key, settings):
                compute()
        finally:
            writer.release()


def _split_of(photos: Sequence[Photo], dataset: Dataset, view: int) -> str:
    splits = {photo.split for photo in photos}
    if len(splits) != 1:
        raise InvalidInput(f"Features are kept per split. Received: photos of {', '.join(sorted(splits)) or 'none'}")
    split = splits.pop()
    if len(photos) != dataset.split_sizes[split]:
        expected = dataset.split_sizes[split]
        raise InvalidInput(f"Features need all {expected} {split} photos of the dataset. Received: {len(photos)}")
    if view and split != "train":
        raise InvalidInput(f"Only training photos are augmented. Received: view={view} of {split} photos")
    return split


def _open(key: Key, settings: Settings, ordered, photos, begin: Spent, lock: Lock) -> Features:
    folder = store.folder_of(key, settings)
    meta = json.loads((folder / "meta.json").read_text())
    array = np.load(folder / "features.npy", mmap_mode="r")
    store.touch(folder)
    if list(photos) != ordered:
        row = {photo.digest: number for number, photo in enumerate(ordered)}
        array = array[[row[photo.digest] for photo in photos]]
    return Features(
        array=array,
        paid=spent_now().beyond(begin),
        alone=Spent(**meta["cost"]),
        key=key,
        engine=meta["engine"],
        lock=lock,
    )


@dataclass(frozen=True)
class _Source:
    """The photos of one array, in the order of its rows."""

    photos: Sequence[Photo]
    folder: Path
    key: Key

    def pixels(self, start: int, stop: int) -> np.ndarray:
        return np.stack([self._render(photo) for photo in self.photos[start:stop]])

    def _render(self, photo: Photo) -> np.ndarray:
        key = self.key
        try:
            jpeg = (self.folder / f"{photo.digest}.jpg").read_bytes()
        except FileNotFoundError:
            raise NotFound(
                f"The stored photo of {photo.file} is missing from {self.folder}. Import the photos again."
            ) from None
        return render(jpeg, key.size, view=key.view, seed=key.seed, digest=photo.digest)


def _compute(source: _Source, engine: Engine, backbone: Backbone, settings: Settings, progress: Report | None) -> None:
    total, begin = len(source.photos), spent_now()
    first = engine(source.pixels(0, 1))
    shape = (total, *first.shape[1:])
    store.make_room(settings, int(np.prod(shape)) * 4)
    array = PartialArray(store.partial_folder(source.key, settings), shape)
    try:
        with closing(_in_order(source, engine, array.done)) as chunks:
            for rows in chunks:
                array.append(rows, spent_now().beyond(begin))
                if progress is not None:
                    progress(array.done, total)
    finally:
        array.sync(spent_now().beyond(begin))  # a stop asked for from outside keeps what was done
    meta = {"key": asdict(source.key), "shape": shape, "engine": engine.name, "backbone": backbone.name}
    array.finish(store.folder_of(source.key, settings), meta, spent_now().beyond(begin))


def _in_order(source: _Source, engine: Engine, done: int) -> Generator[np.ndarray, None, None]:
    """Chunks of rows from ``done`` on. Every worker decodes and computes its own chunk, so no core waits."""
    starts = iter(range(done, len(source.photos), engine.batch))
    with ThreadPoolExecutor(engine.workers) as pool:

        def submit(start: int) -> Future:
            return pool.submit(lambda: engine(source.pixels(start, start + engine.batch)))

        pending = [submit(start) for start in islice(starts, engine.workers * 2)]
        try:
            while pending:
                yield pending.pop(0).result()
                pending += [submit(start) for start in islice(starts, 1)]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
