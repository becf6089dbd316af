"""The layouts of class folders: every file of the upload in a class, unlabelled or rejected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.datasets.layout import Candidate, Layout, UploadFile
from core.datasets.layouts.class_levels import (
    ClassLevel,
    Placed,
    class_levels,
    numbered_or_nameless,
    without_wrappers,
)
from core.datasets.layouts.folder_tree import (
    Folder,
)
from core.datasets.names import class_name, quoted, quoted_list
from core.datasets.values import Rejection

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
class FoundFolders:
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


def set_aside(found: FoundFolders, folders: Mapping[str, Folder]) -> FoundFolders:
    """``found`` with the photos of these folders as unlabelled ones."""
    unlabelled: list[UploadFile] = []
    notes: list[str] = []
    for name, folder in sorted(folders.items()):
        photos = list(folder.all_photos())
        unlabelled += photos
        count = f"{len(photos):,} photo{'s' * (len(photos) != 1)}"
        notes.append(f"The folder {quoted(name)} holds {count} without a class: set aside as unlabelled.")
    return replace(found, unlabelled=(*found.unlabelled, *unlabelled), notes=(*found.notes, *notes))


def placed_below(top: Folder) -> tuple[Placed, ...]:
    first = len(top.parts)
    return tuple(
        Placed(file=file, path=path, depths=tuple(range(first, first + len(path))))
        for path, file in top.placed()
        if path
    )


def with_placed(found: FoundFolders, photos: Sequence[Placed]) -> FoundFolders:
    given = frozenset(photo.split for photo in photos if photo.split)
    return replace(found, placed=tuple(without_wrappers(photos)), given=given)


def read_levels(found: FoundFolders) -> FolderReading:
    levels, question = class_levels(found.placed)
    layouts = tuple(layout_of(level, found) for level in levels)
    names = sorted({photo.path[0] for photo in found.placed})
    if not question and (len(names) < 2 or numbered_or_nameless(names)):
        if len(names) > 1:
            question = f"The names of the folders {quoted_list(names)} name no classes. Are they classes all the same?"
        return FolderReading(layouts=layouts, question=question, weak=True)
    return FolderReading(layouts=layouts, question=question)


def layout_of(level: ClassLevel, found: FoundFolders) -> Layout:
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


def rejected(files: Iterable[UploadFile], reason: str) -> tuple[Rejection, ...]:
    return tuple(Rejection(file=file.name, reason=reason) for file in files)


def _empty(parts: tuple[str, ...]) -> Rejection:
    return Rejection(file="/".join(parts) + "/", reason="is an empty folder, so it makes no class")
