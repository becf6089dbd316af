"""Class folders without folders of splits above them."""

from collections.abc import Sequence
from dataclasses import replace

from core.datasets.layout import UploadFile
from core.datasets.layouts.class_levels import (
    ClassLevel,
    partly_split,
    title_of,
    with_inner_split,
    with_inner_splits,
)
from core.datasets.layouts.folder_layouts import (
    FolderReading,
    FoundFolders,
    layout_of,
    placed_below,
    read_levels,
    set_aside,
    with_placed,
)
from core.datasets.layouts.folder_tree import (
    Folder,
)
from core.datasets.layouts.split_words import says_unlabelled, split_word
from core.datasets.names import quoted_list


def read_classes(top: Folder, found: FoundFolders) -> FolderReading:
    """Class folders without split folders above them."""
    split = with_inner_splits(placed_below(top))
    if not split:
        return FolderReading(problem=_no_folders(found.files))
    found = with_placed(found, split)
    reading = read_levels(found)
    if partly := partly_split(found.placed):
        return _with_inner_splits_asked(reading, found, partly)
    named = [name for name, folder in top.folders.items() if not folder.folders and _may_be_split(name, top)]
    if not reading.question and named and len(top.folders) - len(named) > 1:
        return _with_split_aside(reading, top, found, named)
    return reading


def _with_inner_splits_asked(reading: FolderReading, found: FoundFolders, partly: Sequence[str]) -> FolderReading:
    """Some class folders hold split folders, others do not: ``cat/{train, test}``, ``bird/*.jpg``."""
    photos = [with_inner_split(photo) for photo in found.placed]
    as_splits = read_levels(with_placed(found, photos)).layouts[0]
    title = f"Folders in {quoted_list(list(partly))} are splits; all other photos are training photos"
    question = (
        f"Only {quoted_list(list(partly))} of the class folders {'holds' if len(partly) == 1 else 'hold'} folders that "
        "are named like splits. Are these the splits?"
    )
    return replace(reading, layouts=(replace(as_splits, id="splits", title=title), *reading.layouts), question=question)


def _may_be_split(name: str, top: Folder) -> bool:
    """Whether a folder of photos beside class folders may be none: named like the test, or like unlabelled photos.

    "train" is a class beside bus and car.
    """
    word = split_word(name)
    if not says_unlabelled(name) and (word is None or word.split == "train" or word.affix or word.weak):
        return False
    opposite = {f"in{name}".casefold(), f"un{name}".casefold()} & {other.casefold() for other in top.folders}
    return not opposite


def _with_split_aside(reading: FolderReading, top: Folder, found: FoundFolders, names: list[str]) -> FolderReading:
    """A folder ``test`` beside class folders: unlabelled photos, or a class of that name."""
    rest = {name: folder for name, folder in top.folders.items() if name not in names}
    apart = set_aside(found, {name: top.folders[name] for name in names})
    apart = replace(apart, placed=tuple(photo for photo in found.placed if photo.path[0] in rest))
    title = f"{title_of(rest)}; photos in {quoted_list(names)} have none"
    level = ClassLevel(level=0, title=title)
    first = replace(layout_of(level, apart), id="aside")
    kind = "photos without a class" if all(map(says_unlabelled, names)) else "a split"
    question = f"The folder {quoted_list(names)} is named like {kind} but lies beside class folders. Is it a class?"
    return replace(reading, layouts=(first, *reading.layouts), question=question)


def _no_folders(files: Sequence[UploadFile]) -> str:
    return (
        f"There are no class folders: put the photos of each class into a folder of its name. "
        f"Received {len(files)} {'file' if len(files) == 1 else 'files'} without one."
    )
