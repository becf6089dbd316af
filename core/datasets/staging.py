"""A dataset is stored by one rename, so that a killed import never leaves a part of one.

Photos are written to ``datasets/.tmp-<id>``. The importing process and its decoders hold a lock on that folder; the
kernel releases it when the last of them has ended. A folder without that lock is a leftover.
"""

import secrets
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
    """The folder of a dataset that does not exist yet, or of photos that are added to one."""

    def __init__(self, settings: Settings, new_id: str, final: Path) -> None:
        self.final = final
        self.path = datasets_folder(settings) / f"{_PREFIX}{new_id}"
        if self.final.exists():
            raise Conflict(f"There is already a dataset {new_id!r}.")
        self.lock = _create_locked(self.path)

    def publish(self) -> None:
        """Rename the folder to its final name, after its content has been synced to disk."""
        atomic.sync_file_system(self.path)
        self.path.rename(self.final)
        atomic.sync(self.final.parent)

    def close(self) -> None:
        """Delete what was not published, and release the lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.release()


@contextmanager
def staging(settings: Settings, new_id: str, final: Path | None = None) -> Iterator[Staging]:
    """A staging folder, deleted at the end unless it was published.

    Args:
        final: its place; that of the dataset ``new_id`` by default.

    Raises:
        Conflict: the dataset exists, or another process is importing it.
    """
    datasets_folder(settings).mkdir(parents=True, exist_ok=True)
    stage = Staging(settings, new_id, final or dataset_folder(settings, new_id).path)
    try:
        yield stage
    finally:
        stage.close()


@contextmanager
def scratch(settings: Settings) -> Iterator[Path]:
    """A folder for temporary files of an import, deleted at the end, or by ``sweep`` after a kill."""
    datasets_folder(settings).mkdir(parents=True, exist_ok=True)
    path = datasets_folder(settings) / f"{_PREFIX}unpacked-{secrets.token_hex(4)}"
    lock = _create_locked(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        lock.release()


def unpublish(settings: Settings, dataset_id: str) -> None:
    """Delete a dataset: one rename, then its files; ``sweep`` completes a deletion that was killed."""
    path = datasets_folder(settings) / f"{_PREFIX}{dataset_id}"
    dataset_folder(settings, dataset_id).path.rename(path)
    shutil.rmtree(path, ignore_errors=True)


def sweep(settings: Settings) -> int:
    """Delete the leftovers of killed imports; running imports hold a lock.

    Returns:
        The number of deleted leftovers.
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
    """Create and lock a folder; tried again if ``sweep`` deletes it between the two steps."""
    for _ in range(100):
        try:
            path.mkdir()
        except FileExistsError:
            raise Conflict(f"Dataset {path.name.removeprefix(_PREFIX)!r} is being imported right now.") from None
        lock = _try_lock(path)
        if lock is not None:
            if lock.protects(path):
                return lock
            lock.release()
    raise Conflict("The folder of datasets is busy; try again.")


def _try_lock(folder: Path) -> Lock | None:
    """The lock; None if another process holds it or the folder does not exist."""
    try:
        return try_acquire(folder, create=False)
    except FileNotFoundError:
        return None
