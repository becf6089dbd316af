"""Compressed TAR archives, and an archive that holds nothing but an archive: unpacked once into a temporary file.

The file lies in a locked folder below ``datasets`` of the home, like an import that is not finished: it is deleted when
it is no longer needed, and after a kill by the next ``sweep``.
"""

import bz2
import errno
import gzip
import lzma
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.datasets.archives.listing import check_path, parts_of
from core.datasets.archives.members import CHUNK, Member, member_chunks
from core.datasets.archives.tars import BLOCK, is_tar
from core.datasets.archives.uploads import archive_entries
from core.datasets.archives.zips import RATIO_FROM, RATIO_LIMIT, TOTAL_LIMIT, zip_row_count
from core.datasets.layout import is_junk
from core.datasets.staging import scratch
from core.errors import InvalidInput, NoSpace, Refused
from core.settings import Settings

KEEP_FREE_BYTES = 500 * 10**6
_XZ_MEMORY = 256 * 2**20
_FEW = 20
"""Entries of an archive that may hold nothing but an archive; what operating systems add to it included."""

_CUT_OFF = "The archive is damaged or incomplete: it cannot be decompressed to its end. Upload it again."
_NO_TAR = "The file is compressed and holds no TAR archive. Pack the folder of photos as ZIP, TAR or TAR.GZ."


@contextmanager
def unpacked(source: Path, settings: Settings, *, check: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """The folder, ZIP or TAR archive of an upload, without compression or another archive around it.

    Args:
        check: called for every ``CHUNK`` that is unpacked; an error it raises stops that.

    Yields:
        ``source`` itself where it needs no unpacking, else a file that is deleted at the end.

    Raises:
        Refused: what is in it is no archive, damaged, or unpacks to too much. NoSpace: the disk is full.
    """
    if not _needs_unpacking(source):
        yield source
        return
    with scratch(settings) as folder:
        outer = _without_compression(source, folder / "outer", check)
        inner = _only_archive(outer)
        if inner is None:
            yield outer
            return
        with open(outer, "rb") as file:
            try:
                _write(member_chunks(file, inner), folder / "inner", TOTAL_LIMIT, check)
            except InvalidInput as error:
                raise Refused(f"The archive inside the upload {error}.") from None
        yield _without_compression(folder / "inner", folder / "inner.tar", check)


def _needs_unpacking(source: Path) -> bool:
    try:
        return source.is_file() and bool(_opener(source) or _only_archive(source))
    except OSError:  # ``open_upload`` says so
        return False


def _opener(path: Path) -> Callable[[Path], Iterator[bytes]] | None:
    """What decompresses the file; None if it is not compressed."""
    with open(path, "rb") as file:
        start = file.read(6)
    kinds = {b"\x1f\x8b": _gzip_chunks, b"BZh": _bzip2_chunks, b"\xfd7zXZ\0": _xz_chunks}
    return next((opener for magic, opener in kinds.items() if start.startswith(magic)), None)


def _without_compression(path: Path, target: Path, check: Callable[[], None]) -> Path:
    opener = _opener(path)
    if opener is None:
        return path
    limit = min(TOTAL_LIMIT, max(RATIO_FROM, RATIO_LIMIT * path.stat().st_size))
    _write(_tar_chunks(opener(path)), target, limit, check)
    return target


def _only_archive(path: Path) -> Member | None:
    """The only file in an archive where that is an archive itself."""
    with open(path, "rb") as file:
        start = file.read(BLOCK)
    if not is_tar(start) and zip_row_count(path) > _FEW:
        return None
    found = None
    for entry in archive_entries(path)[0]:
        name = entry.raw_name.decode("utf-8", "replace")
        check_path(name)
        if entry.source is None or is_junk(parts_of(name.replace("\\", "/"))):
            continue
        if found is not None or entry.problem or not isinstance(entry.source, Member):
            return None
        found = entry.source
    return found if found and _is_archive(path, found) else None


def _is_archive(path: Path, member: Member) -> bool:
    with open(path, "rb") as file:
        try:
            start = next(member_chunks(file, member), b"")
        except InvalidInput:
            return False
    return start.startswith((b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")) or is_tar(start[:BLOCK])


def _tar_chunks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, once the first of them begins like a TAR archive."""
    try:
        first = next(chunks, b"")
        if not is_tar(first[:BLOCK]):
            raise Refused(_NO_TAR)
        yield first
        yield from chunks
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        raise Refused(_CUT_OFF) from None


def _gzip_chunks(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _bzip2_chunks(path: Path) -> Iterator[bytes]:
    with bz2.open(path) as file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _xz_chunks(path: Path) -> Iterator[bytes]:
    """Streams of an xz file one after the other, each with a limit of memory, which ``lzma.open`` does not have."""
    with open(path, "rb") as file:
        rest = file.read(CHUNK)
        while rest.strip(b"\0"):
            stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
            while not stream.eof:
                data = stream.decompress(rest, CHUNK)
                rest = file.read(CHUNK) if stream.needs_input else b""
                if not data and not rest and stream.needs_input:
                    raise EOFError
                yield data
            rest = stream.unused_data or file.read(CHUNK)


def _write(chunks: Iterable[bytes], target: Path, limit: int, check: Callable[[], None]) -> None:
    """Writes to ``target``, at most ``limit`` bytes and no further than the disk allows.

    Raises:
        Refused: it is more. NoSpace: the disk is full.
    """
    written = 0
    with open(target, "wb") as file:
        for chunk in chunks:
            check()
            written += len(chunk)
            if written > limit:
                raise Refused(f"The archive unpacks to more than {limit / 2**20:,.0f} MB, as decompression bombs do.")
            _check_space(target, len(chunk))
            _append(file, chunk)


def _check_space(target: Path, more: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if free - more < KEEP_FREE_BYTES:
        raise NoSpace(
            f"The archive is unpacked beside the photos, and the disk has only {free / 1e6:,.0f} MB left. Free some "
            "space and import again; nothing was changed."
        )


def _append(file: BinaryIO, chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace("The disk became full while the archive was unpacked; nothing was kept.") from None
        raise
