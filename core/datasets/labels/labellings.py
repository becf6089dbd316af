"""The labels that tables of an upload give its photos."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.datasets.labels.class_words import synset_names
from core.datasets.labels.contents import Contents
from core.datasets.labels.label_columns import (
    ONE_HOT,
    TableColumns,
    choose_columns,
    file_column,
    hot_columns,
    split_of,
    with_joined,
)
from core.datasets.labels.label_tables import LabelTable, as_text, read_table, table_files
from core.datasets.labels.photo_index import PhotoIndex, path_splits
from core.datasets.layout import UploadFile
from core.datasets.layouts.split_words import split_word, tokens
from core.datasets.names import quoted, quoted_list
from core.datasets.values import Rejection
from core.errors import InvalidInput

MOST_TABLES = 500
_TOTAL_LIMIT = 256 * 2**20
_MOST_LISTED = 1000
"""Files that a table names and that are missing are listed up to this number."""


@dataclass(frozen=True, kw_only=True)
class PhotoLabel:
    """What a table says about a photo: its class ("" for none), and its split ("" for none)."""

    file: UploadFile
    label: str
    split: str


@dataclass(frozen=True, kw_only=True)
class Labelling:
    """One column of labels, over all tables with the same columns.

    Args:
        id: ``labels:<table>:<file column>:<label column>``; tables: whose rows it has.
        column: of the labels; "" in a list of photos without labels.
        labels: the photos with their labels, by path.
        rejections: photos without a single label, and files that are missing, with reasons.
        given: the splits the tables or the folders of the photos give; empty where they give none.
        without_split: photos whose rows name no split while others do, so that the split is not used.
    """

    id: str
    tables: tuple[UploadFile, ...]
    column: str
    labels: dict[tuple[str, ...], PhotoLabel]
    rejections: tuple[Rejection, ...]
    given: frozenset[str]
    without_split: int = 0

    @property
    def source(self) -> str:
        """Where the labels are, for display."""
        tables = quoted_list([table.name for table in self.tables], 3)
        return f"the columns of {tables}" if self.column == ONE_HOT else f"column {quoted(self.column)} of {tables}"

    @property
    def is_vague(self) -> bool:
        """Whether neither a head of its column nor a word in its values shows that these are classes."""
        return self.column.isdigit() and all(label.label.isdigit() for label in self.labels.values())


@dataclass(frozen=True, kw_only=True)
class TableReading:
    """What the tables of an upload say.

    Args:
        labellings: the most plausible first; certain: whether the first is the only sensible one.
        split_lists: the split of photos that lists without labels name: ``train.txt``, ``test.txt``.
        ignored: tables that say nothing about the photos, with the reason.
        unlabelled_tables: tables that name photos but no class for any of them.
        tables: everything that could be read as a table, for names of classes.
        synsets: names of ImageNet's synsets that tables give.
    """

    labellings: tuple[Labelling, ...] = ()
    certain: bool = True
    split_lists: dict[tuple[str, ...], str] = field(default_factory=dict)
    ignored: tuple[Rejection, ...] = ()
    unlabelled_tables: tuple[UploadFile, ...] = ()
    tables: tuple[LabelTable, ...] = ()
    synsets: dict[str, str] = field(default_factory=dict)


def read_labellings(
    files: Sequence[UploadFile],
    photos: Sequence[UploadFile],
    contents: Contents | None,
    packed: Sequence[LabelTable] = (),
) -> TableReading:
    """The labels that the tables among ``files`` give ``photos``; ``packed`` are the tables of Parquet files."""
    if contents is None or not photos:
        return TableReading()
    tables, ignored, synsets = _read_tables(table_files(files, photos), contents)
    tables += packed
    if not tables:
        return TableReading(ignored=tuple(ignored), synsets=synsets)
    index = PhotoIndex(photos)
    groups: dict[tuple, list[LabelTable]] = {}
    lists: list[LabelTable] = []
    empty: list[UploadFile] = []
    for table in with_joined(tables, index):
        column = file_column(table, index)
        if column is not None:
            groups.setdefault(_group_of(table, column), []).append(table)
        elif table.kind == "annotations":
            empty.append(table.file)
        else:
            what = "text file" if table.file.name.lower().endswith(".txt") else "table"
            ignored.append(Rejection(file=table.file.name, reason=f"is a {what} that names no photos of the upload"))
    labellings: list[Labelling] = []
    certain = True
    for (column, *_), group in groups.items():
        group.sort(key=lambda table: (_split_of_table(table.file) != "train", table.file.parts))
        columns = choose_columns(group, column)
        found = [
            labelling for label in columns.labels if (labelling := _labelling(group, columns, label, index)).labels
        ]
        certain = certain and (columns.certain or not found)
        labellings += found if not columns.certain else found[:1]
        if not found:
            lists += group
            empty += [table.file for table in group]
    best = sorted(labellings, key=lambda labelling: -len(labelling.labels))
    return TableReading(
        labellings=tuple(best),
        certain=certain and len(labellings) < 2,
        split_lists=_split_lists(lists, index),
        ignored=tuple(ignored),
        unlabelled_tables=tuple(empty),
        tables=tuple(tables),
        synsets=synsets,
    )


def _group_of(table: LabelTable, column: str) -> tuple:
    """What tables have in common that are read as one: a column of the photos' names, and all other columns.

    Tables without a head are one only where their names differ in a split: ``train.txt``, ``val.txt``.
    """
    has_head = table.kind != "text" and not table.columns[0].isdigit()
    name = "" if has_head else table.file.name
    if name and split_word(table.file.parts[-1].rpartition(".")[0]):
        name = "split"
    return column, table.kind, table.columns, name


def _read_tables(
    files: Iterable[UploadFile], contents: Contents
) -> tuple[list[LabelTable], list[Rejection], dict[str, str]]:
    """The tables, the files that cannot be read with the reason, and names of synsets."""
    tables: list[LabelTable] = []
    ignored: list[Rejection] = []
    synsets: dict[str, str] = {}
    total = 0
    for file in sorted(files, key=lambda file: (len(file.parts), file.parts))[:MOST_TABLES]:
        if "submission" in tokens(file.parts[-1]):
            ignored.append(Rejection(file=file.name, reason="is a sample of a submission, not a table of labels"))
            continue
        total += file.size
        if total > _TOTAL_LIMIT:
            reason = f"is beyond the {_TOTAL_LIMIT // 2**20} MB of tables that are read"
            ignored.append(Rejection(file=file.name, reason=reason))
            continue
        try:
            data = contents.read(file)
            table = read_table(file, data)
        except InvalidInput as error:
            ignored.append(Rejection(file=file.name, reason=str(error)))
            continue
        synsets |= synset_names(as_text(data))
        if table is not None and (table.rows or table.kind == "annotations"):
            tables.append(table)
    return tables, ignored, synsets


def _labelling(group: Sequence[LabelTable], columns: TableColumns, column: str, index: PhotoIndex) -> Labelling:
    found: dict[tuple[str, ...], list[PhotoLabel]] = {}
    problems: dict[tuple[str, ...], str] = {}
    missing: list[Rejection] = []
    for table in group:
        for value, (label, problem), split in _rows(table, columns, column):
            photos = index.find(value, table.file)
            if len(photos) == 1:
                found.setdefault(photos[0].parts, []).append(PhotoLabel(file=photos[0], label=label, split=split))
                if problem:
                    problems[photos[0].parts] = problem
            elif value:
                reason = f"is named in {quoted(table.file.name)} but " + (
                    f"{len(photos):,} files have this name" if photos else "is not in the upload"
                )
                missing.append(Rejection(file=value[:200], reason=reason))
    labels: dict[tuple[str, ...], PhotoLabel] = {}
    rejections: list[Rejection] = []
    for parts, rows in found.items():
        different = sorted({row.label for row in rows} - {""})
        problem = problems.get(parts, "")
        if len(different) > 1:
            problem = f"has several labels ({quoted_list(different)}); a photo needs one"
        if problem:
            rejections.append(Rejection(file="/".join(parts), reason=problem))
        elif different:
            labels[parts] = next(row for row in rows if row.label)
    without_split = _without_split(labels)
    labels, given = _with_splits(labels)
    name = group[0].file.name
    return Labelling(
        id=f"labels:{name}:{columns.file}:{column}",
        tables=tuple(table.file for table in group),
        column=column,
        labels=labels,
        rejections=(*rejections, *missing[:_MOST_LISTED]),
        given=given,
        without_split=0 if given else without_split,
    )


def _rows(table: LabelTable, columns: TableColumns, column: str) -> Iterable[tuple[str, tuple[str, str], str]]:
    """(file, (label, problem), split) of every row. The split is that of its column, or that of the table's name."""
    files = table.values(columns.file)
    splits = [split_of(columns.split, value) for value in table.values(columns.split)] if columns.split else None
    name = _split_of_table(table.file)
    if column == ONE_HOT:
        labels = _hot_labels(table, hot_columns(table, columns))
    else:
        values = table.values(column)
        different = frozenset(values)
        singles = {value: _single(value, different) for value in different}
        labels = [singles[value] for value in values]
    for number, file in enumerate(files):
        label, problem = labels[number]
        yield file, (label, table.several.get(number, problem)), splits[number] if splits else name


