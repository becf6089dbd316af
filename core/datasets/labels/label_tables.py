"""Tables of an upload that may say which photo is of which class: CSV, TSV, columns of text, JSON, JSON lines."""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.datasets.archives.encodings import decoded, find_encodings
from core.datasets.labels.coco import annotated_photos, is_annotation
from core.datasets.layout import UploadFile
from core.errors import InvalidInput

TABLE_SUFFIXES = frozenset([".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".lst"])
ROW_LIMIT = 5_000_000
_COLUMN_LIMIT = 2_000
_SAMPLE_LINES = 50


@dataclass(frozen=True, kw_only=True)
class LabelTable:
    """A table as text.

    Args:
        file: it was read from.
        columns: their names; those of a table without a head are ``1``, ``2`` ...
        rows: one value for each column, "" where there is none.
        several: reasons why a row has no single label, by its number: a photo with several objects.
        kind: ``csv``, ``text``, ``json`` or ``annotations`` (COCO: the columns ``file_name`` and ``category``).
    """

    file: UploadFile
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    several: Mapping[int, str]
    kind: str

    def values(self, column: str) -> list[str]:
        at = self.columns.index(column)
        return [row[at] for row in self.rows]


def read_table(file: UploadFile, data: bytes) -> LabelTable | None:
    """The table in a file; None where it is none.

    Raises:
        InvalidInput: it is too large or damaged; the reason as a sentence fragment.
    """
    if file.suffix in (".json", ".jsonl", ".ndjson"):
        return _read_json(file, data)
    text = as_text(data)
    if not text.strip() or "\x00" in text:
        return None
    lines = [line for line in text.splitlines() if line.strip() and not (file.suffix == ".txt" and line[0] == "#")]
    if not lines:
        return None
    if len(lines) > ROW_LIMIT:
        raise InvalidInput(f"has {len(lines):,} rows; tables of up to {ROW_LIMIT:,} rows are read")
    rows, kind = _rows_of(file, lines)
    if not rows:
        return None
    width = max(len(row) for row in rows)
    if width > _COLUMN_LIMIT:
        raise InvalidInput(f"has {width:,} columns; tables of up to {_COLUMN_LIMIT:,} columns are read")
    full = [tuple(value.strip() for value in row) + ("",) * (width - len(row)) for row in rows]
    full = [tuple(_without_boxes(value) for value in row) for row in full] if b"n0" in data or b"n1" in data else full
    if kind == "csv" and _has_head(full):
        return LabelTable(file=file, columns=_unique(full[0]), rows=tuple(full[1:]), several={}, kind=kind)
    return LabelTable(
        file=file, columns=tuple(str(number) for number in range(1, width + 1)), rows=tuple(full), several={}, kind=kind
    )


def as_text(data: bytes) -> str:
    """Text of UTF-8 or UTF-16 with or without a mark, or else of the encoding that fits best."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(data)


def _guessed(data: bytes) -> str:
    """Text in an older encoding, found by its letters from a part of the lines."""
    lines = [line for line in data.splitlines() if any(byte > 127 for byte in line)][:_SAMPLE_LINES]
    words = [word for line in lines for word in re.split(rb"[,;\t|\"]", line) if word.strip()]
    encodings = find_encodings(words)
    return decoded(data, encodings[0]) if encodings else data.decode("cp1252", "replace")


def _without_boxes(value: str) -> str:
    """ImageNet's ``n01440764 1 2 3 4 n01440764 5 6 7 8``, boxes of one synset, as that synset."""
    if not re.fullmatch(r"(n\d{8}( \d+){4} ?)+", value):
        return value
    synsets = set(re.findall(r"n\d{8}", value))
    return synsets.pop() if len(synsets) == 1 else value


# --- CSV and text ---


def _rows_of(file: UploadFile, lines: list[str]) -> tuple[list[list[str]], str]:
    """The rows of a file with the delimiter that divides most lines alike, and its kind."""
    delimiter = _delimiter(lines, file.suffix)
    if delimiter is None:
        if file.suffix in (".csv", ".tsv"):
            return [[line.strip().strip('"')] for line in lines], "csv"
        return [line.split() for line in lines], "text"
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(value.strip() for value in row)]
    except csv.Error as error:
        raise InvalidInput(f"cannot be read as a table ({error})") from None
    kind = "csv" if file.suffix in (".csv", ".tsv") or _has_words_only(rows[0]) else "text"
    return rows, kind


def _delimiter(lines: list[str], suffix: str) -> str | None:
    """Tab, comma, semicolon or bar: the one that divides all first lines alike, into most columns."""
    best: tuple[int, str] | None = None
    for delimiter in "\t,;|":
        try:
            widths = {len(row) for row in csv.reader(lines[:_SAMPLE_LINES], delimiter=delimiter)}
        except csv.Error:
            continue
        if min(widths) > 1 and (len(widths) == 1 or suffix in (".csv", ".tsv")):
            found = (min(widths) if len(widths) == 1 else 1, delimiter)
            best = found if best is None or found[0] > best[0] else best
    return best[1] if best else None


def _has_words_only(row: Sequence[str]) -> bool:
    return all(re.fullmatch(r"[^\W\d][\w .()/-]*", value.strip()) and not _is_path(value) for value in row)


def _has_head(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first row names the columns: no path of a photo, no number, and nothing that is a value below."""
    first = rows[0]
    if any(all(_is_path(row[at]) for row in rows[1:50]) and not _is_path(first[at]) for at in range(len(first))):
        return len(rows) > 1
    if len(rows) < 2 or any(_is_path(value) or _is_number(value) for value in first):
        return False
    named = [value for value in first if value]
    return bool(named) and not any(value in {row[at] for row in rows[1:50]} for at, value in enumerate(first) if value)


def _is_path(value: str) -> bool:
    return bool(re.search(r"\.(jpe?g|png|webp|bmp|gif|tiff?|heic|avif)$", value.strip(), re.IGNORECASE))


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for number, name in enumerate(names, 1):
        name = name or str(number)
        found.append(name if name not in found else f"{name} {number}")
    return tuple(found)


# --- JSON ---


def _read_json(file: UploadFile, data: bytes) -> LabelTable | None:
    try:
        if file.suffix == ".json":
            content = json.loads(as_text(data))
        else:
            content = [json.loads(line) for line in as_text(data).splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise InvalidInput("is no valid JSON") from None
    if is_annotation(content):
        photos = annotated_photos(content)
        rows = tuple((photo.file_name, photo.category) for photo in photos)
        several = {number: photo.problem for number, photo in enumerate(photos) if photo.problem}
        columns = ("file_name", "category")
        return LabelTable(file=file, columns=columns, rows=rows, several=several, kind="annotations")
    if isinstance(content, dict):
        content = _records_in(content)
    if isinstance(content, list) and content and all(isinstance(record, dict) for record in content):
        return _from_records(file, content)
    return None


def _records_in(content: dict[str, Any]) -> object:
    """Records inside an object: ``{"data": [{...}]}``, or ``{"a.jpg": "cat"}`` as two columns."""
    lists = [value for value in content.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) == 1:
        return lists[0]
    if content and all(isinstance(value, str | int) for value in content.values()):
        return [{"file": name, "label": value} for name, value in content.items()]
    if content and all(isinstance(value, dict) for value in content.values()):
        return [{"file": name} | value for name, value in content.items()]
    return None


def _from_records(file: UploadFile, records: Sequence[Mapping[str, Any]]) -> LabelTable:
    columns: dict[str, None] = {}
    for record in records:
        columns |= dict.fromkeys(str(name) for name, value in record.items() if not isinstance(value, dict))
    names = tuple(columns)[:_COLUMN_LIMIT]
    rows = tuple(tuple(_scalar(record.get(name)) for name in names) for record in records)
    return LabelTable(file=file, columns=names, rows=rows, several={}, kind="json")


def _scalar(value: object) -> str:
    """A value as text; a list of one is that one, of several they are divided by bars."""
    if isinstance(value, list):
        return "|".join(_scalar(one) for one in value if not isinstance(one, dict | list))
    if value is None or isinstance(value, dict):
        return ""
    return str(value).strip()


def table_files(files: Iterable[UploadFile], photos: Iterable[UploadFile]) -> list[UploadFile]:
    """Files that may be tables; not those that lie beside each photo with its name (one annotation a photo)."""
    stems = {photo.parts[-1].rpartition(".")[0] for photo in photos}
    return [file for file in files if file.suffix in TABLE_SUFFIXES and file.parts[-1].rpartition(".")[0] not in stems]
