"""Class folders that lie in folders of splits, or beside them."""

from collections.abc import Mapping
from dataclasses import replace

from core.datasets.layout import UploadFile
from core.datasets.layouts.class_levels import (
    ClassLevel,
    Placed,
    title_of,
    without_wrappers,
)
from core.datasets.layouts.folder_layouts import (
    FolderReading,
    FoundFolders,
    layout_of,
    placed_below,
    read_levels,
    rejected,
    set_aside,
)
from core.datasets.layouts.folder_tree import (
    Folder,
    innermost,
    merge_repeated,
)
from core.datasets.layouts.split_folders import SplitFolders, unwrapped
from core.datasets.layouts.split_words import is_unlabelled, split_word
from core.datasets.names import quoted, quoted_list
from core.errors import InvalidInput


def read_splits(top: Folder, splits: SplitFolders, found: FoundFolders) -> FolderReading:
    """Splits of which at least one holds class folders."""
    classed = {name: splits.splits[name] for name in splits.classed}
    flat = _flat_photos(splits)
    given = frozenset(classed.values())
    beside = {name: folder for name, folder in top.folders.items() if name not in splits.splits}
    loose = {name: folder for name, folder in beside.items() if not unwrapped(folder).folders}
    repeated = [note for folder in splits.classed.values() for note in merge_repeated(folder)]
    only_train = given == {"train"}
    placed = [
        Placed(
            file=file,
            path=path,
            depths=tuple(range(len(folder.parts), len(folder.parts) + len(path))),
            split="" if only_train else classed[name],
            split_depth=len(top.parts),
        )
        for name, folder in splits.classed.items()
        for path, file in folder.placed()
        if path
    ]
    inside = set_aside(found, splits.flat | loose)
    nested = [file for name, folder in beside.items() if name not in loose for file in folder.all_photos()]
    reason = "lies outside of the folders " + ", ".join(sorted(splits.splits))
    inside = replace(
        inside,
        placed=tuple(without_wrappers(placed)),
        rejections=(*inside.rejections, *rejected(nested, reason)),
        given=frozenset() if only_train else given,
        notes=(
            *inside.notes,
            *_renamed_note({} if only_train else classed),
            *(f"The folder {quoted(name)} was merged." for name in repeated),
        ),
    )
    if "train" not in given:
        return _without_train(splits, inside, flat)
    reading = replace(read_levels(inside), flat=flat)
    strange = [name for name in loose if not is_unlabelled(name)]
    if splits.doubtful or (len(classed) == 1 and strange):
        return _with_top_as_classes(reading, top, found, sorted([*splits.splits, *strange]))
    return reading


def read_held_out(top: Folder, held: Mapping[str, str], found: FoundFolders) -> FolderReading:
    """Class folders, and beside them other splits that hold the same folders."""
    first = len(top.parts)
    placed = [replace(photo, split="train") for photo in placed_below(top) if photo.path[0] not in held]
    for name, split in held.items():
        folder = innermost(top.folders[name])
        start = len(folder.parts)
        placed += [
            Placed(
                file=file,
                path=path,
                depths=tuple(range(start, start + len(path))),
                split=split,
                split_depth=first,
            )
            for path, file in folder.placed()
            if path
        ]
    notes = [
        f"The folder {quoted(name)} holds the same folders as lie beside it: it is read as the {split} split, "
        "the folders beside it as the train split."
        for name, split in sorted(held.items())
    ]
    given = frozenset({"train", *held.values()})
    return read_levels(
        replace(found, placed=tuple(without_wrappers(placed)), given=given, notes=(*found.notes, *notes))
    )


def _without_train(splits: SplitFolders, found: FoundFolders, flat: dict[str, tuple[UploadFile, ...]]) -> FolderReading:
    """Class folders in other splits only: an error, or for a table of labels to complete."""
    train = [name for name, split in splits.splits.items() if split == "train"]
    if not train:
        names = " and ".join(quoted(name) for name in sorted(splits.splits))
        raise InvalidInput(f"There are {names} folders but no 'train' folder. Add one, or upload one folder per class.")
    problem = f"The folder {quoted_list(train)} holds photos but no class folders. Put them into one folder per class."
    return replace(read_levels(found), problem=problem, flat=flat)


def read_unclassed(top: Folder, splits: SplitFolders, found: FoundFolders) -> FolderReading:
    """Split-named folders without any class folder in them."""
    names = sorted(splits.splits)
    beside = [name for name in top.folders if name not in splits.splits]
    if beside:
        reading = read_levels(replace(found, placed=placed_below(top)))
        question = (
            f"The folders {quoted_list(names)} are named like splits but hold no class folders. Are they classes "
            f"like {quoted_list(sorted(beside))}?"
        )
        return replace(reading, question=reading.question or question)
    problem = (
        f"The folders {quoted_list(names)} hold photos but no class folders. "
        "Put the photos of each class into a folder of its name, or add a table of file names and classes."
    )
    return FolderReading(problem=problem, flat=_flat_photos(splits))


def _flat_photos(splits: SplitFolders) -> dict[str, tuple[UploadFile, ...]]:
    flat: dict[str, tuple[UploadFile, ...]] = {}
    for name, folder in splits.flat.items():
        split = splits.splits[name]
        flat[split] = (*flat.get(split, ()), *folder.all_photos())
    return flat


def _renamed_note(splits: Mapping[str, str]) -> list[str]:
    """Which split a folder is, where its name alone leaves that open."""
    return [
        f"The folder {quoted(name)} is read as the {split} split."
        for name, split in sorted(splits.items())
        if (word := split_word(name)) and (word.weak or word.affix)
    ]


def _with_top_as_classes(reading: FolderReading, top: Folder, found: FoundFolders, names: list[str]) -> FolderReading:
    """The reading as splits, and the folders as classes as the alternative."""
    other = layout_of(
        ClassLevel(level=0, title=title_of(top.folders)),
        replace(found, placed=placed_below(top)),
    )
    first = replace(reading.layouts[0], id="splits", title=f"{quoted_list(names)} are splits")
    question = f"The folders {quoted_list(names)} may be splits or classes. Which are the classes?"
    return replace(reading, layouts=(first, *reading.layouts[1:], other), question=question)
