"""Every sensible way to read an upload: folders, tables of labels, names of files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from core.datasets.labels.class_words import imagenet_names, label_words, readable
from core.datasets.labels.contents import Contents
from core.datasets.labels.file_names import QUESTION, name_layout
from core.datasets.labels.label_layouts import agrees, completed, labelled_layout, with_split_lists
from core.datasets.labels.label_tables import LabelTable
from core.datasets.labels.labellings import TableReading, read_labellings
from core.datasets.labels.parquet_tables import SUFFIX
from core.datasets.layout import Layout, LayoutChoice, UploadFile, is_junk
from core.datasets.layouts.folder_layouts import FolderReading
from core.datasets.layouts.folders import read_folders
from core.datasets.layouts.lookalike import without_lookalikes
from core.datasets.names import quoted_list
from core.datasets.values import Rejection
from core.errors import InvalidInput

MOST_LAYOUTS = 12
"""Ways to read an upload that are offered at most."""


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
    kept, packed, damaged = _unpacked(kept, contents)
    folders = _packed_reading(damaged) if packed else read_folders(kept, empty)
    apart = {rejection.file for rejection in folders.auxiliary}
    photos = [file for file in kept if file.is_photo and file.name not in apart]
    tables = read_labellings(kept, photos, contents, packed)
    tables = replace(tables, ignored=(*tables.ignored, *damaged))
    choice = _combined(folders, tables, kept)
    layouts = tuple(_named(layout, tables.synsets) for layout in choice.layouts[:MOST_LAYOUTS])
    return without_lookalikes(LayoutChoice(layouts=layouts, question=choice.question))


def _unpacked(
    files: list[UploadFile], contents: Contents | None
) -> tuple[list[UploadFile], list[LabelTable], list[Rejection]]:
    """The files with the photos in Parquet files in place of these, their tables, and those that cannot be used.

    Beside other photos a Parquet file is no photo: an upload is one or the other.
    """
    parquet = [file for file in files if file.suffix == SUFFIX]
    if contents is None or not parquet or any(file.is_photo for file in files):
        return files, [], []
    photos, tables, damaged = contents.read_parquet(parquet)
    read = {table.file.parts for table in tables}
    return [*(file for file in files if file.parts not in read), *photos], tables, damaged


def _packed_reading(damaged: Sequence[Rejection]) -> FolderReading:
    problem = "The Parquet files hold photos but no column of classes: a column of names or numbers that are repeated."
    return FolderReading(problem=problem, auxiliary=tuple(damaged))


def _combined(folders: FolderReading, tables: TableReading, files: Sequence[UploadFile]) -> LayoutChoice:
    if folders.layouts and not folders.problem and not folders.weak:
        return _beside_folders(folders, tables, files)
    labelled = _labelled(folders, tables, files)
    named = name_layout(files, folders.auxiliary)
    if labelled:
        if named is not None and all(labelling.is_vague for labelling in tables.labellings):
            question = "The names of the files and a table without a head name classes. Which are the classes?"
            return LayoutChoice(layouts=(named, *labelled), question=question)
        question = "" if tables.certain else _which_column(labelled)
        return LayoutChoice(layouts=labelled, question=question)
    if named is not None:
        layouts = (named, *(folders.layouts if folders.question else ()))
        return LayoutChoice(layouts=layouts, question=QUESTION)
    if folders.layouts and not folders.problem:
        return LayoutChoice(layouts=_with_ignored(folders.layouts, tables), question=folders.question)
    raise InvalidInput(folders.problem + _what_tables_lack(tables))


def _labelled(folders: FolderReading, tables: TableReading, files: Sequence[UploadFile]) -> tuple[Layout, ...]:
    layouts = []
    for labelling in tables.labellings:
        names = label_words({label.label for label in labelling.labels.values()}, tables.tables)
        layouts.append(labelled_layout(labelling, files, tables, names, folders.auxiliary))
    return tuple(layouts)


def _which_column(layouts: Sequence[Layout]) -> str:
    return f"There are {len(layouts)} columns that may be the classes. Which are they?"


def _what_tables_lack(tables: TableReading) -> str:
    """Why the tables of an upload do not help, after the sentence that there are no class folders."""
    if tables.unlabelled_tables:
        names = quoted_list([table.name for table in tables.unlabelled_tables], 3)
        verb = "names" if len(tables.unlabelled_tables) == 1 else "name"
        return f" {names} {verb} no class for any photo."
    if tables.ignored:
        first = tables.ignored[0]
        return f" {quoted_list([first.file])} {first.reason}."
    return ""


# --- class folders with tables beside them ---


def _beside_folders(folders: FolderReading, tables: TableReading, files: Sequence[UploadFile]) -> LayoutChoice:
    """Class folders: a table completes them, gives their splits, says the same or contradicts them."""
    layouts = _with_ignored(folders.layouts, tables)
    first = layouts[0]
    classes = {candidate.class_name for candidate in first.candidates}
    names = readable(classes, tables.synsets) or tables.synsets
    contradicting: list[Layout] = []
    for labelling, labelled in zip(tables.labellings, _labelled(folders, tables, files), strict=True):
        full = completed(first, labelling, folders.flat, names)
        if full is not None:
            first = full
            continue
        same = agrees(first, labelling)
        if same is False:
            contradicting.append(labelled)
        elif same and labelling.given and not first.given and not folders.question:
            title = f"{first.title}, splits are in {quoted_list([table.name for table in labelling.tables], 3)}"
            given = _with_splits_of(first, {parts: label.split for parts, label in labelling.labels.items()}, title)
            if given is not None:
                question = "The folders are the classes, and a table names splits of the photos. Are these the splits?"
                return LayoutChoice(layouts=(given, first), question=question)
    lists = with_split_lists(first, tables.split_lists)
    if lists is not None and not folders.question and not contradicting:
        question = "The folders are the classes, and lists of photos are named like splits. Are these the splits?"
        return LayoutChoice(layouts=(lists, first), question=question)
    if contradicting and not folders.question:
        question = "The folders and a table of labels name different classes. Which are the classes?"
        return LayoutChoice(layouts=(first, *contradicting), question=question)
    return LayoutChoice(layouts=(first, *layouts[1:], *contradicting), question=folders.question)


def _with_splits_of(layout: Layout, splits: Mapping[tuple[str, ...], str], title: str) -> Layout | None:
    found = with_split_lists(layout, splits)
    return None if found is None else replace(found, id=f"{layout.id}:splits", title=title)


def _with_ignored(layouts: Iterable[Layout], tables: TableReading) -> tuple[Layout, ...]:
    """The layouts with the reason why a table was not used, in place of where it lies."""
    reasons = {rejection.file: rejection for rejection in tables.ignored}
    reasons |= {
        table.name: Rejection(file=table.name, reason="is a table that names no class of any photo")
        for table in tables.unlabelled_tables
    }
    reasons |= {
        table.name: Rejection(file=table.name, reason="is a table of labels; the folders are the classes")
        for labelling in tables.labellings
        for table in labelling.tables
    }
    return tuple(
        replace(layout, rejections=tuple(reasons.get(rejection.file, rejection) for rejection in layout.rejections))
        for layout in layouts
    )


# --- names of classes ---


def _named(layout: Layout, synsets: Mapping[str, str]) -> Layout:
    """The layout with readable names in place of ImageNet's synsets."""
    classes = {candidate.class_name for candidate in layout.candidates}
    if not classes or not all(name.startswith("n") for name in classes):
        return layout
    names = readable(classes, synsets) or readable(classes, imagenet_names())
    if not names:
        return layout
    example = min(names)
    note = f"ImageNet's synsets have their names: {quoted_list([example])} is {quoted_list([names[example]])}."
    candidates = (replace(candidate, class_name=names[candidate.class_name]) for candidate in layout.candidates)
    return replace(layout, candidates=tuple(candidates), notes=(*layout.notes, note))
