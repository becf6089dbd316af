"""Parquet files of an upload as photos and tables of labels."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from core.datasets.archives.members import ParquetRow
from core.datasets.decoding.sandbox import environment, task_of
from core.datasets.labels.label_tables import LabelTable
from core.datasets.layout import UploadFile
from core.datasets.values import Rejection
from core.errors import InvalidInput
from core.settings import REPOSITORY

SUFFIX = ".parquet"
_MOST_ROWS = 2_000_000


def read_parquet_files(
    files: Iterable[UploadFile], upload: Path
) -> tuple[list[UploadFile], list[LabelTable], list[Rejection]]:
    """The photos in Parquet files, one table for each file with the photos in column ``file``, and unusable files.

    Args:
        files: of the upload at ``upload``, an archive or a folder.
    """
    photos: list[UploadFile] = []
    tables: list[LabelTable] = []
    rejections: list[Rejection] = []
    for file in files:
        try:
            found, table = read_parquet(file, upload)
            if len(photos) + len(found) > _MOST_ROWS:
                raise InvalidInput(f"is beyond the {_MOST_ROWS:,} rows of Parquet files that are read")
        except InvalidInput as error:
            rejections.append(Rejection(file=file.name, reason=str(error)))
            continue
        photos += found
        tables.append(table)
    return photos, tables, rejections


def read_parquet(file: UploadFile, upload: Path) -> tuple[list[UploadFile], LabelTable]:
    """The photos and values in the rows of one file.

    Raises:
        InvalidInput: it is damaged or holds no photos; the reason as a sentence fragment.
    """
    answer = _ask(file, upload)
    if "reason" in answer:
        raise InvalidInput(answer["reason"])
    column, rows = answer["image"], answer["rows"]
    if not column:
        raise InvalidInput("is a Parquet file without a column of photos")
    assert not isinstance(file.source, ParquetRow)
    photos = [
        UploadFile(
            parts=(*file.parts, f"{number:06d}.jpg"),
            size=file.size // max(1, len(rows)),
            source=ParquetRow(file=file.source, column=column, row=number),
        )
        for number in range(len(rows))
    ]
    table = LabelTable(
        file=file,
        columns=("file", *answer["columns"]),
        rows=tuple((photo.name, *row) for photo, row in zip(photos, rows, strict=True)),
        several={},
        kind="parquet",
    )
    return photos, table


def _ask(file: UploadFile, upload: Path) -> dict:
    """The answer of a child process. Its output is a file, so that the kernel limits its size."""
    with tempfile.TemporaryFile(prefix="graft-") as output:
        process = subprocess.run(
            [sys.executable, "-m", "core.datasets.labels.parquet_reader"],
            cwd=REPOSITORY,
            env=environment(),
            input=task_of(0, file, upload.resolve()).line(),
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if process.returncode != 0:
            return {"reason": "is damaged or malicious: the process that read it crashed"}
        output.seek(0)
        answer = json.loads(output.read())
    assert isinstance(answer, dict)
    return answer
