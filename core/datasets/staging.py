"""A dataset appears on disk by one rename or not at all, whatever is killed when.

Photos are written to ``datasets/.tmp-<id>``. Its writer holds a lock on that folder, and so do the decoders it
started; the kernel drops it when the last of them is gone. A folder without that lock is a leftover.
"""

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Conflict
from core.files import atomic
from core.files.home import dataset_folder, datasets_folder
from core.files.locks import Lock, try_acquire
from core.settings import Settings

_PREFIX = ".tmp-"


class Staging:
    """The folder of a dataset that does not exist yet."""

    def __init__(self, settings: Settings, dataset_id: str) -> None:
        self.final = dataset_folder(settings, dataset_id).path
        self.path = datasets_folder(settings) / f"{_PREFIX}{dataset_id}"
        if self.final.exists():
            raise Conflict(f"There is already a dataset {dataset_id!r}.")
        self.lock = _create_locked(self.path)

    def publish(self) -> None:
        """Makes the dataset appear: everything reaches the disk first, then the new name does."""
        _sync_all(self.lock.descriptor)
        self.path.rename(self.final)
        atomic.sync(self.final.parent)

    def close(self) -> None:
        """Removes what was not published."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.release()


@contextmanager
def staging(settings: Settings, dataset_id: str) -> Iterator[Staging]:
    """A staging folder that is gone afterwards, published or not.

    Raises:
        Conflict: the dataset exists, or somebody is importing it.
    """
    datasets_folder(settings).mkdir(parents=True, exist_ok=True)
    stage = Staging(settings, dataset_id)
    try:
        yield stage
    finally:
        stage.close()


def unpublish(settings: Settings, dataset_id: str) -> None:
    """Takes a dataset's folder away as it came, by one rename; ``sweep`` finishes what a kill cuts off here."""
    path = datasets_folder(settings) / f"{_PREFIX}{dataset_id}"
    dataset_folder(settings, dataset_id).path.rename(path)
    shutil.rmtree(path, ignore_errors=True)


def sweep(settings: Settings) -> int:
    """Removes what killed imports left behind; those still running are recognised by their lock.

    Returns:
        How many leftovers were removed.
    """
    removed = 0
    for path in datasets_folder(settings).glob(f"{_PREFIX}*"):
        lock = _try_lock(path)
        if lock is not None:
            with lock:
                shutil.rmtree(path, ignore_errors=True)
            removed += 1
    return removed


def _create_locked(path: Path) -> Lock:
    """Creates a folder and locks it, also when ``sweep`` comes between the two."""
    for _ in range(100):
        try:
            path.mkdir()
        except FileExistsError:
            raise Conflict(f"Somebody is importing dataset {path.name.removeprefix(_PREFIX)!r} right now.") from None
        lock = _try_lock(path)
        if lock is not None:
            if lock.protects(path):
                return lock
            lock.release()
    raise Conflict("The folder of datasets is busy; try again.")


def _try_lock(folder: Path) -> Lock | None:
    """None when another process has the lock or the folder is gone."""
    try:
        return try_acquire(folder, create=False)
    except FileNotFoundError:
        return None


def _sync_all(descriptor: int) -> None:
    """Writes one file system to disk: thousands of small files at once, where fsync would pay for each of them."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        os.sync()
    elif libc.syncfs(descriptor) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
