"""The policy for ZIP archives: the table of contents is checked before any content is read.

``zipfile`` parses the table. It accepts overlapping members, keeps the last of duplicate names, ignores the number of
entries that the archive declares and reads a table of any size into memory, so an archive that breaks one rule of this
module is refused whole. Members are read by ``members.read_member``.
"""

import stat
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from core.datasets.archives.listing import DEVICE, LINK, Entry
from core.datasets.archives.members import Member
from core.datasets.names import quoted
from core.errors import Refused

MEMBER_LIMIT = 50_000
TOTAL_LIMIT = 50 * 2**30
RATIO_LIMIT = 200
RATIO_FROM = 2**20
"""Members that unpack to less than this may have any ratio: they cannot exhaust anything."""

ENTRY_LIMIT = 3 * MEMBER_LIMIT
"""Rows of a table: macOS adds one for every file, and folders have some."""

WRAP = 2**32
"""Numbers of a table without ZIP64 are modulo this."""

_TABLE_LIMIT = 64 * 2**20
_ENTRY_SIGNATURE = b"PK\x01\x02"
_LENGTHS, _LENGTHS_BEFORE_END = struct.Struct("<3H"), 18  # of name, extra block and comment; the row has 46 bytes
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENCRYPTED, _MASKED = 0x1 | 0x40, 0x2000
_UNICODE_PATH = 0x7075
_WINDOWS = (0, 10, 11, 14)  # FAT, NTFS and others of the same makers
_UTF8 = 0x800
_OTHERS = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"MSCF": "a CAB archive",
    b"xar!": "a XAR archive",
    b"\x1f\x9d": "a compress (.Z) archive",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a single photo, not an archive",
    b"\xff\xd8\xff": "a single photo, not an archive",
    b"<!doctype html": "a web page, perhaps a login in place of the download",
    b"<html": "a web page, perhaps a login in place of the download",
    b"version https://git-lfs": "a Git LFS pointer in place of the file",
}
"""What is taken for an archive, by its first bytes (in small letters where they are text)."""

_INCONSISTENT = "The archive is damaged: its table of contents is inconsistent. Pack it again."


def zip_entries(path: Path) -> tuple[list[Entry], bool]:
    """Files and folders of a ZIP archive that keeps the policy, and whether it was made on DOS or Windows.

    Raises:
        Refused: it is no ZIP archive, is incomplete, or breaks the policy; one sentence that names what and why.
    """
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        table, start, shift, count = _read_table(file, size)
        rows = _rows(table, count)
        if not rows:
            raise Refused("The archive is empty. Pack the folder with one folder of photos per class.")
        if shift and shift % WRAP == 0:
            offsets = _unwrapped(file, rows, start)
        else:
            offsets = [row.header_offset + shift for row in rows]
    members = [_member(row, offset) for row, offset in zip(rows, offsets, strict=True)]
    for row, member in zip(rows, members, strict=True):
        _check_row(row, member)
    _check_total(members, size)
    _check_overlap(members, start)
    entries = [_entry(row, member) for row, member in zip(rows, members, strict=True)]
    return entries, all(row.create_system in _WINDOWS for row in rows)


def zip_row_count(path: Path) -> int:
    """Rows that a ZIP archive says it has.

    Raises:
        Refused: it is no ZIP archive, or its table is not where it should be.
    """
    with open(path, "rb") as file:
        return _read_table(file, file.seek(0, 2))[3]


def _entry(row: ZipInfo, member: Member) -> Entry:
    is_folder = member.raw_name.endswith(b"/") or (member.raw_name.endswith(b"\\") and not member.size)
    return Entry(
        raw_name=member.raw_name,
        name=row.orig_filename if row.flag_bits & _UTF8 else _unicode_path(row.extra, member.raw_name),
        size=member.size,
        source=None if is_folder else member,
        problem="" if is_folder else _problem(row),
        content=(member.crc, member.size),
    )


