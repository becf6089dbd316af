"""Which level of folders is the classes, and when that is asked."""

import pytest

from core.datasets.layouts.class_levels import Placed, class_levels, with_inner_splits, without_wrappers
from tests.core.datasets.uploads_of import upload


def placed(*patterns: str) -> list[Placed]:
    return [
        Placed(file=file, path=file.parts[:-1], depths=tuple(range(len(file.parts) - 1))) for file in upload(*patterns)
    ]


def levels(*patterns: str) -> list[str]:
    found, question = class_levels(without_wrappers(placed(*patterns)))
    assert bool(question) == (len(found) > 1)
    return [f"{level.id} {level.inside}".strip() for level in found]


@pytest.mark.parametrize(
    "patterns",
    [
        ("{cat,dog}/*2",),
        ("cat/a/*1", "cat/*2", "dog/*3"),
        ("cat/{a,b}/*1", "cat/*2", "dog/*3"),
        ("cat/2020/may/*2", "dog/*2"),
        ("{cat,dog}/images/*2",),
        ("{cat,dog}/{images,raw}/*2",),
        ("fish/{salmon,trout}/*2", "{cat,dog,bird}/*2"),
        ("cat/{train,test}/*2", "dog/*2"),
    ],
)
def test_folders_inside_a_class_belong_to_it(patterns):
    assert levels(*patterns) == ["folders"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("{camera1,camera2}/{cat,dog}/*2",), ["subfolders", "folders"]),
        (("{cat,dog}/{indoor,outdoor}/*2",), ["subfolders", "folders"]),
        (("animals/{cat,dog}/*2", "vehicles/{car,bus}/*2"), ["folders", "subfolders"]),
        (("dataset/{a,b}/*2", "samples/*2"), ["subfolders dataset", "folders"]),
        (("images/{a,b}/*2", "demo/*2", "extra/*2"), ["subfolders images", "folders"]),
        (("{room1,room2}/{a,b}/*2", "cat/*2"), ["folders", "subfolders"]),
        (("{x,y}/{a,b}/{l,r}/*2",), ["subfolders", "folders", "subfolders:2"]),
    ],
)
def test_folders_in_folders_are_asked_about(patterns, expected):
    assert levels(*patterns) == expected


def test_splits_inside_of_class_folders():
    photos = with_inner_splits(placed("{cat,dog}/{train,test}/*1"))
    assert {(photo.path, photo.split) for photo in photos} == {
        ((name,), split) for name in ("cat", "dog") for split in ("train", "test")
    }
    assert photos[0].class_folder(0) == ("cat", "train")
    assert {photo.path for photo in with_inner_splits(placed("cat/{train,test}/*1", "dog/*1"))} == {
        ("cat", "train"), ("cat", "test"), ("dog",)
    }  # fmt: skip
