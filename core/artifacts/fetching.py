"""Fetching an artifact: every blob is compared with its SHA-256 in a draft, which then becomes the folder at once."""

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from core.artifacts.blobs import Blobs, open_blobs
from core.artifacts.listing import ListedBlob, decoded
from core.artifacts.marks import mark, marked
from core.errors import NoSpace, Unavailable
from core.files import atomic
from core.files.folders import artifact_mark
from core.files.home import features_lock
from core.files.locks import acquire
from core.registry import Registry
from core.registry.artifacts import Artifact
from core.settings import Settings
from core.text.units import size as size_words

_SPARE_BYTES = 200 * 10**6
"""Disk space that stays free."""


class Altered(Unavailable):
    """A blob is missing, or is not what its name says. It was not used."""


def fetch(
    settings: Settings,
    registry: Registry,
    name: str,
    folder: Path,
    *,
    into: bool = False,
    alone: bool = False,
    check: Callable[[], None] | None = None,
) -> bool:
    """Brings a published artifact into ``folder``, which appears at once; a copy that is current is left alone.

    With ``GRAFT_ARTIFACTS=home`` nothing is done.

    Args:
        into: put its files, each at once, into a folder that has others too.
        alone: the caller holds a lock, so no other process of this machine fetches it.
        check: called between blobs and while another process fetches the same; it may raise to stop.

    Returns:
        Whether it is there: False when nobody has published it.

    Raises:
        Altered: a file in the store was changed, is incomplete or missing; it was fetched twice and not used.
        NoSpace: the disk of this machine is too full. StoreAway, Unavailable: see ``Blobs``.
    """
    artifact = registry.artifact(name) if settings.artifacts else None
    if artifact is None:
        return False
    lock = nullcontext() if alone else acquire(fetch_lock(settings, name), waiting=check or _go_on)
    with lock:
        if marked(artifact_mark(folder, name)) != artifact:  # the mark lies in the folder, so it goes with it
            with room(folder, name, artifact.size_bytes):
                _fetch(open_blobs(settings.artifacts), artifact, folder, into, check or _go_on)
    return True


def fetch_lock(settings: Settings, name: str) -> Path:
    """Held by the process of this machine that fetches an artifact."""
    return features_lock(settings, f"fetch-{name.replace('/', '-')}")


def _go_on() -> None:
    """Nothing stops it."""


def _fetch(blobs: Blobs, artifact: Artifact, folder: Path, into: bool, check: Callable[[], None]) -> None:
    listing = decoded(b"".join(_checked(blobs, artifact, artifact.digest)))
    draft = folder.with_name(f".{folder.name}.{artifact.name.rpartition('/')[2]}.fetched.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        for blob in listing.blobs:
            check()
            _write(blobs, artifact, blob, draft)
        mark(artifact_mark(draft, artifact.name), artifact)
        atomic.sync_file_system(draft)
        if into:
            _move_into(draft, folder, [file.path for blob in listing.blobs for file in blob.files], artifact)
        else:
            atomic.replace_folder(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move_into(draft: Path, folder: Path, paths: Sequence[str], artifact: Artifact) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*paths, artifact_mark(draft, artifact.name).name]:  # the mark is last: before it nothing is complete
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if not _grown(draft / path, folder / path):
            (draft / path).replace(folder / path)


def _grown(newer: Path, target: Path) -> bool:
    """Appends what a file has more than the one that is there; False where it does not begin like it.

    A program that reads a growing file keeps it open (TensorBoard), and would not see another one in its place.
    """
    try:
        with target.open("r+b") as file, newer.open("rb") as source:
            before = file.read()
            if not before or source.read(len(before)) != before:
                return False
            shutil.copyfileobj(source, file)
            return True
    except FileNotFoundError:
        return False


def _write(blobs: Blobs, artifact: Artifact, blob: ListedBlob, draft: Path) -> None:
    """One blob as its files. A damaged one is fetched once more: what was damaged may be the way."""
    try:
        split(_checked(blobs, artifact, blob.digest, blob.size), blob, draft)
    except Altered:
        split(_checked(blobs, artifact, blob.digest, blob.size), blob, draft)


def split(chunks: Iterator[bytes], blob: ListedBlob, draft: Path) -> None:
    """Writes the content of a blob as its files."""
    rest = b""
    for file in blob.files:
        path = draft / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as target:
            rest = _fill(target, file.size, rest, chunks)
    for _ in chunks:  # to the end, where the checksum is compared
        pass


def _fill(target: BinaryIO, size: int, rest: bytes, chunks: Iterator[bytes]) -> bytes:
    """Writes ``size`` bytes, first from ``rest``; returns what was read beyond them."""
    missing = size
    while missing:
        rest = rest or next(chunks, b"")
        if not rest:
            return b""  # shorter than it should be: the checksum says so
        part, rest = rest[:missing], rest[missing:]
        target.write(part)
        missing -= len(part)
    return rest


def _checked(blobs: Blobs, artifact: Artifact, digest: str, size: int | None = None) -> Iterator[bytes]:
    """The content of a blob in parts; after the last one Altered is raised when it was not the right content."""
    found, length = sha256(), 0
    try:
        for chunk in blobs.read(digest):
            found.update(chunk)
            length += len(chunk)
            if size is not None and length > size:
                break
            yield chunk
    except FileNotFoundError:
        raise Altered(_sentence(blobs, artifact, digest, "is missing from")) from None
    if found.hexdigest() != digest:
        raise Altered(_sentence(blobs, artifact, digest, "was changed or is incomplete in"))


def _sentence(blobs: Blobs, artifact: Artifact, digest: str, what: str) -> str:
    return (
        f"A file of {artifact.name} {what} the store of artifacts {blobs.address} (blob {digest[:16]}) and was "
        "not used. On a machine that still has it, run: python -m core artifacts --repair"
    )


@contextmanager
def room(folder: Path, name: str, size_bytes: int) -> Iterator[None]:
    """Around what brings so many bytes of an artifact into a folder.

    Raises:
        NoSpace: its disk is too full, or becomes so.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.parent).free
    sentence = (
        f"{name} needs {size_words(size_bytes)} and the disk of {folder.parent} has {size_words(free)} left. Free some "
        "space on this machine, or set GRAFT_CACHE to a larger disk."
    )
    if free < size_bytes + _SPARE_BYTES:
        raise NoSpace(sentence)
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(sentence) from error
        raise
