"""The policy for ZIP archives: the table of contents is checked before any content is read.

``zipfile`` parses the table. It accepts overlapping members, keeps the last of duplicate names, ignores the number of
entries that the archive declares and reads a table of any size into memory, so an archive that breaks one rule of this
module is refused whole. Members are read by ``members.read_member``.
"""

import stat
import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from core.datasets.encodings import decoded
from core.datasets.members import FILE_LIMIT, Member
from core.datasets.names import is_unsafe, name_key, quoted
from core.errors import Refused

MEMBER_LIMIT = 50_000
TOTAL_LIMIT = 50 * 2**30
RATIO_LIMIT = 200
RATIO_FROM = 2**20
"""Members that unpack to less than this may have any ratio: they cannot exhaust anything."""

_TABLE_LIMIT = 64 * 2**20
_PATH_LENGTH = 1000
_ENTRY_SIGNATURE = b"PK\x01\x02"
_LENGTHS, _LENGTHS_BEFORE_END = struct.Struct("<3H"), 18  # of name, extra block and comment; the row has 46 bytes
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
_INCONSISTENT = "The archive is damaged: its table of contents is inconsistent. Pack it again."


def read_contents(path: Path, encoding: str | None = None) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """Files and folders of a ZIP archive that keeps the policy.

    Args:
        encoding: of names that are not marked as UTF-8; None for UTF-8, else DOS's code page 437.

    Returns:
        The files in the order of the archive, and the names of its folder entries.

    Raises:
        Refused: it is no ZIP archive, is incomplete, or breaks the policy; one sentence that names what and why.
    """
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        table, start, shift, count = _read_table(file, size)
    entries = _entries(table, count)
    if not entries:
        raise Refused("The archive is empty. Pack the folder with one folder of photos per class.")
    members = tuple(_member(entry, shift, encoding) for entry in entries)
    for entry, member in zip(entries, members, strict=True):
        _check_entry(entry, member)
    files = tuple(member for member in members if not member.is_folder)
    _check_total(files, size)
    _check_overlap(members, start)
    _check_duplicates(files)
    return files, tuple(member.name for member in members if member.is_folder)


def parts_of(name: str) -> tuple[str, ...]:
    """Folders and file name of a member; doubled slashes and ``.`` mean nothing."""
    return tuple(part for part in name.split("/") if part not in ("", "."))


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
    if count > MEMBER_LIMIT:
        raise Refused(_too_many(count))
    if table_size > _TABLE_LIMIT:
        raise Refused(f"The archive's table of contents is too large ({table_size // 2**20} MB).")
    file.seek(start)
    return file.read(table_size), start, start - offset, count


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


def _entries(table: bytes, count: int) -> list[ZipInfo]:
    """The rows of the table, parsed by ``zipfile``.

    It is given the checked table alone, behind an end record of our own: no size or number in the archive decides how
    much it reads. Signatures are counted before, because every row becomes an object of about a kilobyte.
    """
    signatures = table.count(_ENTRY_SIGNATURE)
    if signatures > MEMBER_LIMIT:
        raise Refused(_too_many(signatures))
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(table), 0, 0)
    try:
        with ZipFile(BytesIO(table + end)) as archive:
            entries = archive.infolist()
    except UnicodeDecodeError as error:
        raise Refused(f"The archive holds a name that is no text: {quoted(error.object.decode('latin-1'))}.") from None
    except NotImplementedError as error:
        raise Refused(f"The archive is of an unusual kind ({error}). Pack it again as plain ZIP.") from None
    except BadZipFile:
        raise Refused(_INCONSISTENT) from None
    if len(entries) != count or (entries and not _is_whole(entries[-1], table)):
        raise Refused(_INCONSISTENT)
    return entries


def _is_whole(last: ZipInfo, table: bytes) -> bool:
    """Whether the last row ends with the table; ``zipfile`` cuts off what a row declares beyond it."""
    size = len(_raw_name(last)) + len(last.extra) + len(last.comment)
    return bool(size == sum(_LENGTHS.unpack_from(table, len(table) - size - _LENGTHS_BEFORE_END)))


def _raw_name(entry: ZipInfo) -> bytes:
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437")


def _member(entry: ZipInfo, shift: int, encoding: str | None) -> Member:
    raw_name = _raw_name(entry)
    return Member(
        name=_name(raw_name, None if entry.flag_bits & _UTF8 else encoding),
        raw_name=raw_name,
        offset=entry.header_offset + shift,
        packed=entry.compress_size,
        size=entry.file_size,
        method=entry.compress_type,
        crc=entry.CRC,
    )


def _name(raw: bytes, encoding: str | None) -> str:
    """Names without the UTF-8 mark are UTF-8 all the same from macOS and most Linux tools; else DOS's code page."""
    if encoding is not None:
        return decoded(raw, encoding)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _check_entry(entry: ZipInfo, member: Member) -> None:
    problem = _name_problem(member.name) or _kind_problem(entry) or _size_problem(member)
    if problem:
        raise Refused(f"The archive was refused: {quoted(member.name)} {problem}.")


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


def _kind_problem(entry: ZipInfo) -> str | None:
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted; pack the archive again without a password"
    kind = stat.S_IFMT(entry.external_attr >> 16)
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


def _check_overlap(members: tuple[Member, ...], table_start: int) -> None:
    """Members that share bytes declare far more than is there; honest archives have none."""
    members = tuple(sorted(members, key=lambda member: member.offset))
    ends = [member.offset + 30 + member.packed for member in members]
    starts = [member.offset for member in members[1:]] + [table_start]
    for member, end, start in zip(members, ends, starts, strict=True):
        if end > start:
            raise Refused(f"The archive was refused: {quoted(member.name)} overlaps with what follows it.")


def _check_duplicates(files: tuple[Member, ...]) -> None:
    seen: dict[str, str] = {}
    for member in files:
        key = name_key("/".join(parts_of(member.name)))
        if key in seen:
            first = quoted(seen[key])
            raise Refused(f"The archive holds two files of one name: {first} and {quoted(member.name)}. Rename one.")
        seen[key] = member.name
