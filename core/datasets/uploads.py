"""What a user hands over, a ZIP archive or a folder on the server, as one list of files."""

from dataclasses import dataclass
from pathlib import Path

from core.datasets.archives import parts_of, read_contents
from core.datasets.folders import list_folder
from core.datasets.layout import Entry, is_junk
from core.datasets.members import FILE_LIMIT
from core.datasets.values import Rejection
from core.errors import InvalidInput


@dataclass(frozen=True)
class Upload:
    """Files that may be photos, files refused at sight, and folders without any file."""

    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...]
    empty_folders: tuple[tuple[str, ...], ...]


def open_upload(source: Path) -> Upload:
    """Lists an archive or folder; no photo is read yet.

    Raises:
        InvalidInput: there is nothing at ``source``. Refused: an archive breaks the policy.
    """
    if source.is_dir():
        return _from_folder(source)
    if not source.is_file():
        raise InvalidInput(f"There is no file or folder {str(source)!r}.")
    try:
        members, folders = read_contents(source)
    except OSError as error:
        raise InvalidInput(f"The file {str(source)!r} cannot be read: {error.strerror}.") from None
    entries = tuple(Entry(parts_of(member.name), member.size, member) for member in members)
    return Upload(entries, (), _without_files(entries, {parts_of(folder) for folder in folders}))


def _from_folder(source: Path) -> Upload:
    files, folders = list_folder(source)
    entries: list[Entry] = []
    rejections: list[Rejection] = []
    for file in files:
        entry = Entry(file.parts, file.size, file.path)
        if is_junk(file.parts):
            continue
        if file.is_link:
            rejections.append(Rejection(file=entry.file, reason="is a link, which is not followed"))
        elif file.size > FILE_LIMIT:
            rejections.append(Rejection(file=entry.file, reason=f"is larger than {FILE_LIMIT // 2**20} MB"))
        else:
            entries.append(entry)
    return Upload(tuple(entries), tuple(rejections), _without_files(tuple(entries), set(folders)))


def _without_files(entries: tuple[Entry, ...], folders: set[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Folders that hold no file at any depth, junk not counted."""
    filled = set()
    for entry in entries:
        if not is_junk(entry.parts):
            filled |= {entry.parts[:length] for length in range(1, len(entry.parts))}
    return tuple(sorted(folders - filled))
