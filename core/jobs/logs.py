"""A run's log: read piece by piece while it grows, and kept from filling the disk."""

import codecs
import os
from pathlib import Path

from core.files.home import run_folder
from core.settings import Settings

LIMIT = 20 * 10**6
"""Bytes; a log beyond this is cut down to its last ``KEPT`` bytes while the trainer goes on writing."""
KEPT = 10**6
PIECE = 256 * 1024
"""Bytes one call of ``tail`` returns at most."""


def tail(run_id: str, settings: Settings, offset: int = 0) -> tuple[str, int]:
    """Text from byte ``offset`` on, at most ``PIECE`` bytes, and the offset to ask for next.

    A negative offset starts that many bytes before the end, at a whole line. After the log was cut, an offset beyond
    its end starts again at the beginning. No log yet: ``("", 0)``.
    """
    try:
        with run_folder(settings, run_id).log.open("rb") as file:
            start = _start(file, offset)
            return _whole_characters(file.read(PIECE), start)
    except FileNotFoundError:
        return "", 0


def _start(file, offset: int) -> int:
    size = file.seek(0, os.SEEK_END)
    start = max(0, size + offset) if offset < 0 else offset if offset <= size else 0
    file.seek(start)
    if offset < 0 and start > 0:
        start += len(file.readline())
    return start


def _whole_characters(data: bytes, start: int) -> tuple[str, int]:
    """Text of ``data`` without a character whose last bytes are still to come."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(data)
    pending = decoder.getstate()[0]
    return text, start + len(data) - len(pending)


def last_lines(path: Path, count: int = 1) -> list[str]:
    """The last lines that say something, for a sentence about what went wrong."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip()][-count:]


def open_log(path: Path) -> int:
    """A descriptor that always writes at the end, wherever the end is after the log was cut."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def trim(path: Path, limit: int = LIMIT, kept: int = KEPT) -> bool:
    """Cut a log that grew beyond ``limit``; the file stays the same, because the trainer holds it open.

    The end is copied to the front first, so that a reader and a kill in between find a log either way. Lines the
    trainer writes in these milliseconds are lost.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    if size <= limit:
        return False
    note = f"[Graft cut this log: it had grown to {size / 1e6:.0f} MB. What follows is its end.]\n"
    with path.open("r+b") as file:
        file.seek(-kept, os.SEEK_END)
        file.readline(4096)
        content = note.encode() + file.read(kept)
        file.seek(0)
        file.write(content)
        file.truncate(len(content))
    return True
