"""Which column of a table names the photos, which the label, which the split."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.datasets.labels.label_tables import LabelTable
from core.datasets.labels.photo_index import PhotoIndex
from core.datasets.layouts.split_words import split_word, tokens
from core.datasets.names import NAME_LENGTH

ONE_HOT = "one column per class"
_LABEL_WORDS = frozenset(
    ["label", "labels", "class", "classes", "category", "categories", "target", "breed", "species", "diagnosis", "dx"]
    + ["classname", "labelname", "categoryname", "classlabel", "y", "variety", "finding", "findings", "tag", "tags"]
)
_DECISIVE = frozenset(
    [
        "label",
        "labels",
        "class",
        "classes",
        "category",
        "categories",
        "target",
        "classname",
        "labelname",
        "categoryname",
    ]
    + ["classlabel", "name"]
)
"""A column called by these words alone is the class whatever other columns say; "species" may stand beside "sex"."""

_NO_LABEL_WORDS = frozenset(
    [
        "width",
        "height",
        "xmin",
        "ymin",
        "xmax",
        "ymax",
        "x",
        "y1",
        "x1",
        "x2",
        "y2",
        "size",
        "md5",
        "sha",
        "url",
        "bbox",
    ]
    + ["area", "lat", "lon", "latitude", "longitude", "age", "date", "time", "path", "filename", "filepath", "index"]
    + ["fold", "split", "usage", "score", "probability", "confidence", "license", "patient", "id", "filesize", "format"]
)
_SPLIT_COLUMN = frozenset(["split", "set", "subset", "usage", "partition", "phase", "fold", "dataset"])
_IS_TRAIN = frozenset(["istrain", "istraining", "train", "training", "traintestsplit"])
_SAMPLE = 300


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """The columns of a table.

    Args:
        file: names the photos; labels: each may be the class, the most plausible first; split: "" where none is.
        certain: whether the first of ``labels`` is the class without doubt.
    """

    file: str
    labels: tuple[str, ...]
    split: str
    certain: bool


def file_column(table: LabelTable, index: PhotoIndex) -> str | None:
    """The column that names photos of the upload; None where none names at least half of its rows or of the photos."""
    step = max(1, len(table.rows) // _SAMPLE)
    sample = table.rows[::step]
    best, column = 0, None
    for at, name in enumerate(table.columns[:50]):
        found = sum(bool(row[at]) and bool(index.find(row[at], table.file)) for row in sample)
        if found > best:
            best, column = found, name
    if column is None:
        return None
    if 2 * best >= len(sample):
        return column
    named = {photo.parts for value in set(table.values(column)) for photo in index.find(value, table.file)}
    return column if 2 * len(named) >= index.count else None


def with_joined(tables: Sequence[LabelTable], index: PhotoIndex) -> list[LabelTable]:
    """The tables, those of ids and values joined with a table of ids and photos, as in CUB-200.

    ``1 a.jpg`` and ``1 train`` become ``a.jpg train``; the column of values is called as its file.
    """
    photos = next((found for table in tables if (found := _photo_ids(table, index))), None)
    if photos is None:
        return list(tables)
    joined: list[LabelTable] = []
    for table in tables:
        ids = table.values(table.columns[0]) if table.columns else []
        if (
            len(table.columns) == 2
            and not _photo_ids(table, index)
            and len(ids) == len(photos)
            and set(ids) == set(photos)
        ):
            rows = tuple((photos[row[0]], row[1]) for row in table.rows)
            name = table.file.parts[-1].rpartition(".")[0]
            table = replace(table, columns=("file", name), rows=rows, kind="csv")
        joined.append(table)
    return joined


def _photo_ids(table: LabelTable, index: PhotoIndex) -> dict[str, str] | None:
    """``{id: photo}`` of a table without a head of two columns, the ids and the photos."""
    if table.columns != ("1", "2") or not table.rows or not all(value.isdigit() for value in table.values("1")):
        return None
    found = dict(zip(table.values("1"), table.values("2"), strict=True))
    sample = list(found.values())[:_SAMPLE]
    named = sum("." in value and bool(index.find(value, table.file)) for value in sample)
    return found if len(found) == len(table.rows) and 2 * named >= len(sample) else None


def choose_columns(tables: Sequence[LabelTable], file: str) -> TableColumns:
    """The columns of tables with the same columns, of which ``file`` names the photos."""
    columns = tables[0].columns
    others = [name for name in columns if name != file]
    values = {name: [value for table in tables for value in table.values(name)] for name in others}
    split = next((name for name in others if _is_split(name, values[name])), "")
    hot = [name for name in others if set(values[name]) <= {"0", "1", "0.0", "1.0"}]
    if len(hot) < 2 or not _is_one_hot(values, hot):
        hot = []
    plausible = [name for name in others if name not in (split, *hot) and _may_be_label(name, values[name])]
    plausible = [ONE_HOT, *plausible] if hot else plausible
    plausible = _without_repeated(plausible, values)
    plausible.sort(key=lambda name: (-_rank(name), _all_numbers(values.get(name, [])), columns_at(columns, name)))
    best = [name for name in plausible if plausible and _rank(name) == _rank(plausible[0])]
    certain = len(plausible) == 1 or (len(best) == 1 and _is_decisive(best[0]))
    return TableColumns(file=file, labels=tuple(plausible), split=split, certain=certain)


def hot_columns(table: LabelTable, columns: TableColumns) -> list[str]:
    """The columns of a table that has one per class."""
    return [
        name
        for name in table.columns
        if name not in (columns.file, columns.split) and set(table.values(name)) <= {"0", "1", "0.0", "1.0"}
    ]


def columns_at(columns: Sequence[str], name: str) -> int:
    return columns.index(name) if name in columns else -1


def _words(name: str) -> tuple[str, ...]:
    parts = tokens(name)
    return (*parts, "".join(parts))


def _rank(name: str) -> int:
    """2 for a name of nothing but words for a class, 1 for one with such a word, 0 for others."""
    if name == ONE_HOT:
        return 2
    parts = tokens(name)
    if parts and all(part in _LABEL_WORDS or part == "name" for part in parts):
        return 2
    return 1 if set(_words(name)) & _LABEL_WORDS else 0


def _is_decisive(name: str) -> bool:
    return name == ONE_HOT or (_rank(name) == 2 and set(tokens(name)) <= _DECISIVE)


def _may_be_label(name: str, values: Sequence[str]) -> bool:
    """Whether the values may be classes: a few short ones that are repeated, and no measurements."""
    given = [value for value in values if value]
    different = set(given)
    fewest = len(different) + 1 if _rank(name) > 1 else 2 * len(different)
    if len(different) < 2 or len(given) < fewest or any(len(value) > NAME_LENGTH for value in different):
        return False
    if any(re.fullmatch(r"-?\d+\.\d*[1-9]\d*", value) for value in different):
        return False
    if _rank(name):
        return True
    return not set(_words(name)) & _NO_LABEL_WORDS and (not _all_numbers(given) or len(different) <= 1000)


def _all_numbers(values: Sequence[str]) -> bool:
    return all(re.fullmatch(r"-?\d+(\.0+)?", value) for value in set(values) if value)


def _is_split(name: str, values: Sequence[str]) -> bool:
    different = {value for value in values if value}
    if "".join(tokens(name)) in _IS_TRAIN:
        return {value.casefold() for value in different} in ({"0", "1"}, {"true", "false"})
    words = {value: split_word(value) for value in different} if len(different) < 10 else {}
    named = bool(set(_words(name)) & _SPLIT_COLUMN)
    splits = {word.split for word in words.values() if word and (named or not word.affix)}
    return len(words) > 0 and all(words.values()) and "train" in splits and len(splits) > 1


def split_of(column: str, value: str) -> str:
    """The split that a value of a split column means, "" for none."""
    if "".join(tokens(column)) in _IS_TRAIN:
        return {"1": "train", "true": "train", "0": "test", "false": "test"}.get(value.casefold(), "")
    word = split_word(value)
    return word.split if word else ""


def _is_one_hot(values: dict[str, list[str]], hot: Sequence[str]) -> bool:
    sums = [sum(value.startswith("1") for value in row) for row in zip(*(values[name] for name in hot), strict=True)]
    return 2 * sum(total == 1 for total in sums) >= len(sums) and max(sums, default=0) > 0


def _without_repeated(names: list[str], values: dict[str, list[str]]) -> list[str]:
    """The columns without those that divide the photos as another does: of class number and class name the name."""
    kept: list[str] = []
    for name in sorted(
        names, key=lambda name: (-_rank(name) if name == ONE_HOT else 0, _all_numbers(values.get(name, [])))
    ):
        if name == ONE_HOT or not any(_same_parts(values[name], values[other]) for other in kept if other != ONE_HOT):
            kept.append(name)
    return [name for name in names if name in kept]


def _same_parts(one: Sequence[str], other: Sequence[str]) -> bool:
    pairs = set(zip(one, other, strict=True))
    return len(pairs) == len(set(one)) == len(set(other))
