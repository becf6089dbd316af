"""The classes and splits that the folders of an upload show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.datasets.class_levels import (
    ClassLevel,
    Placed,
    class_levels,
    numbered_or_nameless,
    partly_split,
    title_of,
    with_inner_split,
    with_inner_splits,
    without_wrappers,
)
from core.datasets.folder_tree import (
    Folder,
    folder_tree,
    held_out,
    innermost,
    merge_repeated,
    take_auxiliary,
    top_of,
)
from core.datasets.layout import Candidate, Layout, UploadFile
from core.datasets.names import class_name, quoted, quoted_list
from core.datasets.split_folders import SplitFolders, find_splits, unwrapped
from core.datasets.split_words import is_unlabelled, says_unlabelled, split_word
from core.datasets.values import Rejection
from core.errors import InvalidInput

OUTSIDE = "lies outside of any class folder"


@dataclass(frozen=True, kw_only=True)
class FolderReading:
    """What folders alone show.

    Args:
        layouts: the most plausible first; may be empty.
        question: why the user has to choose; "" where the first is certain.
        problem: why there are no classes, as a sentence; "" where there are.
        weak: whether the layouts are no better than labels found elsewhere: one class, or names that say nothing.
        flat: photos of folders that are splits but hold no class folders, by split.
        auxiliary: pictures that are no photos: masks and annotations.
    """

    layouts: tuple[Layout, ...] = ()
    question: str = ""
    problem: str = ""
    weak: bool = False
    flat: Mapping[str, tuple[UploadFile, ...]] = field(default_factory=dict)
    auxiliary: tuple[Rejection, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What all layouts of an upload share.

    Args:
        files, empty_folders: of the upload, without junk.
        placed: photos below folders that may be classes.
        unlabelled: photos without a class; rejections: photos that are not read.
        given: the splits that folders give; notes: decisions of the reading.
    """

    files: tuple[UploadFile, ...]
    empty_folders: tuple[tuple[str, ...], ...]
    placed: tuple[Placed, ...] = ()
    unlabelled: tuple[UploadFile, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    given: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def read_folders(files: Sequence[UploadFile], empty_folders: Iterable[tuple[str, ...]] = ()) -> FolderReading:
    """What the folders of files without junk show.

    Raises:
        InvalidInput: there are folders of other splits but none of ``train``.
    """
    photos = [file for file in files if file.is_photo] or list(files)
    root = folder_tree(photos)
    found = _Found(
        files=tuple(files),
        empty_folders=tuple(empty_folders),
        rejections=_rejected(take_auxiliary(root), "lies in a folder of masks or annotations"),
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


def _read(top: Folder, found: _Found) -> FolderReading:
    splits = find_splits(top)
    if splits is None:
        held = held_out(top)
        return _read_held_out(top, held, found) if held else _read_classes(top, found)
    if not splits.classed:
        return _read_unclassed(top, splits, found)
    return _read_splits(top, splits, found)


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


def _main_folder(top: Folder, found: _Found) -> tuple[Folder, _Found]:
    """The one folder in ``top`` that holds split folders with classes; photos beside it have none."""
    if find_splits(top):
        return top, found
    inner = {name: top_of(folder) for name, folder in top.folders.items()}
    split = [name for name, folder in inner.items() if (splits := find_splits(folder)) and len(splits.classed) > 1]
    if len(split) != 1 or any(inner[name].folders for name in inner if name not in split):
        return top, found
    beside = {name: folder for name, folder in top.folders.items() if name not in split}
    return inner[split[0]], _set_aside(found, beside)


def _set_aside(found: _Found, folders: Mapping[str, Folder]) -> _Found:
    """``found`` with the photos of these folders as unlabelled ones."""
    unlabelled: list[UploadFile] = []
    notes: list[str] = []
    for name, folder in sorted(folders.items()):
        photos = list(folder.all_photos())
        unlabelled += photos
        count = f"{len(photos):,} photo{'s' * (len(photos) != 1)}"
        notes.append(f"The folder {quoted(name)} holds {count} without a class: set aside as unlabelled.")
    return replace(found, unlabelled=(*found.unlabelled, *unlabelled), notes=(*found.notes, *notes))


# --- split folders ---


def _read_splits(top: Folder, splits: SplitFolders, found: _Found) -> FolderReading:
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
    inside = _set_aside(found, splits.flat | loose)
    nested = [file for name, folder in beside.items() if name not in loose for file in folder.all_photos()]
    reason = "lies outside of the folders " + ", ".join(sorted(splits.splits))
    inside = replace(
        inside,
        placed=tuple(without_wrappers(placed)),
        rejections=(*inside.rejections, *_rejected(nested, reason)),
        given=frozenset() if only_train else given,
        notes=(
            *inside.notes,
            *_renamed_note({} if only_train else classed),
            *(f"The folder {quoted(name)} was merged." for name in repeated),
        ),
    )
    if "train" not in given:
        return _without_train(splits, inside, flat)
    reading = replace(_read_levels(inside), flat=flat)
    strange = [name for name in loose if not is_unlabelled(name)]
    if splits.doubtful or (len(classed) == 1 and strange):
        return _with_top_as_classes(reading, top, found, sorted([*splits.splits, *strange]))
    return reading


def _read_held_out(top: Folder, held: Mapping[str, str], found: _Found) -> FolderReading:
    """Class folders, and beside them other splits that hold the same folders."""
    first = len(top.parts)
    placed = [replace(photo, split="train") for photo in _placed(top) if photo.path[0] not in held]
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
    return _read_levels(
        replace(found, placed=tuple(without_wrappers(placed)), given=given, notes=(*found.notes, *notes))
    )


def _without_train(splits: SplitFolders, found: _Found, flat: dict[str, tuple[UploadFile, ...]]) -> FolderReading:
    """Class folders in other splits only: an error, or for a table of labels to complete."""
    train = [name for name, split in splits.splits.items() if split == "train"]
    if not train:
        names = " and ".join(quoted(name) for name in sorted(splits.splits))
        raise InvalidInput(f"There are {names} folders but no 'train' folder. Add one, or upload one folder per class.")
    problem = f"The folder {quoted_list(train)} holds photos but no class folders. Put them into one folder per class."
    return replace(_read_levels(found), problem=problem, flat=flat)


def _read_unclassed(top: Folder, splits: SplitFolders, found: _Found) -> FolderReading:
    """Split-named folders without any class folder in them."""
    names = sorted(splits.splits)
    beside = [name for name in top.folders if name not in splits.splits]
    if beside:
        reading = _read_levels(replace(found, placed=_placed(top)))
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


def _with_top_as_classes(reading: FolderReading, top: Folder, found: _Found, names: list[str]) -> FolderReading:
    """The reading as splits, and the folders as classes as the alternative."""
    other = _layout(
        ClassLevel(level=0, title=title_of(top.folders)),
        replace(found, placed=_placed(top)),
    )
    first = replace(reading.layouts[0], id="splits", title=f"{quoted_list(names)} are splits")
    question = f"The folders {quoted_list(names)} may be splits or classes. Which are the classes?"
    return replace(reading, layouts=(first, *reading.layouts[1:], other), question=question)


# --- class folders ---


def _read_classes(top: Folder, found: _Found) -> FolderReading:
    """Class folders without split folders above them."""
    split = with_inner_splits(_placed(top))
    if not split:
        return FolderReading(problem=_no_folders(found.files))
    found = _with_placed(found, split)
    reading = _read_levels(found)
    if partly := partly_split(found.placed):
        return _with_inner_splits_asked(reading, found, partly)
    named = [name for name, folder in top.folders.items() if not folder.folders and _may_be_split(name, top)]
    if not reading.question and named and len(top.folders) - len(named) > 1:
        return _with_split_aside(reading, top, found, named)
    return reading


def _with_placed(found: _Found, photos: Sequence[Placed]) -> _Found:
    given = frozenset(photo.split for photo in photos if photo.split)
    return replace(found, placed=tuple(without_wrappers(photos)), given=given)


def _with_inner_splits_asked(reading: FolderReading, found: _Found, partly: Sequence[str]) -> FolderReading:
    """Some class folders hold split folders, others do not: ``cat/{train, test}``, ``bird/*.jpg``."""
    photos = [with_inner_split(photo) for photo in found.placed]
    as_splits = _read_levels(_with_placed(found, photos)).layouts[0]
    title = f"Folders in {quoted_list(list(partly))} are splits; all other photos are training photos"
    question = (
        f"Only {quoted_list(list(partly))} of the class folders {'holds' if len(partly) == 1 else 'hold'} folders that "
        "are named like splits. Are these the splits?"
    )
    return replace(reading, layouts=(replace(as_splits, id="splits", title=title), *reading.layouts), question=question)


def _placed(top: Folder) -> tuple[Placed, ...]:
    first = len(top.parts)
    return tuple(
        Placed(file=file, path=path, depths=tuple(range(first, first + len(path))))
        for path, file in top.placed()
        if path
    )


def _may_be_split(name: str, top: Folder) -> bool:
    """Whether a folder of photos beside class folders may be none: named like the test, or like unlabelled photos.

    "train" is a class beside bus and car.
    """
    word = split_word(name)
    if not says_unlabelled(name) and (word is None or word.split == "train" or word.affix or word.weak):
        return False
    opposite = {f"in{name}".casefold(), f"un{name}".casefold()} & {other.casefold() for other in top.folders}
    return not opposite


def _with_split_aside(reading: FolderReading, top: Folder, found: _Found, names: list[str]) -> FolderReading:
    """A folder ``test`` beside class folders: unlabelled photos, or a class of that name."""
    rest = {name: folder for name, folder in top.folders.items() if name not in names}
    apart = _set_aside(found, {name: top.folders[name] for name in names})
    apart = replace(apart, placed=tuple(photo for photo in found.placed if photo.path[0] in rest))
    title = f"{title_of(rest)}; photos in {quoted_list(names)} have none"
    level = ClassLevel(level=0, title=title)
    first = replace(_layout(level, apart), id="aside")
    kind = "photos without a class" if all(map(says_unlabelled, names)) else "a split"
    question = f"The folder {quoted_list(names)} is named like {kind} but lies beside class folders. Is it a class?"
    return replace(reading, layouts=(first, *reading.layouts), question=question)


def _no_folders(files: Sequence[UploadFile]) -> str:
    return (
        f"There are no class folders: put the photos of each class into a folder of its name. "
        f"Received {len(files)} {'file' if len(files) == 1 else 'files'} without one."
    )


# --- layouts ---


def _read_levels(found: _Found) -> FolderReading:
    levels, question = class_levels(found.placed)
    layouts = tuple(_layout(level, found) for level in levels)
    names = sorted({photo.path[0] for photo in found.placed})
    if not question and (len(names) < 2 or numbered_or_nameless(names)):
        if len(names) > 1:
            question = f"The names of the folders {quoted_list(names)} name no classes. Are they classes all the same?"
        return FolderReading(layouts=layouts, question=question, weak=True)
    return FolderReading(layouts=layouts, question=question)


def _layout(level: ClassLevel, found: _Found) -> Layout:
    """The layout with the folders of one level as classes, and every file accounted for."""
    candidates = [
        Candidate(file=photo.file, class_name=class_name(photo.path[level.level]), split=photo.split)
        for photo in found.placed
        if level.covers(photo)
    ]
    unlabelled = [*found.unlabelled, *(photo.file for photo in found.placed if not level.covers(photo))]
    folders = {
        photo.class_folder(level.level): (class_name(photo.path[level.level]), photo.split)
        for photo in found.placed
        if level.covers(photo)
    }
    done = {file.parts for file in unlabelled} | {candidate.file.parts for candidate in candidates}
    reasons = {rejection.file: rejection for rejection in found.rejections}
    rejections: list[Rejection] = []
    for file in found.files:
        if file.parts in done:
            continue
        place = next((folders[file.parts[:end]] for end in range(len(file.parts)) if file.parts[:end] in folders), None)
        if place is not None and file.name not in reasons:
            candidates.append(Candidate(file=file, class_name=place[0], split=place[1]))
        else:
            rejections.append(reasons.get(file.name, Rejection(file=file.name, reason=OUTSIDE)))
    above = {folder[:-1] for folder in folders}
    rejections += [_empty(parts) for parts in found.empty_folders if parts[:-1] in above]
    return Layout(
        id=level.id,
        title=level.title,
        candidates=tuple(sorted(candidates, key=lambda candidate: candidate.file.parts)),
        unlabelled=tuple(sorted(unlabelled, key=lambda file: file.parts)),
        rejections=tuple(rejections),
        given=found.given,
        notes=found.notes,
    )


def _rejected(files: Iterable[UploadFile], reason: str) -> tuple[Rejection, ...]:
    return tuple(Rejection(file=file.name, reason=reason) for file in files)


def _empty(parts: tuple[str, ...]) -> Rejection:
    return Rejection(file="/".join(parts) + "/", reason="is an empty folder, so it makes no class")
