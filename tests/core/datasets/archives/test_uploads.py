"""Archives and folders as lists of files."""

import json
import os
from pathlib import Path

from core.datasets.manifest import read_manifest
from core.files.home import dataset_folder
from tests.core.datasets.imports import imported, reasons, refusal
from tests.photo_files import classes, folder, jpeg


def test_a_folder_gives_the_same_dataset_as_its_archive(tmp_path, zipped, home):
    files = classes("pets/", cat=5, dog=5) | {"pets/cat/notes.txt": b"a note", "pets/cat/.DS_Store": b"\0"}
    from_zip, photos = imported(zipped(files), home)
    from_folder, same = imported(folder(tmp_path / "upload", files), home, "d-2")
    assert same == photos and from_folder.digest == from_zip.digest
    assert from_folder.rejections == from_zip.rejections
    assert reasons(from_zip) == {"pets/cat/notes.txt": "is a text file, not a photo"}


def test_links_in_a_folder_are_not_followed(tmp_path, home):
    root = folder(tmp_path / "upload", classes(cat=3, dog=3))
    (tmp_path / "secret.jpg").write_bytes(jpeg(80))
    (root / "cat" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "dog" / "loop").symlink_to(root)
    dataset, _ = imported(root, home)
    assert reasons(dataset) == {
        "cat/link.jpg": "is a link, which is not followed; copy what it points to",
        "dog/loop": "is a link to a folder, which is not followed; copy the folder here",
    }


def test_odd_file_names_on_disk_do_no_harm(tmp_path, home):
    root = folder(tmp_path / "upload", classes(cat=3, dog=3))
    for number, name in enumerate((b"b\xff\xfe.jpg", b"new\nline.jpg", b"-rf.jpg", "\u202egpj.jpg".encode())):
        Path(os.fsdecode(bytes(root / "cat") + b"/" + name)).write_bytes(jpeg(100 + number))
    dataset, photos = imported(root, home)
    assert dataset.class_sizes["cat"] == 5
    why = "has control or invisible characters in its name; rename it"
    assert reasons(dataset) == dict.fromkeys(("cat/new\\u000aline.jpg", "cat/\\u202egpj.jpg"), why)
    json.dumps([photo.file for photo in photos]).encode("utf-8")
    assert read_manifest(dataset_folder(home, "d-1").path)[1] == photos


def test_something_that_is_not_there_or_no_archive_gets_one_sentence(tmp_path, home):
    assert "no file or folder" in refusal(tmp_path / "missing.zip", home)
    (tmp_path / "text.zip").write_text("hello")
    assert "not a ZIP or TAR archive" in refusal(tmp_path / "text.zip", home)
    (tmp_path / "nothing").mkdir()
    assert "no files" in refusal(tmp_path / "nothing", home)


def test_an_archive_that_breaks_the_policy_is_refused_whole(zipped, home):
    assert "outside of the upload" in refusal(zipped(classes(cat=5, dog=5) | {"../evil.jpg": jpeg(1)}), home)


def test_class_folders_that_are_links_are_named_instead_of_no_files(tmp_path, home):
    folder(tmp_path / "elsewhere", classes(cat=3, dog=3))
    (tmp_path / "upload").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "upload" / name).symlink_to(tmp_path / "elsewhere" / name)
    sentence = refusal(tmp_path / "upload", home)
    assert sentence.startswith("None of the 2 files can be used. For example, 'cat' is a link to a folder")
    assert imported(folder(tmp_path / "upload", classes(cow=3, hen=3)), home)[0].class_sizes == {"cow": 3, "hen": 3}
