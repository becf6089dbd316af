"""What is in an artifact: its files, and the blobs that hold them.

A file is a blob of its own, unless there are very many: then small files are put together into packs of 64 MB, in the
order of their paths, because a bucket with an object for every photo takes hours to fill. The same files always give
the same packs, so an artifact that is there already is not put again.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from core.errors import InvalidInput, NotFound
from core.files.atomic import digest_of

MANY_FILES = 1_000
"""Above this number of files, small ones are packed."""
SMALL_BYTES = 8 * 2**20
PACK_BYTES = 64 * 2**20
_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class ListedFile:
    """One file: its path in the folder, its bytes, and where they begin in its blob."""

    path: str
    sha256: str
    size: int
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class ListedBlob:
    """One blob, and the files that it holds, one after the other."""

    digest: str
    size: int
    files: tuple[ListedFile, ...]

    @property
    def is_pack(self) -> bool:
        return len(self.files) > 1


@dataclass(frozen=True, kw_only=True)
class Listing:
    """All files of an artifact, by blob."""

    blobs: tuple[ListedBlob, ...]

    @property
    def files(self) -> int:
        return sum(len(blob.files) for blob in self.blobs)

    @property
    def size_bytes(self) -> int:
        return sum(blob.size for blob in self.blobs)

    def encoded(self) -> bytes:
        """The bytes that are stored: the same files always give the same bytes."""
        blobs = [
            [blob.digest, blob.size, [[file.path, file.sha256, file.size] for file in blob.files]]
            for blob in self.blobs
        ]
        return json.dumps({"format": _FORMAT, "blobs": blobs}, separators=(",", ":")).encode()


def decoded(content: bytes) -> Listing:
    """Reverse of ``encoded``.

    Raises:
        InvalidInput: it is of a newer Graft, or names a path outside of its folder.
    """
    try:
        parsed = json.loads(content)
        if parsed["format"] != _FORMAT:
            raise InvalidInput("This artifact was published by a newer Graft. Update Graft on this machine.")
        return Listing(blobs=tuple(_blob(*entry) for entry in parsed["blobs"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"This is no listing of an artifact ({type(error).__name__}).") from error


def _blob(digest: str, size: int, entries: Iterable[Sequence]) -> ListedBlob:
    files, offset = [], 0
    for path, file_digest, file_size in entries:
        _require_inside(path)
        files.append(ListedFile(path=path, sha256=file_digest, size=file_size, offset=offset))
        offset += file_size
    if offset != size:
        raise ValueError("sizes")
    return ListedBlob(digest=digest, size=size, files=tuple(files))


def _require_inside(path: str) -> None:
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts or "\0" in path or "\\" in path:
        raise InvalidInput(f"An artifact may only have files in its own folder. Received: {path[:200]!r}")


def listing_of(folder: Path, names: Sequence[str] | None = None) -> Listing:
    """The listing of a folder, whose files are read once. Hidden files and folders are left out.

    Args:
        names: of the files that belong to it, where not all do; those that are missing are left out.

    Raises:
        NotFound: there is nothing.
    """
    paths = sorted(files_of(folder, names))
    if not paths:
        raise NotFound(f"There is nothing to publish in {folder}.")
    sizes = {path: (folder / path).stat().st_size for path in paths}
    packs = _packs(paths, sizes)
    packed = {path for pack in packs for path in pack}
    alone = [_blob_of(folder, [path]) for path in paths if path not in packed]
    return Listing(blobs=(*alone, *(_blob_of(folder, pack) for pack in packs)))


def files_of(folder: Path, names: Sequence[str] | None = None) -> Iterator[str]:
    """The paths of its files in a folder, of which ``names`` belong to it; hidden ones are left out otherwise."""
    if names is not None:
        yield from (name for name in names if (folder / name).is_file())
        return
    for place, inner, files in os.walk(folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        yield from (Path(place, name).relative_to(folder).as_posix() for name in files if not name.startswith("."))


def _packs(paths: Sequence[str], sizes: dict[str, int]) -> list[list[str]]:
    small = [path for path in paths if sizes[path] <= SMALL_BYTES]
    if len(small) <= MANY_FILES:
        return []
    packs: list[list[str]] = [[]]
    filled = 0
    for path in small:
        if packs[-1] and filled + sizes[path] > PACK_BYTES:
            packs.append([])
            filled = 0
        packs[-1].append(path)
        filled += sizes[path]
    return packs


def _blob_of(folder: Path, paths: Sequence[str]) -> ListedBlob:
    if len(paths) == 1:
        file = folder / paths[0]
        digest, size = digest_of(file), file.stat().st_size
        return ListedBlob(digest=digest, size=size, files=(ListedFile(path=paths[0], sha256=digest, size=size),))
    whole, files, offset = sha256(), [], 0
    for path in paths:
        content = (folder / path).read_bytes()
        whole.update(content)
        files.append(ListedFile(path=path, sha256=sha256(content).hexdigest(), size=len(content), offset=offset))
        offset += len(content)
    return ListedBlob(digest=whole.hexdigest(), size=offset, files=tuple(files))


def content_of(folder: Path, blob: ListedBlob) -> Path | bytes:
    """What is put as this blob: the file itself, or the content of all files of a pack."""
    if not blob.is_pack:
        return folder / blob.files[0].path
    return b"".join((folder / file.path).read_bytes() for file in blob.files)
