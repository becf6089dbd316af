"""Choosing the columns of a table."""

from pathlib import Path

import pytest

from core.datasets.labels.label_columns import ONE_HOT, choose_columns, file_column, hot_columns, split_of, with_joined
from core.datasets.labels.label_tables import read_table
from core.datasets.labels.photo_index import PhotoIndex
from core.datasets.layout import UploadFile
from tests.core.datasets.uploads_of import upload

INDEX = PhotoIndex(upload("images/p*8"))


def table(text: str, name: str = "t.csv"):
    return read_table(UploadFile(parts=(name,), size=1, source=Path(name)), text.encode())


def rows(head: str, line: str, **options: str) -> str:
    """Eight rows; ``{number}``, and a letter of every option in turn."""
    made = [
        line.format(number=number, **{name: letters[number % len(letters)] for name, letters in options.items()})
        for number in range(8)
    ]
    return "\n".join([head, *made])


def test_the_column_that_names_the_photos():
    assert file_column(table(rows("n,name,label", "{number},p{number},{a}", a="xy")), INDEX) == "name"
    assert file_column(table(rows("n,label", "{number},{a}", a="xy")), INDEX) is None
    many = "file,label\n" + "\n".join(f"q{number}.jpg,a" for number in range(100)) + "\n"
    assert file_column(table(many), INDEX) is None
    assert file_column(table(many + "\n".join(f"p{number}.jpg,a" for number in range(8))), INDEX) == "file"


@pytest.mark.parametrize(
    ("head", "line", "labels", "certain"),
    [
        ("file,label", "p{number},{a}", ["label"], True),
        ("file,whatever", "p{number},{a}", ["whatever"], True),
        ("file,colour,shape", "p{number},{a},{b}", ["colour", "shape"], False),
        ("file,source,label", "p{number},{b},{a}", ["label", "source"], True),
        ("file,breed,species", "p{number},{a},{b}", ["breed", "species"], False),
        ("file,class_id,class_name", "p{number},{n},{a}", ["class_name"], True),
        ("file,width,label", "p{number},{n},{a}", ["label"], True),
        ("file,label,caption", "p{number},{a},text {number}", ["label"], True),
        ("file,measured,label", "p{number},{n}.5,{a}", ["label"], True),
        ("file,caption", "p{number},text {number}", [], False),
    ],
)
def test_the_columns_that_may_be_labels(head, line, labels, certain):
    columns = choose_columns([table(rows(head, line, a="xxyyzz", b="uv", n="112233"))], "file")
    assert list(columns.labels) == labels and columns.certain == certain


def test_one_column_per_class():
    made = table(rows("file,cat,dog", "p{number},{a},{b}", a="10", b="01"))
    columns = choose_columns([made], "file")
    assert columns.labels == (ONE_HOT,) and columns.certain and hot_columns(made, columns) == ["cat", "dog"]


def test_the_column_of_splits():
    columns = choose_columns(
        [table(rows("file,label,Usage", "p{number},{a},{s}", a="xy", s=["Training", "PublicTest"]))], "file"
    )
    assert columns.split == "Usage" and columns.labels == ("label",)
    assert [split_of("Usage", value) for value in ("Training", "PublicTest", "?")] == ["train", "test", ""]
    assert split_of("is_train", "1") == "train" and split_of("is_train", "0") == "test"


def test_ids_are_joined_with_their_photos():
    photos = table("1 images/p0.jpg\n2 images/p1.jpg", "images.txt")
    (first, joined) = with_joined([photos, table("1 5\n2 6", "classes.txt")], INDEX)
    assert first is photos and joined.columns == ("file", "classes")
    assert joined.rows == (("images/p0.jpg", "5"), ("images/p1.jpg", "6"))