def _hot_labels(table: LabelTable, hot: Sequence[str]) -> list[tuple[str, str]]:
    labels = []
    for row in zip(*(table.values(name) for name in hot), strict=True):
        names = [name for name, value in zip(hot, row, strict=True) if value.startswith("1")]
        several = f"has several labels ({quoted_list(names)}); a photo needs one" if len(names) > 1 else ""
        labels.append((names[0] if len(names) == 1 else "", several))
    return labels


def _single(value: str, values: frozenset[str]) -> tuple[str, str]:
    """The label, or why it is none: several labels in one value, each of which occurs alone too."""
    for divider in ("|", ";", ",", " "):
        parts = [part.strip() for part in value.split(divider) if part.strip()]
        if len(parts) > 1 and all(part in values for part in parts):
            return "", f"has several labels ({quoted_list(parts)}); a photo needs one"
    return value, ""


# --- splits ---


def _split_of_table(table: UploadFile) -> str:
    """The split of the name of a table, or of the folder it lies in."""
    for name in (table.parts[-1].rpartition(".")[0], *reversed(table.parts[:-1])):
        if word := split_word(name):
            return word.split
    return ""


def _with_splits(
    labels: dict[tuple[str, ...], PhotoLabel],
) -> tuple[dict[tuple[str, ...], PhotoLabel], frozenset[str]]:
    """The labels with the split of the rows, or else of the photos' folders; without where neither gives several."""
    by_folder = {parts: (path_splits(label.file) or [""])[-1] for parts, label in labels.items()}
    for splits in ({parts: label.split for parts, label in labels.items()}, by_folder):
        given = frozenset(splits.values())
        if "" not in given and len(given) > 1 and "train" in given:
            return {
                parts: PhotoLabel(file=label.file, label=label.label, split=splits[parts])
                for parts, label in labels.items()
            }, given
    return {
        parts: PhotoLabel(file=label.file, label=label.label, split="") for parts, label in labels.items()
    }, frozenset()


def _without_split(labels: dict[tuple[str, ...], PhotoLabel]) -> int:
    """The number of photos whose rows name no split, where those of others name several."""
    splits = [label.split for label in labels.values()]
    return splits.count("") if len(set(splits) - {""}) > 1 else 0


def _split_lists(tables: Sequence[LabelTable], index: PhotoIndex) -> dict[tuple[str, ...], str]:
    """The splits of photos in lists named after splits, or in a table of splits; empty unless there are several.

    One of them must be ``train``.
    """
    splits: dict[tuple[str, ...], str] = {}
    for table in tables:
        column = file_column(table, index)
        if column is None:
            continue
        split = choose_columns([table], column).split
        rows = table.values(split) if split else [""] * len(table.rows)
        for value, name in zip(table.values(column), rows, strict=True):
            found = split_of(split, name) if split else _split_of_table(table.file)
            for photo in index.find(value, table.file)[:1] if found else ():
                splits.setdefault(photo.parts, found)
    different = set(splits.values())
    return splits if len(different) > 1 and "train" in different else {}
