"""Photos and labels in a Parquet file, as Hugging Face's datasets are stored. Only child processes run this.

A photo is the field ``bytes`` of a struct (Hugging Face's feature ``Image``) or a column of binaries. A label is a
column of text or numbers; where the schema names the classes of numbers (``ClassLabel``), it is the name.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from core.errors import InvalidInput

ROW_LIMIT = 1_000_000
COLUMN_LIMIT = 50
TEXT_LENGTH = 100
"""Characters of a value that are read: longer ones are no names of classes."""

_DAMAGED = "is damaged or no Parquet file"
_IMAGE_NAMES = ("image", "img", "photo", "picture", "bytes")


@dataclass(frozen=True, kw_only=True)
class ParquetTable:
    """What a Parquet file holds.

    Args:
        image: the column of photos; "" where there is none.
        columns: of values that may be labels; rows: these values as text, "" for none.
    """

    image: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def open_parquet(data: bytes) -> parquet.ParquetFile:
    """The file in ``data``, read by one thread.

    Raises:
        InvalidInput: it is none, or it is damaged.
    """
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    try:
        return parquet.ParquetFile(pa.BufferReader(data), memory_map=False, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError):
        raise InvalidInput(_DAMAGED) from None


def describe(file: parquet.ParquetFile) -> ParquetTable:
    """The photos and values of a file.

    Raises:
        InvalidInput: it has too many rows, or it is damaged.
    """
    if file.metadata.num_rows > ROW_LIMIT:
        raise InvalidInput(f"has {file.metadata.num_rows:,} rows; Parquet files of up to {ROW_LIMIT:,} rows are read")
    schema = file.schema_arrow
    classes = _class_names(schema)
    columns = [field.name for field in schema if _is_value(field.type)][:COLUMN_LIMIT]
    try:
        values = [_texts(file.read([name], use_threads=False).column(0), classes.get(name)) for name in columns]
    except (pa.ArrowException, OSError, ValueError):
        raise InvalidInput(_DAMAGED) from None
    rows = tuple(zip(*values, strict=True)) if values else ((),) * file.metadata.num_rows
    return ParquetTable(image=_image_column(schema), columns=tuple(columns), rows=rows)


def photo_in_row(file: parquet.ParquetFile, column: str, row: int) -> bytes:
    """The bytes of the photo in a row.

    Raises:
        InvalidInput: there is none, or the file is damaged.
    """
    first = 0
    for group in range(file.metadata.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        if row < first + count:
            value = _row_group(file, group, column)[row - first].as_py()
            data = value.get("bytes") if isinstance(value, dict) else value
            if isinstance(data, bytes):
                return data
            raise InvalidInput("holds no photo in its row of the Parquet file")
        first += count
    raise InvalidInput("is beyond the end of the Parquet file")


@lru_cache(maxsize=1)
def _row_group(file: parquet.ParquetFile, group: int, column: str) -> pa.ChunkedArray:
    """Kept: the photos of a group are decoded one after the other."""
    try:
        return file.read_row_group(group, [column], use_threads=False).column(0)
    except (pa.ArrowException, OSError, ValueError):
        raise InvalidInput("cannot be read: the Parquet file is damaged") from None


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _is_image(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(field.name == "bytes" and _is_binary(field.type) for field in kind)
    return _is_binary(kind)


def _image_column(schema: pa.Schema) -> str:
    names = [field.name for field in schema if _is_image(field.type)]
    named = [name for name in names if name.casefold() in _IMAGE_NAMES]
    return str((named or names or [""])[0])


def _is_value(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    types = pa.types
    return bool(
        types.is_integer(kind) or types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind)
    )


def _texts(column: pa.ChunkedArray, classes: list[str] | None) -> list[str]:
    return [_text(value, classes) for value in column.to_pylist()]


def _text(value: Any, classes: list[str] | None) -> str:
    if value is None:
        return ""
    if classes is not None and isinstance(value, int):
        return str(classes[value])[:TEXT_LENGTH] if 0 <= value < len(classes) else ""
    return str(value)[:TEXT_LENGTH].strip()


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """``{column: names}`` of Hugging Face's ``ClassLabel`` features, from the schema's metadata."""
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        found = {name: feature.get("names") for name, feature in features.items() if isinstance(feature, dict)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: list(map(str, names)) for name, names in found.items() if isinstance(names, list)}
