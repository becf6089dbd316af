"""Room on the disk for what somebody sends."""

import shutil
from pathlib import Path

from core.errors import InvalidInput, NoSpace
from core.text.units import size as size_words

MOST_BYTES = 200 * 10**9
"""Of one uploaded file."""
KEEP_FREE_BYTES = 10**9
"""Disk space that an upload leaves free, because the import stores the photos too."""


def require_room(folder: Path, size: int, name: str) -> None:
    """Refuse a file that is empty, too large, or does not fit on the disk.

    Args:
        size: in bytes, as it was announced. name: for the sentence.

    Raises:
        InvalidInput: its size. NoSpace: the disk would be full.
    """
    if not 0 < size <= MOST_BYTES:
        raise InvalidInput(f"A file must have 1 byte to {size_words(MOST_BYTES)}. Received: {size_words(size)}")
    free = shutil.disk_usage(folder).free
    if size + KEEP_FREE_BYTES > free:
        raise NoSpace(
            f"{name!r} has {size_words(size)} and only {size_words(free)} of the disk are free "
            f"({size_words(KEEP_FREE_BYTES)} stay free). Nothing was uploaded."
        )
