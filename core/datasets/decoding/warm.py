"""Decoder processes that stay after a photo, so that the next photo of a prediction does not wait for their start."""

import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.datasets.decoding.modes import FULL_GREY
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.decoding.sandbox import Decoded, DecoderProcess, Failed, Task
from core.datasets.values import Rejection

IDLE_SECONDS = 300.0
"""A decoder without work for so long ends; the next photo starts another in about a quarter of a second."""

MEMORY_FOLDER, ROOM_BYTES = Path("/dev/shm"), 2**30
"""Linux's folder in memory, used where at least so much is free: a photo and its stored form may have 200 MB."""

PIPED_BYTES = 2**20
"""Files up to this size go to a decoder through its pipe, and their photos come back through one, which saves 0.5 ms
of creating and deleting files; larger ones lie in a folder, because a pipe holds 64 kB."""

PhotoSource = bytes | Task
"""A photo that is not stored: its bytes, or where a file of an upload lies."""


@dataclass(frozen=True)
class _Decoder:
    """One process and the folder it writes to."""

    process: DecoderProcess
    folder: Path
    used_at: float = field(default_factory=time.monotonic)


class WarmDecoders:
    """Decodes one photo at a time in processes that stay. Safe to call from several threads: as many photos at a time
    as there are cores, the others wait for their turn."""

    def __init__(self) -> None:
        self._turn = threading.Semaphore(len(os.sched_getaffinity(0)))
        self._lock = threading.Lock()
        self._idle: list[_Decoder] = []
        self._timer: threading.Timer | None = None
        weakref.finalize(self, _end_all, self._idle)

    def decode(self, name: str, source: PhotoSource, *, grey_bits: int | None = FULL_GREY) -> StoredPhoto | Rejection:
        """The photo as it would be stored, or why it cannot be used.

        Args:
            name: for the rejection. grey_bits: see ``photos.decode``.

        Raises:
            NoSpace: the disk is full. Unavailable: no decoder process can be started.
        """
        with self._one() as decoder:
            if isinstance(source, bytes) and len(source) <= PIPED_BYTES:
                found = decoder.process.decode(source, grey_bits)
            else:
                found = _by_folder(decoder, source, grey_bits)
        return Rejection(file=name, reason=found.reason) if isinstance(found, Failed) else found

    def start(self) -> None:
        """Start a process for the next photo where none waits, without waiting for it."""
        with self._lock:
            if not self._idle:
                self._idle.append(_new())
        self._end_later()

    def end(self) -> None:
        """End the processes that have no work."""
        with self._lock:
            _end_all(self._idle)

    @contextmanager
    def _one(self) -> Iterator[_Decoder]:
        with self._turn:
            decoder, asked = self._take(), False
            try:
                yield decoder
                asked = True
            finally:
                if not asked or decoder.process.ended:  # after an error its reply may be outstanding
                    _end(decoder)
                else:
                    with self._lock:
                        self._idle.append(replace(decoder, used_at=time.monotonic()))
        self._end_later()

    def _take(self) -> _Decoder:
        """The one used last; those that ended while they waited (the memory was full) are no fault of a photo."""
        with self._lock:
            while self._idle:
                decoder = self._idle.pop()
                if not decoder.process.ended:
                    return decoder
                _end(decoder)
        return _new()

    def _end_later(self) -> None:
        with self._lock:
            if self._timer is None or not self._timer.is_alive():
                self._timer = threading.Timer(IDLE_SECONDS, self._end_unused)
                self._timer.daemon = True
                self._timer.start()

    def _end_unused(self) -> None:
        with self._lock:
            self._timer = None
            longest = time.monotonic() - IDLE_SECONDS
            unused = [decoder for decoder in self._idle if decoder.used_at <= longest]
            for decoder in unused:
                self._idle.remove(decoder)
            again = bool(self._idle)
        _end_all(unused)
        if again:
            self._end_later()


def _new() -> _Decoder:
    folder = Path(tempfile.mkdtemp(prefix="graft-", dir=_in_memory()))
    return _Decoder(DecoderProcess(folder, own=True), folder)


def _in_memory() -> Path | None:
    """A folder in memory, so that a photo does not wait for a busy disk; None for the usual one: where TMPDIR names it,
    or where the one in memory is small, as in a container (64 MB in Docker's).
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY_FOLDER, os.W_OK):
        return None
    return MEMORY_FOLDER if shutil.disk_usage(MEMORY_FOLDER).free >= ROOM_BYTES else None


def _end(decoder: _Decoder) -> None:
    decoder.process.end()
    shutil.rmtree(decoder.folder, ignore_errors=True)


def _end_all(decoders: list[_Decoder]) -> None:
    while decoders:
        _end(decoders.pop())


def _by_folder(decoder: _Decoder, source: PhotoSource, grey_bits: int | None) -> StoredPhoto | Failed:
    try:
        found = decoder.process.ask(_task(source, decoder.folder, grey_bits))
        return found if isinstance(found, Failed) else _stored(found, decoder.folder)
    finally:
        for path in decoder.folder.iterdir():
            path.unlink(missing_ok=True)


def _task(source: PhotoSource, folder: Path, grey_bits: int | None) -> Task:
    if isinstance(source, Task):
        return replace(source, grey_bits=grey_bits)
    path = folder / "given"
    path.write_bytes(source)
    return Task(index=0, path=path, grey_bits=grey_bits)


def _stored(found: Decoded, folder: Path) -> StoredPhoto:
    return StoredPhoto(
        jpeg=(folder / f"{found.digest}.jpg").read_bytes(),
        width=found.width,
        height=found.height,
        grey_max=found.grey_max,
        route=found.route,
    )


decoders = WarmDecoders()
"""Those of this process."""


def decode_untrusted(
    items: Sequence[tuple[str, bytes]], *, grey_bits: int | None = FULL_GREY
) -> list[StoredPhoto | Rejection]:
    """Decode photos that are not stored.

    Args:
        items: (file name, bytes) of each photo.
        grey_bits: see ``photos.decode``.

    Returns:
        For each item in order, the stored photo or why it cannot be used.
    """
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(lambda item: decoders.decode(*item, grey_bits=grey_bits), items))
