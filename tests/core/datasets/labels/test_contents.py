"""Reading a table of an upload."""

import pytest

from core.datasets.archives.uploads import open_upload
from core.datasets.labels.contents import TABLE_LIMIT, Contents
from core.datasets.layout import UploadFile
from core.errors import InvalidInput
from tests.photo_files import folder


def test_a_table_is_read_from_an_archive_and_from_a_folder(tmp_path, zipped):
    for source in (zipped({"a/labels.csv": b"file,label"}), folder(tmp_path / "f", {"a/labels.csv": b"file,label"})):
        (file,) = open_upload(source).files
        assert Contents(source).read(file) == b"file,label"


def test_a_table_that_is_too_large_is_not_read(tmp_path):
    file = UploadFile(parts=("labels.csv",), size=TABLE_LIMIT + 1, source=tmp_path / "labels.csv")
    with pytest.raises(InvalidInput, match="has .* MB; tables of labels of up to 64 MB are read"):
        Contents(tmp_path).read(file)
