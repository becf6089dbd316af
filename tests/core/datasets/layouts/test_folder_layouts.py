"""The layouts of class folders: every file of the upload in a class, unlabelled or rejected."""

from tests.core.datasets.uploads_of import first_layout, upload


def test_every_file_has_its_class_or_the_reason_why_it_has_none():
    layout = first_layout(upload("train/{cat,dog}/*2", "train/loose.jpg", "test/x.jpg", "notes.txt"))
    assert [(one.file.name, one.class_name) for one in layout.candidates] == [
        ("train/cat/0.jpg", "cat"),
        ("train/cat/1.jpg", "cat"),
        ("train/dog/0.jpg", "dog"),
        ("train/dog/1.jpg", "dog"),
    ]
    assert [file.name for file in layout.unlabelled] == ["test/x.jpg"]
    assert {one.file: one.reason for one in layout.rejections} == {
        "train/loose.jpg": "lies outside of any class folder",
        "notes.txt": "lies outside of any class folder",
    }


def test_a_file_that_is_no_photo_lies_in_its_class_folder():
    layout = first_layout(upload("{cat,dog}/*2", "cat/notes/about.txt"))
    assert [one.class_name for one in layout.candidates if one.file.name == "cat/notes/about.txt"] == ["cat"]
