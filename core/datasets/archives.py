"""The policy for ZIP archives: the table of contents is read and judged before any content is touched.

Python's ``zipfile`` accepts overlapping members, keeps the last of duplicate names and fails in a dozen ways on odd
archives, so the table is read here, number by number, and an archive that breaks one rule is refused whole.
"""

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.datasets.members import FILE_LIMIT, Member
from core.datasets.names import is_unsafe, same, shown
from core.errors import Refused

MEMBER_LIMIT = 50_000
TOTAL_LIMIT = 50 * 2**30
RATIO_LIMIT = 200
RATIO_FROM = 2**20
"""Members that unpack to less than this may have any ratio: they cannot exhaust anything."""

_TABLE_LIMIT = 64 * 2**20
_PATH_LENGTH = 1000
_ENTRY = struct.Struct("<4s2B5H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800


@dataclass(frozen=True)
class _Table:
    """Where the table of contents lies; ``shift`` is what precedes the archive proper in its file."""

    start: int
    size: int
    count: int
    shift: int


@dataclass(frozen=True)
class _Entry:
    """One row of the table: a member with what only the policy needs."""

    member: Member
    flags: int
    mode: int

    @property
    def is_folder(self) -> bool:
        return self.member.name.endswith("/")


def read_contents(path: Path) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """Files and folders of a ZIP archive that keeps the policy.

    Returns:
        The files in the order of the archive, and the names of its folder entries.

    Raises:
        Refused: it is no ZIP archive, is incomplete, or breaks the policy; one sentence that names what and why.
    """
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        table = _find_table(file, size)
        file.seek(table.start)
        entries = tuple(_entries(file.read(table.size), table))
    if not entries:
        raise Refused("The archive is empty. Pack the folder with one folder of photos per class.")
    for entry in entries:
        _check_entry(entry)
    files = tuple(entry.member for entry in entries if not entry.is_folder)
    _check_total(files, size)
    _check_overlap(entries, table)
    _check_duplicates(files)
    return files, tuple(entry.member.name for entry in entries if entry.is_folder)


def parts_of(name: str) -> tuple[str, ...]:
    """Folders and file name of a member; doubled slashes and ``.`` mean nothing."""
    return tuple(part for part in name.split("/") if part not in ("", "."))


def _find_table(file: BinaryIO, size: int) -> _Table:
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
    if count > MEMBER_LIMIT:
        raise Refused(_too_many(count))
    if table_size > _TABLE_LIMIT:
        raise Refused(f"The archive's table of contents is too large ({table_size // 2**20} MB).")
    return _Table(start, table_size, count, start - offset)


def _why_no_table(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(8)
    if not start:
        return "The file is empty (0 bytes), not a ZIP archive. Upload it again."
    if start.startswith(b"PK\x03\x04"):
        return "The archive is incomplete: its end is missing, perhaps the upload was cut off. Upload it again."
    others = {
        b"Rar!": "a RAR",
        b"7z\xbc\xaf": "a 7-Zip",
        b"\x1f\x8b": "a gzip",
        b"BZh": "a bzip2",
        b"\xfd7zXZ": "an xz",
    }
    for magic, kind in others.items():
        if start.startswith(magic):
            return f"This is {kind} archive; Graft reads ZIP archives. Pack the folder as ZIP."
    return "This is not a ZIP archive. Pack the folder with one folder of photos per class as ZIP."


def _too_many(count: int) -> str:
    return (
        f"The archive holds {count:,} files and at most {MEMBER_LIMIT:,} are accepted. "
        "Import the unpacked folder on the server instead."
    )


def _entries(table: bytes, place: _Table) -> Iterator[_Entry]:
    at = count = 0
    while at + 4 <= len(table) and table[at : at + 4] == b"PK\x01\x02":
        count += 1
        if count > MEMBER_LIMIT:
            raise Refused(_too_many(count))
        if at + _ENTRY.size > len(table):
            break
        entry, at = _entry(table, at, place.shift)
        yield entry
    if at != len(table) or count != place.count:
        raise Refused("The archive is damaged: its table of contents is inconsistent. Pack it again.")


def _entry(table: bytes, at: int, shift: int) -> tuple[_Entry, int]:
    row = _ENTRY.unpack_from(table, at)
    flags, method, crc, packed, size = row[4], row[5], *row[8:11]
    name_length, extra_length, comment_length = row[11:14]
    mode, offset = row[16] >> 16, row[17]
    at += _ENTRY.size
    raw_name = table[at : at + name_length]
    extra = table[at + name_length : at + name_length + extra_length]
    size, packed, offset = _wide(extra, size, packed, offset)
    member = Member(
        name=_name(raw_name, utf8=bool(flags & _UTF8)),
        raw_name=raw_name,
        offset=offset + shift,
        packed=packed,
        size=size,
        method=method,
        crc=crc,
    )
    return _Entry(member, flags, mode), at + name_length + extra_length + comment_length


def _wide(extra: bytes, *fields: int) -> list[int]:
    """Zip64: fields of the entry that are all ones stand, in this order, in the extra block of kind 1."""
    values, at = list(fields), 0
    wide = [index for index, value in enumerate(values) if value == 0xFFFFFFFF]
    while wide and at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1 and length >= 8 * len(wide) and at + 4 + length <= len(extra):
            for index, value in zip(wide, struct.unpack_from(f"<{len(wide)}Q", extra, at + 4), strict=True):
                values[index] = value
            break
        at += 4 + length
    return values


def _name(raw: bytes, *, utf8: bool) -> str:
    """Names without the UTF-8 mark are UTF-8 all the same from macOS and most Linux tools; else DOS's code page."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        if utf8:
            raise Refused(f"The archive holds a name that is no text: {shown(raw.decode('latin-1'))}.") from None
        return raw.decode("cp437")


def _check_entry(entry: _Entry) -> None:
    member = entry.member
    problem = _name_problem(member.name) or _kind_problem(entry) or _size_problem(member)
    if problem:
        raise Refused(f"The archive was refused: {shown(member.name)} {problem}.")


def _name_problem(name: str) -> str | None:
    if is_unsafe(name):
        return "has control or invisible characters in its name"
    if "\\" in name:
        return "has a backslash in its name; pack the archive again with forward slashes"
    if name.startswith("/") or name[1:2] == ":":
        return "has an absolute path"
    if ".." in name.split("/"):
        return "points outside of the archive ('..')"
    if not parts_of(name):
        return "has no name"
    if len(name) > _PATH_LENGTH:
        return f"has a path of more than {_PATH_LENGTH} characters"
    return None


def _kind_problem(entry: _Entry) -> str | None:
    if entry.flags & _ENCRYPTED:
        return "is encrypted; pack the archive again without a password"
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFLNK:
        return "is a link, not a file"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a device, not a file"
    return None


def _size_problem(member: Member) -> str | None:
    if member.size > FILE_LIMIT:
        return f"is declared as {member.size // 2**20:,} MB; a file may have {FILE_LIMIT // 2**20} MB"
    if member.size > RATIO_FROM and member.size > RATIO_LIMIT * member.packed:
        return f"unpacks to more than {RATIO_LIMIT} times its packed size, as decompression bombs do"
    return None


def _check_total(files: tuple[Member, ...], size: int) -> None:
    total = sum(member.size for member in files)
    if total > TOTAL_LIMIT:
        raise Refused(
            f"The archive unpacks to {total / 2**30:,.0f} GB and at most {TOTAL_LIMIT // 2**30} GB are accepted. "
            "Import the unpacked folder on the server instead."
        )
    if total > RATIO_FROM and total > RATIO_LIMIT * size:
        raise Refused(f"The archive unpacks to more than {RATIO_LIMIT} times its size, as decompression bombs do.")


def _check_overlap(entries: tuple[_Entry, ...], table: _Table) -> None:
    """Members that share bytes declare far more than is there; honest archives have none."""
    members = sorted((entry.member for entry in entries), key=lambda member: member.offset)
    ends = [member.offset + 30 + member.packed for member in members]
    starts = [member.offset for member in members[1:]] + [table.start]
    for member, end, start in zip(members, ends, starts, strict=True):
        if end > start:
            raise Refused(f"The archive was refused: {shown(member.name)} overlaps with what follows it.")


def _check_duplicates(files: tuple[Member, ...]) -> None:
    seen: dict[str, str] = {}
    for member in files:
        key = same("/".join(parts_of(member.name)))
        if key in seen:
            first = shown(seen[key])
            raise Refused(f"The archive holds two files of one name: {first} and {shown(member.name)}. Rename one.")
        seen[key] = member.name
