"""Every sensible way to read an upload: folders, tables of labels, names of files."""

from collections.abc import Sequence

from core.datasets.contents import Contents
from core.datasets.folders import read_folders
from core.datasets.layout import LayoutChoice, UploadFile, is_junk
from core.datasets.lookalike import without_lookalikes
from core.errors import InvalidInput


def read_layouts(
    files: Sequence[UploadFile],
    empty_folders: Sequence[tuple[str, ...]] = (),
    contents: Contents | None = None,
) -> LayoutChoice:
    """Every sensible way to read the files of an upload.

    Hidden files and files that operating systems create (``__MACOSX``, ``.DS_Store``, ``Thumbs.db`` ...) are ignored.

    Args:
        files: of the upload.
        empty_folders: folders without any file.
        contents: reads tables of labels; without it only paths are looked at.

    Raises:
        InvalidInput: there is none.
    """
    kept = sorted((file for file in files if not is_junk(file.parts)), key=lambda file: file.parts)
    if not kept:
        raise InvalidInput("There are no files in it. Expected one folder of photos per class.")
    empty = [parts for parts in empty_folders if parts and not is_junk(parts)]
    reading = read_folders(kept, empty)
    if reading.problem or not reading.layouts:
        raise InvalidInput(reading.problem)
    return without_lookalikes(LayoutChoice(layouts=reading.layouts, question=reading.question))
