"""Reading whole files of an upload that are no photos: tables of labels, and Parquet files."""

from collections.abc import Iterable
from pathlib import Path

from core.datasets.archives.members import Member, read_file, read_member
from core.datasets.labels.label_tables import LabelTable
from core.datasets.labels.parquet_tables import read_parquet_files
from core.datasets.layout import UploadFile
from core.datasets.values import Rejection
from core.errors import InvalidInput

TABLE_LIMIT = 64 * 2**20
"""Bytes a table of labels may have."""


class Contents:
    """Reads tables of the upload at ``source``, an archive or a folder."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def read(self, file: UploadFile) -> bytes:
        """The bytes of a table.

        Raises:
            InvalidInput: with the reason as a sentence fragment.
        """
        if file.size > TABLE_LIMIT:
            raise InvalidInput(
                f"has {file.size / 2**20:.0f} MB; tables of labels of up to {TABLE_LIMIT // 2**20} MB are read"
            )
        if isinstance(file.source, Member):
            with open(self._source, "rb") as archive:
                return read_member(archive, file.source)
        if isinstance(file.source, Path):
            return read_file(file.source)
        raise InvalidInput("is a photo inside a Parquet file")

    def read_parquet(self, files: Iterable[UploadFile]) -> tuple[list[UploadFile], list[LabelTable], list[Rejection]]:
        """The photos in Parquet files, one table for each file, and files that cannot be used."""
        return read_parquet_files(files, self._source)
