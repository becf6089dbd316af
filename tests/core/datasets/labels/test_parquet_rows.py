"""Photos and labels in the rows of a Parquet file."""

from io import BytesIO

import pyarrow as pa
import pytest
from pyarrow import parquet

from core.datasets.labels.parquet_rows import describe, open_parquet, photo_in_row
from core.errors import InvalidInput
from tests.core.datasets.parquet_uploads import parquet_of
from tests.photo_files import jpeg


def written(columns: dict) -> bytes:
    out = BytesIO()
    parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def test_labels_have_the_names_of_the_schema():
    table = describe(open_parquet(parquet_of(0, [0, 1, -1, None], names=["cat", "dog"], note=["a", None, "b", "c"])))
    assert table.image == "image" and table.columns == ("label", "note")
    assert table.rows == (("cat", "a"), ("dog", ""), ("", "b"), ("", "c"))


def test_labels_of_text_and_numbers():
    assert describe(open_parquet(parquet_of(0, ["cat", "dog"]))).rows == (("cat",), ("dog",))
    assert describe(open_parquet(parquet_of(0, [3, 4]))).rows == (("3",), ("4",))
    coded = pa.array(["cat", "dog", "cat"]).dictionary_encode()
    assert describe(open_parquet(written({"image": [b"1", b"2", b"3"], "kind": coded}))).rows[2] == ("cat",)


def test_a_photo_is_read_from_its_row_group():
    file = open_parquet(parquet_of(0, ["a"] * 11, group=4))
    assert [photo_in_row(file, "image", row) for row in (0, 4, 10, 3)] == [jpeg(0), jpeg(4), jpeg(10), jpeg(3)]
    assert photo_in_row(open_parquet(written({"img": [b"x"], "label": ["a"]})), "img", 0) == b"x"


@pytest.mark.parametrize("row", [5, 99])
def test_a_row_without_a_photo_has_a_reason(row):
    data = written({"image": [{"bytes": None, "path": "a.jpg"}] * 6})
    with pytest.raises(InvalidInput, match="holds no photo|beyond the end"):
        photo_in_row(open_parquet(data), "image", row)


def test_damaged_files_have_a_reason():
    good = parquet_of(0, ["a", "b"] * 20)
    for bad in (b"", b"PAR1", good[:200], good[:-20], b"x" * 500, good[:4] + b"\xff" * 300 + good[304:]):
        with pytest.raises(InvalidInput):
            file = open_parquet(bad)
            describe(file)
            photo_in_row(file, "image", 0)
