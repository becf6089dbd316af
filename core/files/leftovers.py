"""Drafts that killed processes left (``core.files.atomic``): no reader looks for them, and nobody else deletes them."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

DRAFT_SECONDS = 3600.0
"""A draft that was not written to for so long belongs to no process that still writes it."""

_DEPTH = 4
"""Folders below the home in which drafts are written: ``runs/<id>/exports/.job-<id>``."""
_WITHOUT_DRAFTS = ("photos", "unlabelled", "pool", "samples", "tensorboard", "weights", "features", ".downloads")
"""Folders with many files, none of which is replaced, and those whose drafts are continued: features, downloads."""


def remove_drafts(home: Path) -> list[Path]:
    """Deletes hidden files and folders that end in ``.part`` and are old; which were deleted."""
    removed = []
    for draft in _drafts(home, _DEPTH):
        if time.time() - _written_at(draft) > DRAFT_SECONDS:
            _remove(draft)
            removed.append(draft)
    return removed


def _drafts(folder: Path, depth: int) -> Iterator[Path]:
    with suppress(OSError):  # deleted meanwhile
        with os.scandir(folder) as entries:
            found = list(entries)
        for entry in found:
            if entry.name.startswith(".") and entry.name.endswith(".part"):
                yield Path(entry.path)
            elif depth and entry.name not in _WITHOUT_DRAFTS and entry.is_dir(follow_symlinks=False):
                yield from _drafts(Path(entry.path), depth - 1)


def _written_at(draft: Path) -> float:
    """The last time that it, or a file in it, was written; now where it is gone."""
    try:
        times = [os.stat(draft).st_mtime]
        if draft.is_dir():
            times += [entry.stat().st_mtime for entry in os.scandir(draft)]
        return max(times)
    except OSError:
        return time.time()


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
