"""The policy for the files of an upload: which may be photos, which are refused at sight, which refuse all of it.

Archives and folders are listed by the same rules, so a folder and an archive of it give the same dataset. What could
leave a folder or fool a reader about where a file lies refuses the upload; what is merely no photo (a link, an
encrypted file, a name that cannot be shown) is listed, and the rest is imported.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.datasets.archives.encodings import check_encoding, decoded, find_encodings, title_of
from core.datasets.archives.members import FILE_LIMIT, Member
from core.datasets.layout import UploadFile, is_junk
from core.datasets.names import quoted
from core.datasets.values import Rejection
from core.errors import Refused
from core.text.invisible import escaped, has_invisible

PATH_LENGTH = 1000
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_MAC_FOLDER_ICON = "Icon\r"

LINK = "is a link, which is not followed; copy what it points to"
DEVICE = "is a device, not a file"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file or folder of an upload before its name is text.

    Args:
        raw_name: its path as bytes, ``/`` between the parts.
        name: the path as text where the upload gives it in Unicode, else None.
        size: in bytes. source: where to read it; None of a folder.
        problem: why it cannot be read, as a sentence fragment; "" for most.
        content: equal for entries with equal bytes, where the upload says so.
    """

    raw_name: bytes
    name: str | None = None
    size: int = 0
    source: Member | Path | None = None
    problem: str = ""
    content: object = None


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Files that may be photos, files refused at sight, and folders without any file.

    Args:
        encodings: that the names may have, the one in use first; several where it is not certain; empty where the
            upload says it.
    """

    files: tuple[UploadFile, ...]
    rejections: tuple[Rejection, ...] = ()
    empty_folders: tuple[tuple[str, ...], ...] = ()
    encodings: tuple[str, ...] = field(default=())

    @property
    def notes(self) -> tuple[str, ...]:
        """How names were read, where the upload does not say it."""
        if not self.encodings or self.encodings[0] == "utf-8":
            return ()
        return (f"File names were read as {title_of(self.encodings[0])}.",)


def listed(entries: Sequence[Entry], *, encoding: str | None = None, windows: bool = False) -> Upload:
    """The upload of these entries.

    Args:
        encoding: of names that are not known as text; None to find it out. windows: see ``find_encodings``.

    Raises:
        Refused: a name could leave the upload or is longer than any file system allows.
    """
    unknown = [entry.raw_name for entry in entries if entry.name is None]
    if encoding is not None:
        check_encoding(encoding)
    encodings = (encoding,) if encoding is not None else find_encodings(unknown, windows=windows)
    names = [decoded(entry.raw_name, encodings[0]) if entry.name is None else entry.name for entry in entries]
    if not any("/" in name.rstrip("/") for name in names):  # packed by a program for Windows
        names = [name.replace("\\", "/") for name in names]
    files: list[UploadFile] = []
    rejections: list[Rejection] = []
    folders: set[tuple[str, ...]] = set()
    filled: set[tuple[str, ...]] = set()
    doubled = _doubled(names, entries)
    for entry, name in zip(entries, names, strict=True):
        check_path(name)
        parts = parts_of(name)
        if entry.source is None and not entry.problem:
            folders.add(parts)
            continue
        if not parts:
            raise Refused(f"The upload was refused: {quoted(name)} has no name.")
        if is_junk(parts):
            continue
        filled |= {parts[:length] for length in range(1, len(parts))}
        problem = entry.problem or _file_problem(parts, entry.size) or doubled.get(id(entry), "")
        if problem or entry.source is None:
            rejections.append(Rejection(file=escaped("/".join(parts)), reason=problem))
        else:
            files.append(UploadFile(parts=parts, size=entry.size, source=entry.source))
    return Upload(
        files=tuple(files),
        rejections=tuple(sorted(rejections, key=lambda rejection: rejection.file)),
        empty_folders=tuple(sorted(folders - filled - {()})),
        encodings=encodings if any(not name.isascii() for name in unknown) else (),
    )


def parts_of(name: str) -> tuple[str, ...]:
    """Folders and file name of a path; doubled slashes and ``.`` mean nothing."""
    return tuple(part for part in name.split("/") if part not in ("", "."))


def check_path(name: str) -> None:
    """Refuses a path that could lead out of the upload.

    Raises:
        Refused: it is absolute, has ``..`` in it, or is too long.
    """
    problem = ""
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        problem = "has an absolute path"
    elif ".." in name.replace("\\", "/").split("/"):
        problem = "points outside of the upload ('..')"
    elif len(name) > PATH_LENGTH:
        problem = f"has a path of more than {PATH_LENGTH} characters"
    if problem:
        raise Refused(f"The upload was refused: {quoted(name)} {problem}.")


def _file_problem(parts: tuple[str, ...], size: int) -> str:
    if parts[-1] == _MAC_FOLDER_ICON:
        return "is the icon of a folder on macOS, not a photo"
    if has_invisible(parts[-1]):
        return "has control or invisible characters in its name; rename it"
    if size > FILE_LIMIT:
        return f"has {size // 2**20:,} MB; a photo may have {FILE_LIMIT // 2**20} MB"
    return ""


def _doubled(names: Sequence[str], entries: Sequence[Entry]) -> dict[int, str]:
    """Why entries of one name are refused, by the identity of the entry: which is meant cannot be known.

    The first of several with equal content is kept.
    """
    paths = ["/".join(parts_of(name)) if entry.source else "" for name, entry in zip(names, entries, strict=True)]
    often = {path for path, count in Counter(paths).items() if count > 1 and path}
    groups: dict[str, list[Entry]] = {}
    for path, entry in zip(paths, entries, strict=True):
        if path in often:
            groups.setdefault(path, []).append(entry)
    found: dict[int, str] = {}
    for group in groups.values():
        first = group[0]
        if first.content is not None and all(entry.content == first.content for entry in group):
            found |= {id(entry): "is in the archive twice; the first is kept" for entry in group[1:]}
        else:
            reason = "is one of several files of this name, and which is meant cannot be known; rename them"
            found |= {id(entry): reason for entry in group}
    return found
