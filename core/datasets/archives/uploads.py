"""What a user hands over, an archive or a folder on the server, as one list of files."""

import os
from collections.abc import Iterator
from pathlib import Path

from core.datasets.acceptance import none_usable
from core.datasets.archives.listing import DEVICE, LINK, Entry, Upload, listed
from core.datasets.archives.tars import BLOCK, is_tar, tar_entries
from core.datasets.archives.zips import MEMBER_LIMIT, too_many, zip_entries
from core.errors import InvalidInput, Refused


def open_upload(source: Path, *, encoding: str | None = None) -> Upload:
    """Lists an archive or folder; no photo is read yet.

    Args:
        source: a folder, a ZIP or a TAR archive; compressed TAR archives by way of ``unpacking``.
        encoding: of the names, for example ``"shift_jis"``; None to find it out.

    Raises:
        InvalidInput: there is nothing at ``source``, or no such encoding. Refused: an archive breaks the policy.
    """
    try:
        if source.is_dir():
            upload = listed(list(_folder_entries(source)), encoding=encoding)
        else:
            entries, windows = archive_entries(source)
            upload = listed(entries, encoding=encoding, windows=windows)
            if len(upload.files) > MEMBER_LIMIT:
                raise Refused(too_many(len(upload.files)))
    except OSError as error:
        raise InvalidInput(f"{str(error.filename or source)!r} cannot be read: {error.strerror}.") from None
    if not upload.files and upload.rejections:
        raise InvalidInput(none_usable(upload.rejections))
    return upload


def archive_entries(source: Path) -> tuple[list[Entry], bool]:
    """The entries of a ZIP or TAR archive, and whether it was made on Windows.

    Raises:
        InvalidInput: there is no such file. Refused: it is no archive, or breaks the policy.
    """
    if not source.is_file():
        raise InvalidInput(f"There is no file or folder {str(source)!r}.")
    with open(source, "rb") as file:
        start = file.read(BLOCK)
    return (tar_entries(source), False) if is_tar(start) else zip_entries(source)


def _folder_entries(root: Path) -> Iterator[Entry]:
    """Links are not followed: they could lead out of the folder or in circles."""
    waiting: list[tuple[Path, bytes]] = [(root, b"")]
    while waiting:
        folder, above = waiting.pop()
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            raw_name = above + os.fsencode(entry.name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append((folder / entry.name, raw_name + b"/"))
                yield Entry(raw_name=raw_name + b"/")
            else:
                yield _file_entry(folder / entry.name, raw_name, entry)


def _file_entry(path: Path, raw_name: bytes, entry: os.DirEntry) -> Entry:
    problem = ""
    if entry.is_symlink():
        problem = "is a link to a folder, which is not followed; copy the folder here" if entry.is_dir() else LINK
    elif not entry.is_file(follow_symlinks=False):
        problem = DEVICE
    size = entry.stat(follow_symlinks=False).st_size
    return Entry(raw_name=raw_name, size=size, source=path, problem=problem)
