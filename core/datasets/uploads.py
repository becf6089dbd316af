"""What a user hands over, a ZIP archive or a folder on the server, as one list of files."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets.archives import parts_of, read_contents
from core.datasets.layout import UploadFile, is_junk
from core.datasets.members import FILE_LIMIT
from core.datasets.values import Rejection
from core.errors import InvalidInput


@dataclass(frozen=True)
class Upload:
    """Files that may be photos, files refused at sight, and folders without any file."""

    files: tuple[UploadFile, ...]
    rejections: tuple[Rejection, ...]
    empty_folders: tuple[tuple[str, ...], ...]


def open_upload(source: Path, *, encoding: str | None = None) -> Upload:
    """Lists an archive or folder; no photo is read yet.

    Args:
        encoding: of the names in an archive, for example ``"shift_jis"``; None to find it out.

    Raises:
        InvalidInput: there is nothing at ``source``, or no such encoding. Refused: an archive breaks the policy.
    """
    if source.is_dir():
        return _from_folder(source)
    if not source.is_file():
        raise InvalidInput(f"There is no file or folder {str(source)!r}.")
    try:
        members, folders = read_contents(source, encoding)
    except OSError as error:
        raise InvalidInput(f"The file {str(source)!r} cannot be read: {error.strerror}.") from None
    files = tuple(UploadFile(parts=parts_of(member.name), size=member.size, source=member) for member in members)
    return Upload(files, (), _without_files(files, {parts_of(folder) for folder in folders}))


def _from_folder(root: Path) -> Upload:
    """Links are not followed: they could lead out of the folder or in circles."""
    files: list[UploadFile] = []
    rejections: list[Rejection] = []
    empty: set[tuple[str, ...]] = set()
    for folder, parts, names in _walk(root):
        if not names:
            empty.add(parts)
        for name in names:
            file = UploadFile(
                parts=(*parts, _text(name.name)),
                size=name.stat(follow_symlinks=False).st_size,
                source=folder / name.name,
            )
            if is_junk(file.parts):
                continue
            if name.is_symlink():
                rejections.append(Rejection(file=file.name, reason="is a link, which is not followed"))
            elif file.size > FILE_LIMIT:
                rejections.append(Rejection(file=file.name, reason=f"is larger than {FILE_LIMIT // 2**20} MB"))
            else:
                files.append(file)
    return Upload(tuple(files), tuple(rejections), _without_files(files, empty))


def _walk(root: Path) -> Iterator[tuple[Path, tuple[str, ...], list[os.DirEntry]]]:
    """Every folder below ``root`` in a stable order, the parts of its path as text, and its files and links."""
    waiting: list[tuple[Path, tuple[str, ...]]] = [(root, ())]
    while waiting:
        folder, parts = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise InvalidInput(f"The folder {str(folder)!r} cannot be read: {error.strerror}.") from None
        folders = [entry for entry in found if entry.is_dir(follow_symlinks=False)]
        yield folder, parts, [entry for entry in found if not entry.is_dir(follow_symlinks=False)]
        waiting += [(folder / entry.name, (*parts, _text(entry.name))) for entry in reversed(folders)]


def _text(name: str) -> str:
    """Names that are not UTF-8 on the disk become text that can be stored and shown."""
    return os.fsencode(name).decode("utf-8", "replace")


def _without_files(files: Sequence[UploadFile], folders: set[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Folders that hold no file at any depth, junk not counted."""
    filled = set()
    for file in files:
        if not is_junk(file.parts):
            filled |= {file.parts[:length] for length in range(1, len(file.parts))}
    return tuple(sorted(folders - filled))
