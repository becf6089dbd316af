"""Room on the disk: for what somebody sends, and for runs that are about to start."""

import shutil
from pathlib import Path

from core.errors import InvalidInput, NoSpace
from core.settings import Settings
from core.text.units import size as size_words

MOST_BYTES = 200 * 10**9
"""Of one uploaded file."""
KEEP_FREE_BYTES = 10**9
"""Disk space that an upload leaves free, because the import stores the photos too."""


def require_room(folder: Path, size: int, name: str, promised: int = 0) -> None:
    """Refuse a file that is empty, too large, or does not fit on the disk.

    Args:
        size: in bytes, as it was announced. name: for the sentence. promised: bytes that others may still send.

    Raises:
        InvalidInput: its size. NoSpace: the disk would be full.
    """
    if not 0 < size <= MOST_BYTES:
        raise InvalidInput(f"A file must have 1 byte to {size_words(MOST_BYTES)}. Received: {size_words(size)}")
    free = max(0, shutil.disk_usage(folder).free - promised)
    if size + KEEP_FREE_BYTES > free:
        raise NoSpace(
            f"{name!r} has {size_words(size)} and only {size_words(free)} of the disk are free "
            f"({size_words(KEEP_FREE_BYTES)} stay free{_promised(promised)}). Nothing was uploaded."
        )


def _promised(promised: int) -> str:
    return f", {size_words(promised)} are kept for unfinished uploads" if promised else ""


LOW_BYTES, LOW_SHARE = 2 * 10**9, 0.02
"""Free space below which no waiting run starts, unless it was chosen: the smaller of the two."""


def free_bytes(settings: Settings) -> int:
    """Free space on the disk of the home.

    Raises:
        OSError: it is gone.
    """
    return shutil.disk_usage(_existing(settings.home)).free


def low_space(settings: Settings) -> str:
    """Why no waiting run starts now, as a sentence; "" while there is room, or where that is not known."""
    try:
        usage = shutil.disk_usage(_existing(settings.home))
    except OSError:
        return ""
    chosen = settings.low_space_bytes
    mark = min(LOW_BYTES, round(LOW_SHARE * usage.total)) if chosen is None else chosen
    if usage.free >= mark:
        return ""
    return (
        f"Waiting runs do not start: {size_words(usage.free)} of the disk are free, and {size_words(mark)} stay free "
        "(GRAFT_FREE_GB). Delete runs, datasets or stored features you no longer need; then they start by themselves."
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
