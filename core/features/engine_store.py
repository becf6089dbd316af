"""The folder of exported engine files: which there are, and eviction of the least recently used.

``features/engines/<name>.tflite|onnx`` and its notes, ``<name>.json``, whose modification time is the last use. Whoever
uses a file has its use lock, shared; eviction takes it exclusively. LiteRT would not need that, because a mapped file
stays valid; but ONNX Runtime's process reads the file again when it has to be started again, and a trainer links it
into the folder of its model at the end. Another lock (``features/.locks/<file>``) is held by the process that exports:
one who has used a file that was then deleted by hand could not export it again, waiting for itself, if these were one.

A file that a model has linked is stored once for both: it takes no space of its own, so it is neither counted nor
evicted until the last of these models is deleted.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.files.home import features_folder, features_lock
from core.files.locks import try_acquire
from core.settings import Settings

_SUFFIXES = (".tflite", ".onnx")


def engines_folder(settings: Settings) -> Path:
    return features_folder(settings) / "engines"


def notes_of(path: Path) -> Path:
    """What is known of an exported file: cost, deviation, or why there is none."""
    return path.with_suffix(".json")


def use_lock(path: Path, settings: Settings) -> Path:
    """Held by those who use an exported file, against eviction."""
    return features_lock(settings, f"{path.name}.use")


def touch(path: Path) -> None:
    """Records the use of an exported file."""
    with suppress(OSError):  # deleted with its backbone, or of a folder that may only be read
        os.utime(notes_of(path))


@dataclass(frozen=True, kw_only=True)
class StoredEngine:
    """One exported file that no model has linked.

    Args:
        bytes: on disk. used_at: last use, seconds since 1970; 0 where a killed eviction left the file without notes.
    """

    path: Path
    bytes: int
    used_at: float


def stored_engines(settings: Settings) -> tuple[StoredEngine, ...]:
    """Those that take space of their own, the least recently used first."""
    files = (path for path in engines_folder(settings).glob("[!.]*") if path.suffix in _SUFFIXES)
    found = [one for path in files if (one := _stored(path)) is not None]
    return tuple(sorted(found, key=lambda one: (one.used_at, one.path.name)))


def _stored(path: Path) -> StoredEngine | None:
    """None when a model has linked it, or it was evicted in the meantime."""
    try:
        state = path.stat()
    except OSError:
        return None
    if state.st_nlink > 1:
        return None
    used_at = 0.0
    with suppress(OSError):
        used_at = notes_of(path).stat().st_mtime
    return StoredEngine(path=path, bytes=state.st_size, used_at=used_at)


def evict_engines(settings: Settings) -> int:
    """Deletes the least recently used files until the rest is within the limit; returns the bytes freed.

    Files that are in use are not deleted. A deleted one is exported again when it is needed.
    """
    stored = stored_engines(settings)
    excess = sum(one.bytes for one in stored) - settings.engines_limit_bytes
    freed = 0
    for one in stored:
        if freed >= excess:
            break
        if _remove_unless_used(one.path, settings):
            freed += one.bytes
    return freed


def _remove_unless_used(path: Path, settings: Settings) -> bool:
    lock = try_acquire(use_lock(path, settings))
    if lock is None:
        return False
    with lock:
        found = _stored(path)
        if found is None:  # linked, or evicted, since it was listed
            return False
        notes_of(path).unlink(missing_ok=True)  # first: a file without notes is exported again
        path.unlink(missing_ok=True)
    return True
