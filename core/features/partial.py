"""An array that grows on disk row by row; a kill at any time loses at most the last seconds."""

import json
import shutil
import time
from pathlib import Path

import numpy as np

from core.files import atomic
from core.runs.costs import Spent

_SYNC_SECONDS = 2.0


class PartialArray:
    """``folder/features.npy`` (rows, ...), of which the first ``done`` rows are on disk.

    The counter is written after the rows were synced: it may be too small, never too large. The cost of earlier, killed
    attempts is stored with it, so that the finished array has its whole cost.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: str = "float32") -> None:
        self.folder = folder
        self.shape = shape
        self.dtype = np.dtype(dtype)
        state = self._read_state()
        if state is None:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.done = state["done"] if state else 0
        self.spent_before = Spent(**state["spent"]) if state else Spent()
        mode = "r+" if state else "w+"
        self._array = np.lib.format.open_memmap(folder / "features.npy", mode=mode, dtype=self.dtype, shape=shape)
        self._synced_at = time.monotonic()

    def _read_state(self) -> dict | None:
        """None when nothing usable exists: no counter, a damaged file, another shape."""
        try:
            state = json.loads((self.folder / "rows.json").read_text())
            found = np.lib.format.open_memmap(self.folder / "features.npy", mode="r")
            same = found.shape == self.shape == tuple(state["shape"]) and found.dtype == self.dtype
            return state if same else None
        except (OSError, ValueError, KeyError):
            return None

    def append(self, rows: np.ndarray, spent: Spent) -> None:
        """Appends rows; ``spent`` is the cost of this attempt so far."""
        self._array[self.done : self.done + len(rows)] = rows
        self.done += len(rows)
        if time.monotonic() - self._synced_at > _SYNC_SECONDS:
            self.sync(spent)

    def sync(self, spent: Spent) -> None:
        """Syncs all appended rows to disk."""
        self._array.flush()
        atomic.sync(self.folder / "features.npy")
        total = self.spent_before + spent
        state = {"done": self.done, "shape": self.shape, "spent": vars(total)}
        atomic.write_json(self.folder / "rows.json", state)
        self._synced_at = time.monotonic()

    def finish(self, target: Path, meta: dict, spent: Spent) -> None:
        """Moves the folder to ``target`` by one rename; after a kill before it, the next attempt finds all rows."""
        self.sync(spent)
        del self._array
        (self.folder / "meta.json").write_text(json.dumps(meta | {"cost": vars(self.spent_before + spent)}))
        atomic.publish(self.folder, target)
        (target / "rows.json").unlink(missing_ok=True)
