"""The table of contents of TAR archives: ustar, GNU and pax headers, read in one pass over the file.

``tarfile`` reads headers of any size into memory and follows sizes below zero, so it is not used for files from outside
(CVE-2019-20907, CVE-2025-8194). Sources: POSIX.1-2017 pax, "Interchange Format"; GNU tar manual, "Basic Tar Format".
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.datasets.archives.listing import DEVICE, LINK, Entry
from core.datasets.archives.members import PLAIN, Member
from core.datasets.archives.zips import ENTRY_LIMIT, TOTAL_LIMIT, too_many
from core.errors import Refused

BLOCK = 512
_HEADER_LIMIT = 2**20
"""Bytes of a pax or long-name header; honest ones have some hundred."""

_FILES, _FOLDERS = b"\0" + b"07", b"5D"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL = b"L", b"K", b"xX", b"g"
_PROBLEMS = {
    b"1": "is a hard link to another file of the archive; pack it again with --hard-dereference",
    b"2": LINK,
    **dict.fromkeys((b"3", b"4", b"6"), DEVICE),
    b"M": "continues a file of another archive",
    b"S": "is a sparse file, which is not read",
}
_VOLUME = b"V"
_KEYS = ("path", "size", "hdrcharset")
_DAMAGED = "The archive is damaged: a header in it is no header of a TAR archive. Pack it again."
_CUT_OFF = "The archive is incomplete: its end is missing, perhaps the upload was cut off. Upload it again."


def is_tar(start: bytes) -> bool:
    """Whether the first 512 bytes of a file are the header of a TAR archive, or the end of an empty one."""
    return len(start) == BLOCK and (_checksum_matches(start) or start == bytes(BLOCK))


def tar_entries(path: Path) -> list[Entry]:
    """Files and folders of a TAR archive that keeps the policy.

    Raises:
        Refused: it is damaged, incomplete or breaks the policy; one sentence that names what and why.
    """
    with open(path, "rb") as file:
        entries = list(_entries(file, file.seek(0, 2)))
    if not entries:
        raise Refused("The archive is empty. Pack the folder with one folder of photos per class.")
    return entries


def _entries(file: BinaryIO, end: int) -> Iterator[Entry]:
    at = count = total = 0
    everywhere: dict[str, bytes] = {}
    once: dict[str, bytes] = {}
    while True:
        file.seek(at)
        header = file.read(BLOCK)
        if len(header) < BLOCK:
            raise Refused(_CUT_OFF)
        if header == bytes(BLOCK):
            return
        if not _checksum_matches(header):
            raise Refused(_DAMAGED)
        count += 1
        if count > 3 * ENTRY_LIMIT:
            raise Refused(too_many(count))
        kind = header[156:157]
        fields = everywhere | once
        size = _size(header, fields)
        data, at = at + BLOCK, at + BLOCK + -(-size // BLOCK) * BLOCK
        if data + size > end:
            raise Refused(_CUT_OFF)
        if kind in _LONG_NAME or kind in _LONG_LINK or kind in _PAX or kind in _PAX_GLOBAL:
            found = _extended(kind, _read_header(file, size))
            if kind in _PAX_GLOBAL:
                everywhere |= found
            else:
                once |= found
            continue
        if kind == _VOLUME:
            continue
        entry = _entry(header, kind, fields, data, size)
        once = {}
        total += entry.size
        if total > TOTAL_LIMIT:
            raise Refused(f"The archive unpacks to more than {TOTAL_LIMIT // 2**30} GB, which is the most accepted.")
        yield entry


def _entry(header: bytes, kind: bytes, fields: dict[str, bytes], data: int, size: int) -> Entry:
    raw_name, name = _name(header, fields)
    if kind in _FOLDERS or (kind in _FILES and raw_name.endswith(b"/")):
        return Entry(raw_name=raw_name, name=name)
    problem = "" if kind in _FILES else _PROBLEMS.get(kind, "is of a kind that is not read")
    if "sparse" in fields:
        problem = _PROBLEMS[b"S"]
    member = Member(raw_name=raw_name, offset=data, packed=size, size=size, method=PLAIN, crc=0)
    return Entry(raw_name=raw_name, name=name, size=size, source=member, problem=problem)


def _name(header: bytes, fields: dict[str, bytes]) -> tuple[bytes, str | None]:
    """The path as bytes, and as text where a pax header has it, which is UTF-8."""
    if "path" in fields:
        raw = fields["path"]
        try:
            return raw, None if fields.get("hdrcharset") == b"BINARY" else raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw, None
    if "long name" in fields:
        return fields["long name"], None
    name = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return (prefix + b"/" + name if prefix else name), None


def _checksum_matches(header: bytes) -> bool:
    """The sum of all bytes, with spaces in place of the sum itself."""
    try:
        return _number(header[148:156]) == sum(header) - sum(header[148:156]) + 8 * 0x20
    except ValueError:
        return False


def _size(header: bytes, fields: dict[str, bytes]) -> int:
    try:
        size = int(fields["size"]) if "size" in fields else _number(header[124:136])
    except ValueError:
        raise Refused(_DAMAGED) from None
    if not 0 <= size < 2**62:
        raise Refused(_DAMAGED)
    return size if header[156:157] not in (b"1", b"2", b"3", b"4", b"5", b"6") else 0


def _number(field: bytes) -> int:
    """Octal digits, or binary where the first bit is set (GNU)."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.split(b"\0")[0].strip()
    return int(digits, 8) if digits else 0


def _read_header(file: BinaryIO, size: int) -> bytes:
    if size > _HEADER_LIMIT:
        raise Refused(f"The archive was refused: a header in it has {size:,} bytes, as attacks on memory do.")
    return file.read(size)


def _extended(kind: bytes, data: bytes) -> dict[str, bytes]:
    """What a header says about the entry after it: ``path``, ``size`` and others of pax, ``long name`` of GNU."""
    if kind in _LONG_NAME:
        return {"long name": data.split(b"\0")[0]}
    return {} if kind in _LONG_LINK else dict(_pax_fields(data))


def _pax_fields(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The records ``"LENGTH KEY=VALUE\n"`` that matter here; others may have any key and are not kept."""
    at = 0
    while at < len(data) and data[at]:
        length, space, _ = data[at : at + 20].partition(b" ")
        if not space or not length.isdigit() or not len(length) + 1 < int(length) <= len(data) - at:
            raise Refused(_DAMAGED)
        key, equals, value = data[at + len(length) + 1 : at + int(length) - 1].partition(b"=")
        if not equals:
            raise Refused(_DAMAGED)
        if key.decode("latin-1") in _KEYS:
            yield key.decode("latin-1"), value
        elif key.startswith(b"GNU.sparse"):
            yield "sparse", b""
        at += int(length)
