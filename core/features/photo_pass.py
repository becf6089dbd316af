"""One pass over photos with an engine, which computes and stores the rows of one or several arrays."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.datasets.values import Photo
from core.features import store
from core.features.engine_store import evict_engines
from core.features.engines import Engine
from core.features.partial import PartialArray
from core.features.reusing import ReusedRows, record_photos
from core.features.store import FeatureKey
from core.features.views import View, jpeg_of
from core.recipes.hyperparameters import ViewSettings
from core.runs.costs import Clock, Spent
from core.settings import Settings

Report = Callable[[int, int], None]
"""Called with (photos done, photos in total)."""


@dataclass(frozen=True)
class OutputColumns:
    """One stored array: its key, its columns of the engine's output, and its part of the cost of a pass, 0..1."""

    key: FeatureKey
    first: int = 0
    last: int | None = None
    part: float = 1.0

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The columns, in the stored dtype; values beyond float16's largest, 65,504 (not seen in trained networks), are
        clipped."""
        own = rows[:, self.first : self.last]
        if self.key.dtype == "float16":
            limit = np.finfo(np.float16).max
            own = np.clip(own, -limit, limit)
        return own.astype(self.key.dtype)


@dataclass(frozen=True)
class ViewedPhotos:
    """The photos of one array, in the order of its rows, as input of an engine.

    Args:
        folder: of the stored photos.
    """

    photos: Sequence[Photo]
    folder: Path
    which: ViewSettings

    def of(self, numbers: Sequence[int]) -> list[View]:
        return [self._view(self.photos[number]) for number in numbers]

    def _view(self, photo: Photo) -> View:
        return View(jpeg_of(photo, self.folder), self.which, digest=photo.digest)


def compute_rows(
    views: ViewedPhotos,
    columns: Sequence[OutputColumns],
    engine: Engine,
    *,
    source: str,
    settings: Settings,
    progress: Report | None,
    clock: Clock,
    place: Callable[[FeatureKey], Path] | None = None,
    **more: object,
) -> None:
    """Stores the arrays of all columns. Rows that other stored features have are copied (``reusing``); they cost what
    they cost there, as if they were computed now.

    Args:
        source: a backbone's name or a run's id, stored for display. progress: may raise to stop; what was computed is
            kept and the next call continues.
        place: where an array is stored; among the stored features by default. more: notes for its ``meta.json``.

    Raises:
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold the rows.
    """
    begin = clock()
    folders = [place(one.key) if place else store.folder_of(one.key, settings) for one in columns]
    with closing(ReusedRows(views.photos, [one.key for one in columns], engine.name, settings)) as reused:
        shapes = [(len(views.photos), *shape) for shape in _shapes(views, columns, engine, reused)]
        arrays = _opened(columns, folders, shapes, settings)
        copied = [Spent() for _ in columns]

        def spent() -> list[Spent]:
            """On each array until now, by one reading of the clock: the process may be interrupted between two."""
            passed = clock().minus(begin)
            return [passed.times(one.part) + its for one, its in zip(columns, copied, strict=True)]

        try:
            with closing(_in_order(views, columns, engine, arrays[0].done, reused)) as chunks:
                for chunk in chunks:
                    for number, (array, rows) in enumerate(zip(arrays, chunk, strict=True)):
                        copied[number] += reused.cost(number, array.done, array.done + len(rows))
                    for array, rows, cost in zip(arrays, chunk, spent(), strict=True):
                        array.append(rows, cost)
                    if progress is not None:
                        progress(arrays[0].done, len(views.photos))
        finally:
            for array, cost in zip(arrays, spent(), strict=True):
                array.sync(cost)  # also when stopped: the next call continues
    for array in arrays:
        record_photos(array.folder, views.photos)
    for one, folder, array, shape, cost in zip(columns, folders, arrays, shapes, spent(), strict=True):
        meta = {"key": asdict(one.key), "shape": shape, "engine": engine.name, "backbone": source}
        array.finish(folder, meta | more, cost)


def _shapes(
    views: ViewedPhotos, columns: Sequence[OutputColumns], engine: Engine, reused: ReusedRows
) -> list[tuple[int, ...]]:
    """Of a row of every array, by computing one photo. Rows that would be copied, and are not those that the engine
    computes, are left out."""
    first: np.ndarray | None = None
    for sample in list(reused.samples()):
        first = engine(views.of([sample]))
        own = [one.of(first)[0] for one in columns]
        if any(new.tobytes() != old.tobytes() for new, old in zip(own, reused.row(sample), strict=True)):
            reused.drop(sample)
    first = engine(views.of([0])) if first is None else first
    return [one.of(first).shape[1:] for one in columns]


def _opened(
    columns: Sequence[OutputColumns], folders: Sequence[Path], shapes: Sequence[tuple[int, ...]], settings: Settings
) -> list[PartialArray]:
    """The arrays, with what an earlier attempt has computed of all of them."""
    dtypes = [np.dtype(one.key.dtype) for one in columns]
    sizes = [int(np.prod(shape)) * dtype.itemsize for shape, dtype in zip(shapes, dtypes, strict=True)]
    store.make_room(settings, sum(sizes))
    evict_engines(settings)
    arrays = [
        PartialArray(store.partial_of(folder), shape, one.key.dtype)
        for one, folder, shape in zip(columns, folders, shapes, strict=True)
    ]
    done = min(array.done for array in arrays)
    for array in arrays:
        array.done = done
    return arrays


def _in_order(
    views: ViewedPhotos, columns: Sequence[OutputColumns], engine: Engine, done: int, reused: ReusedRows
) -> Generator[list[np.ndarray], None, None]:
    """Chunks of rows of each column, from ``done`` on. Every worker decodes and computes a whole chunk, which keeps all
    cores busy."""
    total = len(views.photos)
    starts = iter(range(done, total, engine.batch))
    with ThreadPoolExecutor(engine.workers) as pool:

        def submit(start: int) -> Future:
            numbers = range(start, min(start + engine.batch, total))
            return pool.submit(lambda: _chunk(views, columns, engine, numbers, reused))

        pending = [submit(start) for start in islice(starts, engine.workers * 2)]
        try:
            while pending:
                yield pending.pop(0).result()
                pending += [submit(start) for start in islice(starts, 1)]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _chunk(
    views: ViewedPhotos, columns: Sequence[OutputColumns], engine: Engine, numbers: range, reused: ReusedRows
) -> list[np.ndarray]:
    """These rows of each column: those that are reused, the others computed."""
    missing = [number for number in numbers if number not in reused]
    output = engine(views.of(missing)) if missing else None
    if output is not None and len(missing) == len(numbers):
        return [one.of(output) for one in columns]
    rows = {number: reused.row(number) for number in numbers if number in reused}
    if output is not None:
        computed = [one.of(output) for one in columns]
        rows |= {number: [own[place] for own in computed] for place, number in enumerate(missing)}
    return [np.stack([rows[number][column] for number in numbers]) for column in range(len(columns))]
