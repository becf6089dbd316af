"""Logs of runs: read in pieces while they grow, and cut before they fill the disk."""

import codecs
import os
from pathlib import Path
from typing import BinaryIO

from core.files.home import run_folder
from core.settings import Settings

KEPT = 10**6
"""Bytes of a log that is cut while the trainer continues to write."""
PIECE = 256 * 1024
"""Bytes that one call of ``tail`` returns at most."""


def tail(run_id: str, settings: Settings, offset: int = 0) -> tuple[str, int]:
    """At most ``PIECE`` bytes of text from byte ``offset`` on, and the offset of the next call.

    A negative offset counts from the end and starts at the next whole line. An offset beyond the end, as after a cut,
    starts at the beginning. Without a log: ``("", 0)``.
    """
    try:
        with run_folder(settings, run_id).log.open("rb") as file:
            start = _start(file, offset)
            return _whole_characters(file.read(PIECE), start)
    except FileNotFoundError:
        return "", 0


def _start(file: BinaryIO, offset: int) -> int:
    size = file.seek(0, os.SEEK_END)
    start = max(0, size + offset) if offset < 0 else offset if offset <= size else 0
    file.seek(start)
    if offset < 0 and start > 0:
        start += len(file.readline())
    return start


def _whole_characters(data: bytes, start: int) -> tuple[str, int]:
    """Text of ``data`` without an incomplete last character, and the offset behind it."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = decoder.decode(data)
    pending = decoder.getstate()[0]
    return text, start + len(data) - len(pending)


def last_lines(path: Path, count: int = 1) -> list[str]:
    """The last lines that are not blank, for a message about what went wrong."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip()][-count:]


def open_log(path: Path) -> int:
    """A descriptor that always writes at the end, also after the log was cut."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def trim(path: Path, limit: int, kept: int = KEPT) -> bool:
    """Cut a log that is longer than ``limit``, in place, because the trainer has the file open; True when it was cut.

    The end is copied to the front before the file is truncated, so that a kill in between leaves a log. Lines that the
    trainer writes meanwhile are lost.
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
