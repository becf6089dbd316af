"""Reading one file of an upload, never past its size: a member of an archive by its offset, or a plain file."""

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInput

FILE_LIMIT = 256 * 2**20
"""Bytes a single file may have; the largest uncompressed photo within the pixel limit is about that."""

CHUNK = 2**20
STORED, DEFLATED = 0, 8
PLAIN = -1
"""Of a member of a TAR archive: its bytes as they are, without a header or checksum."""

_NOT_DEFLATED = "is damaged in the archive (it cannot be decompressed)"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of an archive, as its table of contents describes it.

    Args:
        raw_name: its path inside the archive.
        offset: of its local header from the start of the file, of its content where the method is ``PLAIN``;
            ``packed`` and ``size``: bytes before and after decompression; ``method``: of compression; ``crc``: CRC-32
            of the content, 0 where the method is ``PLAIN``.
    """

    raw_name: bytes
    offset: int
    packed: int
    size: int
    method: int
    crc: int


@dataclass(frozen=True, kw_only=True)
class ParquetRow:
    """A photo inside a Parquet file of an upload: its bytes lie in ``row`` (from 0) of ``column``."""

    file: Member | Path
    column: str
    row: int


def read_member(archive: BinaryIO, member: Member) -> bytes:
    """The content of a member.

    Reads at most ``packed`` and unpacks at most ``size + 1`` bytes, whatever the archive contains.

    Raises:
        InvalidInput: with the reason as a sentence fragment.
    """
    _seek_content(archive, member)
    data = _unpacked(archive.read(member.packed), member)
    _check_content(len(data), zlib.crc32(data), member)
    return data


def member_chunks(archive: BinaryIO, member: Member) -> Iterator[bytes]:
    """The content of a member that may be larger than memory, at most ``CHUNK`` bytes at a time.

    Raises:
        InvalidInput: as ``read_member``.
    """
    _seek_content(archive, member)
    packed, size, crc = member.packed, 0, 0
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    rest = data = b""
    while size <= member.size and (packed or rest or len(data) == CHUNK):
        if not rest and packed:
            rest = archive.read(min(CHUNK, packed))
            packed = packed - len(rest) if rest else 0
        try:
            data = inflater.decompress(rest, CHUNK) if _is_deflated(member) else rest
        except zlib.error:
            raise InvalidInput(_NOT_DEFLATED) from None
        rest = inflater.unconsumed_tail
        size, crc = size + len(data), zlib.crc32(data, crc)
        yield data
    _check_content(size, crc, member)


def _seek_content(archive: BinaryIO, member: Member) -> None:
    archive.seek(member.offset)
    if member.method == PLAIN:
        return
    header = archive.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise InvalidInput("is damaged in the archive (no header at its place)")
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    if archive.read(name_length) != member.raw_name:
        raise InvalidInput("has another name inside the archive than in its table of contents")
    archive.seek(extra_length, os.SEEK_CUR)


def _check_content(size: int, crc: int, member: Member) -> None:
    if size != member.size:
        raise InvalidInput("has another size than the archive declares")
    if member.method != PLAIN and crc != member.crc:
        raise InvalidInput("is damaged in the archive (its checksum does not match)")


def _unpacked(packed: bytes, member: Member) -> bytes:
    if not _is_deflated(member):
        return packed
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.size + 1)
    except zlib.error:
        raise InvalidInput(_NOT_DEFLATED) from None


def _is_deflated(member: Member) -> bool:
    if member.method not in (PLAIN, STORED, DEFLATED):
        raise InvalidInput("is compressed by an unusual method; pack the archive again with plain ZIP compression")
    return member.method == DEFLATED


def read_file(path: Path) -> bytes:
    """The content of a regular file; links and devices are not followed.

    Raises:
        InvalidInput: with the reason as a sentence fragment.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InvalidInput("is not a regular file")
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise InvalidInput(f"cannot be read ({error.strerror})") from None
    if len(data) > FILE_LIMIT:
        raise InvalidInput(f"is larger than {FILE_LIMIT // 2**20} MB")
    return data
