"""Classes in the names of files."""

import pytest

from core.datasets.labels.file_names import beginning, name_layout
from tests.core.datasets.uploads_of import counts, upload


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("cat.0.jpg", "cat"),
        ("Abyssinian_12.jpg", "Abyssinian"),
        ("american_bulldog_101.jpg", "american_bulldog"),
        ("red-apple-7.png", "red-apple"),
        ("cat (3).jpg", "cat"),
        ("Äpfel 4.jpg", "Äpfel"),
        ("dog12.jpg", "dog"),
        ("12.jpg", ""),
        ("cat.jpg", ""),
        ("IMG_1234.jpg", ""),
        ("DSC00012.JPG", ""),
        ("test_12.jpg", ""),
        ("photo-2.jpg", ""),
    ],
)
def test_the_words_before_the_number(name, label):
    assert beginning(name) == label


def test_names_that_begin_with_classes():
    layout = name_layout(upload("train/{cat,dog}.*3", "test1/*4", "notes.md"))
    assert counts(layout) == {"": {"cat": 3, "dog": 3}} and len(layout.unlabelled) == 4
    assert [rejection.file for rejection in layout.rejections] == ["notes.md"]
    layout = name_layout(upload("{train,test}/{cat,dog}_*2"))
    assert layout.given == {"train", "test"} and counts(layout)["test"] == {"cat": 2, "dog": 2}


@pytest.mark.parametrize("patterns", [("IMG_*9",), ("cat_*3",), ("cat_*2", "dog_*2", "*4"), ("{a,b,c,d}7.jpg",)])
def test_other_names_are_no_classes(patterns):
    assert name_layout(upload(*patterns)) is None