def _unicode_path(extra: bytes, raw_name: bytes) -> str | None:
    """The name of Info-ZIP's Unicode Path field, unless it belongs to another name (PKWARE's APPNOTE, 4.6.9)."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if struct.unpack_from("<L", field, 1)[0] != zlib.crc32(raw_name):
                continue
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                continue
    return None


def _unwrapped(file: BinaryIO, rows: list[ZipInfo], end: int) -> list[int]:
    """Offsets of an archive of over 4 GB that was written without ZIP64, as macOS' Archive Utility does: its table has
    them modulo 2 ** 32. Its members follow each other, and each has its header where it should be.
    """
    offsets: list[int] = []
    lowest = 0
    for row in rows:
        first = row.header_offset + max(0, -(-(lowest - row.header_offset) // WRAP)) * WRAP
        found = [offset for offset in range(first, end, WRAP) if _has_header(file, offset, row)]
        if not found:
            raise Refused(_INCONSISTENT)
        offsets.append(found[0])
        lowest = found[0] + 30 + row.compress_size
    return offsets


def _has_header(file: BinaryIO, offset: int, row: ZipInfo) -> bool:
    file.seek(offset)
    header = file.read(30)
    return header[:4] == b"PK\x03\x04" and file.read(len(_raw_name(row))) == _raw_name(row)


def _read_table(file: BinaryIO, size: int) -> tuple[bytes, int, int, int]:
    """The table of contents, where it starts, how many bytes precede the archive proper in its file, and the number
    of entries that the archive declares.
    """
    tail_start = max(0, size - _END.size - 0xFFFF - 20 - _END64.size)
    file.seek(tail_start)
    tail = file.read(size - tail_start)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise Refused(_why_no_table(file))
    _, disk, table_disk, _, count, table_size, offset, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment > len(tail):
        raise Refused(_why_no_table(file))
    at64 = at - 20 - _END64.size
    if tail[at - 20 : at - 16] == b"PK\x06\x07" and at64 >= 0 and tail[at64 : at64 + 4] == b"PK\x06\x06":
        *_, disk, table_disk, _, count, table_size, offset = _END64.unpack_from(tail, at64)
        at = at64
    if disk or table_disk:
        raise Refused("The archive is one part of several. Join them into one ZIP file first.")
    start = tail_start + at - table_size
    if start < offset:
        raise Refused(
            "The archive is damaged or incomplete: its table of contents points outside of it. Pack it again."
        )
    if count > ENTRY_LIMIT:
        raise Refused(too_many(count))
    if table_size > _TABLE_LIMIT:
        raise Refused(f"The archive's table of contents is too large ({table_size // 2**20} MB).")
    file.seek(start)
    return file.read(table_size), start, start - offset, count


def _why_no_table(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(64)
    if not start:
        return "The file is empty (0 bytes), not a ZIP archive. Upload it again."
    if start.startswith(b"PK\x03\x04"):
        return "The archive is incomplete: its end is missing, perhaps the upload was cut off. Upload it again."
    return why_no_archive(start)


def why_no_archive(start: bytes) -> str:
    """What a file is that is no archive of a kind that is read; ``start``: its first bytes."""
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    begins = (start, first.lower())
    kinds = (kind for magic, kind in _OTHERS.items() if any(text.startswith(magic) for text in begins))
    kind = next(kinds, "not a ZIP or TAR archive")
    return f"This is {kind}. Graft reads ZIP, TAR, TAR.GZ, TAR.BZ2 and TAR.XZ; pack the folder of photos again."


def too_many(count: int) -> str:
    return (
        f"The archive holds {count:,} files and at most {MEMBER_LIMIT:,} are accepted. "
        "Import the unpacked folder on the server instead."
    )


def _rows(table: bytes, count: int) -> list[ZipInfo]:
    """The rows of the table, parsed by ``zipfile``.

    It is given the checked table alone, behind an end record of our own: no size or number in the archive decides how
    much it reads. Signatures are counted before, because every row becomes an object of about a kilobyte.
    """
    signatures = table.count(_ENTRY_SIGNATURE)
    if signatures > ENTRY_LIMIT:
        raise Refused(too_many(signatures))
    end = _END.pack(b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(table), 0, 0)
    try:
        with ZipFile(BytesIO(table + end)) as archive:
            rows = archive.infolist()
    except UnicodeDecodeError as error:
        raise Refused(f"The archive holds a name that is no text: {quoted(error.object.decode('latin-1'))}.") from None
    except NotImplementedError as error:
        raise Refused(f"The archive is of an unusual kind ({error}). Pack it again as plain ZIP.") from None
    except BadZipFile:
        raise Refused(_INCONSISTENT) from None
    wrapped = count < 2**16 and len(rows) % 2**16 == count  # macOS' Archive Utility again
    if not (len(rows) == count or wrapped) or (rows and not _is_whole(rows[-1], table)):
        raise Refused(_INCONSISTENT)
    return rows


def _is_whole(last: ZipInfo, table: bytes) -> bool:
    """Whether the last row ends with the table; ``zipfile`` cuts off what a row declares beyond it."""
    size = len(_raw_name(last)) + len(last.extra) + len(last.comment)
    return bool(size == sum(_LENGTHS.unpack_from(table, len(table) - size - _LENGTHS_BEFORE_END)))


def _raw_name(row: ZipInfo) -> bytes:
    return row.orig_filename.encode("utf-8" if row.flag_bits & _UTF8 else "cp437")


def _member(row: ZipInfo, offset: int) -> Member:
    return Member(
        raw_name=_raw_name(row),
        offset=offset,
        packed=row.compress_size,
        size=row.file_size,
        method=row.compress_type,
        crc=row.CRC,
    )


def _problem(row: ZipInfo) -> str:
    """Why a member alone cannot be read; "" for most."""
    if row.flag_bits & _ENCRYPTED:
        return "is encrypted; pack the archive again without a password"
    kind = stat.S_IFMT(row.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return LINK
    return "" if kind in (0, stat.S_IFREG, stat.S_IFDIR) else DEVICE


def _check_row(row: ZipInfo, member: Member) -> None:
    problem = ""
    if row.flag_bits & _MASKED:
        problem = "is encrypted; pack the archive again without a password"
    elif member.size > RATIO_FROM and member.size > RATIO_LIMIT * member.packed:
        problem = f"unpacks to more than {RATIO_LIMIT} times its packed size, as decompression bombs do"
    if problem:
        name = member.raw_name.decode("utf-8", "replace")
        raise Refused(f"The archive was refused: {quoted(name)} {problem}.")


def _check_total(members: list[Member], size: int) -> None:
    total = sum(member.size for member in members)
    if total > TOTAL_LIMIT:
        raise Refused(
            f"The archive unpacks to {total / 2**30:,.0f} GB and at most {TOTAL_LIMIT // 2**30} GB are accepted. "
            "Import the unpacked folder on the server instead."
        )
    if total > RATIO_FROM and total > RATIO_LIMIT * size:
        raise Refused(f"The archive unpacks to more than {RATIO_LIMIT} times its size, as decompression bombs do.")


def _check_overlap(members: list[Member], table_start: int) -> None:
    """Members that share bytes declare far more than is there; honest archives have none."""
    members = sorted(members, key=lambda member: member.offset)
    ends = [member.offset + 30 + member.packed for member in members]
    starts = [member.offset for member in members[1:]] + [table_start]
    for member, end, start in zip(members, ends, starts, strict=True):
        if end > start:
            name = quoted(member.raw_name.decode("utf-8", "replace"))
            raise Refused(f"The archive was refused: {name} overlaps with what follows it.")
