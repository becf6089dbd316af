"""Finding the photo that a table names."""

from pathlib import Path

import pytest

from core.datasets.labels.photo_index import PhotoIndex, path_splits
from core.datasets.layout import UploadFile
from tests.core.datasets.uploads_of import upload

INDEX = PhotoIndex(
    upload("x/train/a.jpg", "x/test/a.jpg", "x/test/b.PNG", "x/caf\u00e9/c.d.jpg", "x/y/e.jpg", "z/y/e.jpg")
)


def found(value: str, table: str = "labels.csv") -> list[str]:
    file = UploadFile(parts=tuple(table.split("/")), size=1, source=Path(table))
    return [photo.name for photo in INDEX.find(value, file)]


@pytest.mark.parametrize(
    "value",
    [
        "x/test/b.PNG",
        "test/b.png",
        "b",
        "b.png",
        "./test/b.png",
        "C:\\data\\test\\b.png",
        "/home/me/x/test/b.png",
        '"b.png"',
    ],
)
def test_a_photo_is_found_by_the_end_of_its_path(value):
    assert found(value) == ["x/test/b.PNG"]


def test_unicode_forms_and_points_in_names():
    assert found("cafe\u0301/c.d.jpg") == found("c.d") == ["x/caf\u00e9/c.d.jpg"]


def test_of_photos_of_one_name_the_nearest_is_meant():
    assert found("a.jpg", "x/train/labels.csv") == found("a.jpg", "train.csv") == ["x/train/a.jpg"]
    assert found("a.jpg", "x/test_labels.csv") == ["x/test/a.jpg"]
    assert len(found("y/e.jpg")) == 2 and found("z/y/e.jpg") == ["z/y/e.jpg"]


def test_what_is_not_there_is_not_found():
    assert found("q.jpg") == found("") == found("../..") == []


def test_splits_of_the_folders_above_a_photo():
    assert path_splits(upload("a/train/x/test/b.jpg")[0]) == ["train", "test"]
