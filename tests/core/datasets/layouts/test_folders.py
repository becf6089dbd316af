"""Which class and split a file belongs to, from its path alone."""

from pathlib import Path

import pytest

from core.datasets.layout import UploadFile
from core.datasets.layouts.recognition import read_layouts
from core.errors import InvalidInput


def arranged(*paths: str, empty: tuple[str, ...] = ()):
    entries = [UploadFile(parts=tuple(path.split("/")), size=1, source=Path(path)) for path in paths]
    return read_layouts(entries, [tuple(folder.split("/")) for folder in empty]).layouts[0]


def places(layout) -> dict[str, tuple[str, str]]:
    return {candidate.file.name: (candidate.class_name, candidate.split) for candidate in layout.candidates}


def refused(layout) -> dict[str, str]:
    return {rejection.file: rejection.reason for rejection in layout.rejections}


def test_one_folder_per_class():
    layout = arranged("cat/a.jpg", "dog/b.jpg")
    assert places(layout) == {"cat/a.jpg": ("cat", ""), "dog/b.jpg": ("dog", "")}
    assert not layout.given and not layout.rejections


@pytest.mark.parametrize("top", ["photos", "my/deep/folder", "train", "test"])
def test_common_top_folders_mean_nothing(top):
    layout = arranged(f"{top}/cat/a.jpg", f"{top}/dog/b.jpg")
    assert set(places(layout).values()) == {("cat", ""), ("dog", "")}
    assert not layout.given


@pytest.mark.parametrize("top", ["", "photos/", "a/b/"])
@pytest.mark.parametrize("validation", ["validation", "val", "valid", "Val"])
def test_a_given_split_is_found_under_all_its_names(top, validation):
    layout = arranged(f"{top}train/cat/a.jpg", f"{top}{validation}/cat/b.jpg", f"{top}test/dog/c.jpg")
    assert set(places(layout).values()) == {("cat", "train"), ("cat", "validation"), ("dog", "test")}
    assert layout.given == {"train", "validation", "test"}


def test_train_can_be_a_class_like_any_other():
    layout = arranged("train/a.jpg", "bus/b.jpg", "test/c.jpg")
    assert set(places(layout).values()) == {("train", ""), ("bus", ""), ("test", "")}
    layout = arranged("train/steam/a.jpg", "bus/b.jpg", "car/c.jpg")
    assert places(layout)["train/steam/a.jpg"] == ("train", "")


def test_folders_inside_a_class_belong_to_it():
    assert places(arranged("cat/2020/may/a.jpg", "dog/b.jpg"))["cat/2020/may/a.jpg"] == ("cat", "")


def test_files_outside_of_class_folders_are_refused_with_a_reason():
    layout = arranged("readme.txt", "top/labels.csv", "top/cat/a.jpg", "top/dog/b.jpg")
    assert refused(layout) == dict.fromkeys(("readme.txt", "top/labels.csv"), "lies outside of any class folder")
    layout = arranged("train/a.jpg", "train/cat/b.jpg", "test/cat/c.jpg", "extra/cat/d.jpg", "x.txt")
    assert "class folder" in refused(layout)["train/a.jpg"] and "class folder" in refused(layout)["x.txt"]
    assert refused(layout)["extra/cat/d.jpg"] == "lies outside of the folders test, train"


@pytest.mark.parametrize(
    "junk",
    [
        "__MACOSX/cat/._a.jpg",
        "cat/.DS_Store",
        "cat/Thumbs.db",
        "cat/._a.jpg",
        ".git/cat/a.jpg",
        "dog/desktop.ini",
        "cat/@eaDir/a.jpg",
    ],
)
def test_what_operating_systems_leave_behind_is_passed_over_silently(junk):
    layout = arranged("top/cat/a.jpg", "top/dog/b.jpg", junk, f"top/{junk}")
    assert len(layout.candidates) == 2 and not layout.rejections


def test_an_empty_class_folder_is_mentioned():
    layout = arranged("cat/a.jpg", "dog/b.jpg", empty=("cow", "cat/more", ".hidden"))
    assert refused(layout) == {"cow/": "is an empty folder, so it makes no class"}
    layout = arranged("train/cat/a.jpg", "test/cat/b.jpg", empty=("train/cow", "val"))
    assert set(refused(layout)) == {"train/cow/"}


def test_one_class_written_in_two_unicode_forms_is_one_class():
    layout = arranged("caf\u00e9/a.jpg", "cafe\u0301/b.jpg", "tea/c.jpg")
    assert {candidate.class_name for candidate in layout.candidates} == {"caf\u00e9", "tea"}


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        ((), "no files"),
        (("__MACOSX/x",), "no files"),
        (("a.jpg", "b.jpg"), "2 files without one"),
        (("val/cat/a.jpg", "test/cat/b.jpg"), "no 'train' folder"),
        (("cat\x07/a.jpg", "dog/b.jpg"), "invisible"),
        (("c" * 81 + "/a.jpg", "dog/b.jpg"), "80 characters"),
        ((" /a.jpg", "dog/b.jpg"), "must not be empty"),
    ],
)
def test_an_upload_without_usable_classes_gets_one_sentence(paths, why):
    with pytest.raises(InvalidInput, match=why) as caught:
        arranged(*paths)
    assert "\n" not in str(caught.value)
