"""Checkpoints that survive a kill at any moment and a full disk.

One folder per epoch, written beside its final name, synced, then renamed (Keras' own callbacks overwrite in place:
killed while saving, 11 of 12 runs lost their only checkpoint). The last two and the best stay.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from core.errors import NoSpace
from core.files import atomic

STATE = "state.npz"
_SPARE_BYTES = 20 * 10**6


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The state after ``epoch`` (1-based): ``folder/state.npz``, and ``meta.json`` as a dictionary."""

    epoch: int
    folder: Path
    meta: dict

    @property
    def state(self) -> Path:
        return self.folder / STATE


class Checkpoints:
    """The checkpoints of one run, in ``runs/<id>/checkpoints``.

    Args:
        attempt: who writes; drafts are named by it.
    """

    def __init__(self, folder: Path, attempt: int = 0) -> None:
        self.folder, self._attempt = folder, attempt

    def save(self, epoch: int, write: Callable[[Path], None], meta: dict, best: int | None = None) -> Checkpoint:
        """Saves the state after ``epoch``, which ``write(path)`` writes, with ``meta``.

        Raises:
            NoSpace: the disk is full; the checkpoints before this one are untouched.
        """
        folder = self._folder_of(epoch)
        try:
            with atomic.replacing_folder(folder, str(self._attempt)) as draft:
                self._check_space(epoch)
                write(draft / STATE)
                meta = meta | {"epoch": epoch, "sha256": atomic.digest_of(draft / STATE)}
                (draft / "meta.json").write_text(json.dumps(meta))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._full(epoch) from error
            raise
        self._prune(keep={epoch, best})
        return Checkpoint(epoch=epoch, folder=folder, meta=meta)

    def latest(self) -> Checkpoint | None:
        """The newest one whose hash is right; damaged ones are skipped."""
        checkpoints = (self.at(epoch) for epoch in sorted(self.epochs(), reverse=True))
        return next((checkpoint for checkpoint in checkpoints if checkpoint is not None), None)

    def at(self, epoch: int) -> Checkpoint | None:
        """The checkpoint of one epoch; None when it is missing or damaged."""
        folder = self._folder_of(epoch)
        try:
            meta = json.loads((folder / "meta.json").read_text())
            whole = meta["sha256"] == atomic.digest_of(folder / STATE)
        except (OSError, ValueError, KeyError):
            return None
        return Checkpoint(epoch=epoch, folder=folder, meta=meta) if whole else None

    def epochs(self) -> list[int]:
        """Epochs that have a checkpoint, unchecked, in order."""
        return sorted(int(path.name) for path in self.folder.glob("[0-9]*") if path.name.isdigit())

    def inherit(self, parent: "Checkpoints", best: int | None) -> Checkpoint | None:
        """Links the last and the best checkpoint of another run; None when it has none."""
        last = parent.latest()
        if last is None:
            return None
        for checkpoint in (last, parent.at(best) if best else None):
            if checkpoint is not None and self.at(checkpoint.epoch) is None:
                self._link(checkpoint)
        return self.latest()

    def _link(self, checkpoint: Checkpoint) -> None:
        with atomic.replacing_folder(self._folder_of(checkpoint.epoch), str(self._attempt)) as draft:
            for name in (STATE, "meta.json"):
                os.link(checkpoint.folder / name, draft / name)

    def _prune(self, keep: Collection[int | None]) -> None:
        """Deletes all but the last two and ``keep``, and what killed saves of this and earlier attempts left."""
        atomic.pass_fence()
        for epoch in self.epochs()[:-2]:
            if epoch not in keep:
                shutil.rmtree(self._folder_of(epoch), ignore_errors=True)
        for leftover in self.folder.glob(".*"):
            if _attempt_of(leftover.name) <= self._attempt:
                shutil.rmtree(leftover, ignore_errors=True)

    def _folder_of(self, epoch: int) -> Path:
        return self.folder / f"{epoch:06d}"

    def _check_space(self, epoch: int) -> None:
        """Raises NoSpace before writing: filling the disk to the last byte would break other processes too."""
        sizes = [path.stat().st_size for path in self.folder.glob(f"*/{STATE}")]
        if shutil.disk_usage(self.folder).free < 2 * max(sizes, default=0) + _SPARE_BYTES:
            raise self._full(epoch)

    def _full(self, epoch: int) -> NoSpace:
        last = max(self.epochs(), default=0)
        kept = f"Epoch {last} is kept" if last else "Nothing was lost"
        return NoSpace(f"The disk is full: epoch {epoch} could not be saved. {kept}; free some space, then resume.")


def _attempt_of(draft: str) -> int:
    """Of ``.<epoch>.<attempt>.part``; 0 for a draft of an earlier version."""
    parts = draft.split(".")
    return int(parts[2]) if len(parts) == 4 and parts[2].isdigit() else 0
