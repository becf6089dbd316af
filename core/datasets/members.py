"""Reading one file of an upload, never past its size: a member of a ZIP archive by its offset, or a plain file."""

import os
import stat
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInput

FILE_LIMIT = 256 * 2**20
"""Bytes a single file may have; the largest uncompressed photo within the pixel limit is about that."""

STORED, DEFLATED = 0, 8
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of an archive, as its table of contents describes it.

    Args:
        name: its path inside the archive; ``raw_name``: the same as bytes.
        offset: of its local header from the start of the file; ``packed`` and ``size``: bytes before and after
            decompression; ``method``: of compression; ``crc``: CRC-32 of the content.
    """

    name: str
    raw_name: bytes
    offset: int
    packed: int
    size: int
    method: int
    crc: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")


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
    archive.seek(member.offset)
    header = archive.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
        raise InvalidInput("is damaged in the archive (no header at its place)")
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    if archive.read(name_length) != member.raw_name:
        raise InvalidInput("has another name inside the archive than in its table of contents")
    archive.seek(extra_length, os.SEEK_CUR)
    data = _unpacked(archive.read(member.packed), member)
    if len(data) != member.size:
        raise InvalidInput("has another size than the archive declares")
    if zlib.crc32(data) != member.crc:
        raise InvalidInput("is damaged in the archive (its checksum does not match)")
    return data


def _unpacked(packed: bytes, member: Member) -> bytes:
    if member.method == STORED:
        return packed
    if member.method != DEFLATED:
        raise InvalidInput("is compressed by an unusual method; pack the archive again with plain ZIP compression")
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.size + 1)
    except zlib.error:
        raise InvalidInput("is damaged in the archive (it cannot be decompressed)") from None


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
