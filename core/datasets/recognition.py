"""Every sensible way to read an upload: folders, tables of labels, names of files."""

from collections.abc import Sequence

from core.datasets.contents import Contents
from core.datasets.folders import arrange
from core.datasets.layout import LayoutChoice, UploadFile


def read_layouts(
    files: Sequence[UploadFile],
    empty_folders: Sequence[tuple[str, ...]] = (),
    contents: Contents | None = None,
) -> LayoutChoice:
    """Every sensible way to read the files of an upload.

    Args:
        files: of the upload.
        empty_folders: folders without any file.
        contents: reads tables of labels; without it only paths are looked at.

    Raises:
        InvalidInput: there is none.
    """
    return LayoutChoice(layouts=(arrange(files, empty_folders),))
