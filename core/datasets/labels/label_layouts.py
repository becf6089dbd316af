"""Layouts of labels that do not come from folders: from tables, or added to folders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.datasets.labels.labellings import Labelling, TableReading
from core.datasets.layout import Candidate, Layout, UploadFile
from core.datasets.names import class_name, name_key, quoted
from core.datasets.values import Rejection
from core.errors import InvalidInput

NO_PHOTO = "is no photo"
_NEARLY_ALL = 0.98


def labelled_layout(
    labelling: Labelling,
    files: Sequence[UploadFile],
    reading: TableReading,
    names: Mapping[str, str],
    refused: Sequence[Rejection] = (),
) -> Layout:
    """Photos with the classes of a table; the others are unlabelled.

    Args:
        labelling: of the table.
        files: of the upload, without junk.
        reading: the other tables.
        names: readable names of labels that are numbers or ids.
        refused: pictures that are no photos.
    """
    candidates, problems = _candidates(labelling, names)
    done = {candidate.file.parts for candidate in candidates}
    reasons = {
        rejection.file: rejection for rejection in (*refused, *reading.ignored, *labelling.rejections, *problems)
    }
    used = {table.parts for table in (*labelling.tables, *reading.unlabelled_tables)}
    unlabelled: list[UploadFile] = []
    rejections = [
        rejection for rejection in labelling.rejections if rejection.file not in {file.name for file in files}
    ]
    for file in files:
        if file.parts in done or file.parts in used:
            continue
        if file.name in reasons:
            rejections.append(reasons[file.name])
        elif file.is_photo:
            unlabelled.append(file)
        elif not any(table.file.parts == file.parts for table in reading.tables):
            rejections.append(Rejection(file=file.name, reason=NO_PHOTO))
    return Layout(
        id=labelling.id,
        title=f"Classes are in {labelling.source}",
        candidates=tuple(candidates),
        unlabelled=tuple(unlabelled),
        rejections=tuple(rejections),
        given=labelling.given,
        notes=(_source_note(labelling), *_split_note(labelling), *_unlabelled_note(unlabelled)),
    )


def _candidates(labelling: Labelling, names: Mapping[str, str]) -> tuple[list[Candidate], list[Rejection]]:
    candidates: list[Candidate] = []
    problems: list[Rejection] = []
    known: dict[str, str | None] = {}
    for label in labelling.labels.values():
        if label.label not in known:
            try:
                known[label.label] = class_name(names.get(label.label, label.label))
            except InvalidInput:
                known[label.label] = None
        name = known[label.label]
        if name is None:
            reason = f"has the label {quoted(label.label)}, which is no name for a class"
            problems.append(Rejection(file=label.file.name, reason=reason))
        else:
            candidates.append(Candidate(file=label.file, class_name=name, split=label.split))
    return sorted(candidates, key=lambda candidate: candidate.file.parts), problems


def _source_note(labelling: Labelling) -> str:
    return f"The classes of {len(labelling.labels):,} photos are from {labelling.source}."


def _split_note(labelling: Labelling) -> list[str]:
    if not labelling.without_split:
        return []
    rows = f"{labelling.without_split:,} photos name" if labelling.without_split > 1 else "1 photo names"
    return [f"In the table {rows} no split, so the splits that other rows name were not used."]


def _unlabelled_note(photos: Collection[UploadFile]) -> list[str]:
    if not photos:
        return []
    have = f"{len(photos):,} photos have" if len(photos) > 1 else "1 photo has"
    return [f"{have} no class in a table: set aside as unlabelled."]


# --- beside class folders ---


def agrees(layout: Layout, labelling: Labelling) -> bool | None:
    """Whether the labels divide the photos as the folders do; None where they name fewer than half of them.

    One photo with another label is a contradiction, and so is a label that is the name of another folder.
    """
    pairs = [
        (name_key(candidate.class_name), labelling.labels[candidate.file.parts].label)
        for candidate in layout.candidates
        if candidate.file.parts in labelling.labels
    ]
    if 2 * len(pairs) < sum(candidate.file.is_photo for candidate in layout.candidates):
        return None
    folders: dict[str, set[str]] = {}
    for name, label in pairs:
        folders.setdefault(name, set()).add(label)
    if any(len(labels) > 1 for labels in folders.values()):
        return False
    label_of = {name: next(iter(labels)) for name, labels in folders.items()}
    swapped = any(name_key(label) in folders and name_key(label) != name for name, label in label_of.items())
    return not swapped and len(set(label_of.values())) == len(label_of)


def completed(
    layout: Layout, labelling: Labelling, flat: Mapping[str, Sequence[UploadFile]], names: Mapping[str, str]
) -> Layout | None:
    """The layout with unlabelled photos of split folders in the classes that a table gives them; None without any.

    The table must name classes of the layout, as their folders are called or by their readable names.
    """
    classes = {name_key(candidate.class_name): candidate.class_name for candidate in layout.candidates}
    classes |= {name_key(names.get(name, name)): name for name in classes.values()}
    added: list[Candidate] = []
    given: set[str] = set()
    for split, photos in flat.items():
        found = [
            Candidate(file=photo, class_name=classes[key], split=split)
            for photo in photos
            if photo.parts in labelling.labels and (key := name_key(labelling.labels[photo.parts].label)) in classes
        ]
        if 2 * len(found) >= len(photos):
            added += found
            given.add(split)
    if not added:
        return None
    done = {candidate.file.parts for candidate in added}
    before = [replace(candidate, split=candidate.split or "train") for candidate in layout.candidates]
    tables = {table.name for table in labelling.tables}
    return replace(
        layout,
        candidates=tuple(sorted([*before, *added], key=lambda candidate: candidate.file.parts)),
        unlabelled=tuple(file for file in layout.unlabelled if file.parts not in done),
        rejections=tuple(rejection for rejection in layout.rejections if rejection.file not in tables),
        given=layout.given | given | {"train"},
        notes=(*_remaining(layout, done), f"{_source_note(labelling)}"),
    )


def _remaining(layout: Layout, done: set[tuple[str, ...]]) -> list[str]:
    """Notes about unlabelled photos that are still true."""
    folders = {file.parts[:-1] for file in layout.unlabelled if file.parts in done}
    names = {quoted(part) for folder in folders for part in folder}
    return [note for note in layout.notes if not any(f"folder {name} holds" in note for name in names)]


def with_split_lists(layout: Layout, splits: Mapping[tuple[str, ...], str]) -> Layout | None:
    """The layout with the splits of lists of photos; None where they do not name nearly all of its photos."""
    named = [candidate for candidate in layout.candidates if candidate.file.parts in splits]
    if layout.given or len(named) < _NEARLY_ALL * sum(candidate.file.is_photo for candidate in layout.candidates):
        return None
    given = frozenset(splits[candidate.file.parts] for candidate in named)
    if len(given) < 2 or "train" not in given:
        return None
    return replace(
        layout,
        id=f"{layout.id}:lists",
        title=f"{layout.title}, splits are in lists of photos",
        candidates=tuple(replace(candidate, split=splits[candidate.file.parts]) for candidate in named),
        given=given,
        rejections=(
            *layout.rejections,
            *(
                Rejection(file=candidate.file.name, reason="is in no list of a split")
                for candidate in layout.candidates
                if candidate.file.parts not in splits
            ),
        ),
    )
