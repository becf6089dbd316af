"""Writing files and folders whole or not at all; the checksum of a file.

Everything is written to a hidden draft that ends in ``.part``, in the same folder, and renamed when it is complete: a
reader sees the old content or all of the new one. A draft is removed when writing fails; after SIGKILL or a power cut
it stays, under a name that no reader looks for, until a supervisor deletes it (``core.files.leftovers``).
"""

import ctypes
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path

_fences: list[Callable[[], None]] = []


def set_fence(fence: Callable[[], None] | None) -> None:
    """What is called right before a file or folder of this process gets its name; it may wait, or raise to prevent it.

    For a process that may have lost the right to write while it stood still.
    """
    _fences[:] = [fence] if fence else []


def pass_fence() -> None:
    """Call the fence; before deleting what another writer may need."""
    for fence in _fences:
        fence()


@contextmanager
def replacing(path: Path, *, durable: bool = True, alone: bool = False) -> Iterator[Path]:
    """The path of a draft to write; it becomes ``path`` at the end of the block.

    Of two writers at once the last one wins.

    Args:
        durable: the content and then the name have reached the disk afterwards. Without it a power cut may lose the
            file: for content that is useless after one, or soon written again.
        alone: the caller holds a lock, so the draft needs no unique name, and one left by a kill is overwritten. For
            large files.
    """
    draft = _beside(path) if alone else _beside(path, f".{secrets.token_hex(4)}")
    try:
        yield draft
        if durable:
            sync(draft)
        pass_fence()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if durable:
        sync(path.parent)


def write_json(path: Path, content: object, *, durable: bool = True) -> None:
    """Writes ``path`` as ``replacing`` does."""
    with replacing(path, durable=durable) as draft:
        draft.write_text(json.dumps(content))


@contextmanager
def replacing_folder(target: Path, writer: str = "") -> Iterator[Path]:
    """An empty draft folder; at the end of the block it becomes ``target``. For one writer of each name at a time.

    Args:
        writer: part of the name of the draft (``.<name>.<writer>.part``), so that two writers do not share one.
    """
    pass_fence()
    draft = _beside(target, f".{writer}" if writer else "")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        publish(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def publish(folder: Path, target: Path) -> None:
    """Renames a finished flat folder to ``target``, which it replaces; its files reach the disk first."""
    sync(*folder.iterdir(), folder)
    pass_fence()
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
    sync(target.parent)


def replace_folder(draft: Path, target: Path) -> None:
    """Renames ``draft`` to ``target``; a folder that was there is put aside first, and then deleted."""
    before = _beside(target, ".before")
    shutil.rmtree(before, ignore_errors=True)
    with suppress(FileNotFoundError):
        target.rename(before)
    draft.rename(target)
    sync(target.parent)
    shutil.rmtree(before, ignore_errors=True)


def sync_file_system(folder: Path) -> None:
    """Sync the whole file system of a folder once, which is faster than fsync on thousands of small files."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
    finally:
        os.close(descriptor)


def sync(*paths: Path) -> None:
    """The content of files, and the names in folders, have reached the disk afterwards."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def digest_of(path: Path, kind: str = "sha256") -> str:
    """Checksum of a file, hex. The file is read once per process while its time and size stay the same.

    Args:
        kind: as ``hashlib`` calls it.
    """
    state = path.stat()
    return _digest(path, kind, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4096)
def _digest(path: Path, kind: str, _modified: int, _size: int) -> str:
    with path.open("rb") as file:
        return file_digest(file, kind).hexdigest()


def _beside(path: Path, token: str = "") -> Path:
    return path.with_name(f".{path.name}{token}.part")
