"""The classes and splits that the folders of an upload show."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.datasets.layout import UploadFile
from core.datasets.layouts.folder_classes import read_classes
from core.datasets.layouts.folder_layouts import FolderReading, FoundFolders, rejected, set_aside
from core.datasets.layouts.folder_splits import read_held_out, read_splits, read_unclassed
from core.datasets.layouts.folder_tree import (
    Folder,
    folder_tree,
    held_out,
    merge_repeated,
    take_auxiliary,
    top_of,
)
from core.datasets.layouts.split_folders import find_splits
from core.datasets.layouts.split_words import split_word
from core.datasets.names import quoted_list


def read_folders(files: Sequence[UploadFile], empty_folders: Iterable[tuple[str, ...]] = ()) -> FolderReading:
    """What the folders of files without junk show.

    Raises:
        InvalidInput: there are folders of other splits but none of ``train``.
    """
    photos = [file for file in files if file.is_photo] or list(files)
    root = folder_tree(photos)
    found = FoundFolders(
        files=tuple(files),
        empty_folders=tuple(empty_folders),
        rejections=rejected(take_auxiliary(root), "lies in a folder of masks or annotations"),
    )
    repeated = merge_repeated(root)
    top = top_of(root)
    if top is not root:
        repeated += merge_repeated(top)
    if repeated:
        note = f"The folder {quoted_list(repeated)} holds the same folders as lie beside it, and was read as these."
        found = replace(found, notes=(note,))
    top, found = _main_folder(top, found)
    return replace(_confirmed(_read(top, found)), auxiliary=found.rejections)


def _read(top: Folder, found: FoundFolders) -> FolderReading:
    splits = find_splits(top)
    if splits is None:
        held = held_out(top)
        return read_held_out(top, held, found) if held else read_classes(top, found)
    if not splits.classed:
        return read_unclassed(top, splits, found)
    return read_splits(top, splits, found)


def _confirmed(reading: FolderReading) -> FolderReading:
    """The reading with a question if its classes are named like several splits."""
    if reading.question or not reading.layouts:
        return reading
    names = sorted({candidate.class_name for candidate in reading.layouts[0].candidates})
    words = {name: word.split for name in names if (word := split_word(name)) and not word.affix}
    if len(set(words.values())) < 2:
        return reading
    question = (
        f"The folders {quoted_list(list(words))} are named like splits but lie where classes do. Are they classes?"
    )
    return replace(reading, question=question)


def _main_folder(top: Folder, found: FoundFolders) -> tuple[Folder, FoundFolders]:
    """The one folder in ``top`` that holds split folders with classes; photos beside it have none."""
    if find_splits(top):
        return top, found
    inner = {name: top_of(folder) for name, folder in top.folders.items()}
    split = [name for name, folder in inner.items() if (splits := find_splits(folder)) and len(splits.classed) > 1]
    if len(split) != 1 or any(inner[name].folders for name in inner if name not in split):
        return top, found
    beside = {name: folder for name, folder in top.folders.items() if name not in split}
    return inner[split[0]], set_aside(found, beside)
