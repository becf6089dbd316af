"""Copies are left out, and what makes no dataset is refused with one sentence."""

import hashlib
import os
import re

import pytest

from core.files.home import dataset_folder
from tests.core.datasets.imports import given_split, imported, reasons, refusal, splits
from tests.photo_files import classes, jpeg


def test_a_copy_inside_a_class_is_kept_once(zipped, home):
    dataset, photos = imported(zipped(classes(cat=4, dog=4) | {"cat/copy.jpg": jpeg(1)}), home)
    assert dataset.class_sizes["cat"] == 4
    assert reasons(dataset) == {"cat/copy.jpg": "is a copy of cat/1.jpg, which is kept"}
    assert len({photo.digest for photo in photos}) == len(photos)


def test_of_copies_the_one_with_the_shortest_name_is_kept(zipped, home):
    files = classes(cat=3, dog=3)
    first = next(iter(files))
    dataset, _ = imported(zipped(files | {first.replace(".jpg", " - Copy.jpg"): files[first]}), home)
    assert list(reasons(dataset)) == [first.replace(".jpg", " - Copy.jpg")]


def test_a_photo_in_two_classes_is_a_conflict_and_refused_in_both(zipped, home):
    files = classes(cat=4, dog=4) | {"cat/both.jpg": jpeg(90), "cat/again.jpg": jpeg(90), "dog/both.jpg": jpeg(90)}
    dataset, _ = imported(zipped(files), home)
    assert set(reasons(dataset)) == {"cat/both.jpg", "cat/again.jpg", "dog/both.jpg"}
    assert reasons(dataset)["dog/both.jpg"].startswith("is the same photo as cat/")
    stored = os.listdir(dataset_folder(home, "d-1").path / "photos")
    assert f"{hashlib.sha256(jpeg(90)).hexdigest()}.jpg" not in stored and len(stored) == 8


def test_a_photo_is_never_on_both_sides_of_the_split(zipped, home):
    files = given_split(validation=2, test=2)
    files["train/cat/leak.jpg"] = files["validation/cat/leak.jpg"] = files["test/cat/0.jpg"]
    files["train/dog/leak.jpg"] = files["validation/dog/0.jpg"]
    dataset, photos = imported(zipped(files), home)
    assert len(splits(photos)) == len(photos)
    assert dataset.split_sizes == {"train": 10, "validation": 4, "test": 4}
    assert set(reasons(dataset)) == {"train/cat/leak.jpg", "validation/cat/leak.jpg", "train/dog/leak.jpg"}
    assert "test/cat/0.jpg" in reasons(dataset)["train/cat/leak.jpg"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "The archive is empty"),
        ({"a.jpg": jpeg(1), "b.jpg": jpeg(2)}, "no class folders"),
        (classes(cat=5), "two classes at least"),
        (classes(cat=5, dog=1), "Each class needs at least 3 different photos.*'dog' with 1"),
        (classes(cat=2, dog=2, owl=5), "'cat' with 2, 'dog' with 2"),
        (classes(cat=5) | {f"dog/{n}.jpg": jpeg(77) for n in range(5)}, "'dog' with 1.* is a copy of"),
        (classes(cat=5, dog=5) | {"owl/a.jpg": b"damaged"}, "'owl' with 0.*text file"),
        (
            {"cat/a.jpg": b"no", "dog/b.jpg": b"no"},
            "None of the 2 files can be used. For example, 'cat/a.jpg' is",
        ),
        ({"cat/a.jpg": b"no"}, "The only file cannot be used: 'cat/a.jpg' is a text file, not a photo."),
        (given_split(1, test=2), "at least 2 different photos in the 'train' folder.*'cat' with 1"),
        (given_split(4, test=2) | classes("test/", first=7000, owl=2), "a photo|2 different photos.*'owl' with 0"),
        (given_split(4, validation=2) | {"test/cat/a.jpg": b"no"}, "test folder holds no photo"),
    ],
)
def test_an_upload_that_makes_no_dataset_gets_one_sentence(zipped, home, files, why):
    assert re.search(why, refusal(zipped(files), home))
