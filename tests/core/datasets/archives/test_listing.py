"""The policy for the files of an upload, whatever it is packed in."""

import os
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.datasets.archives.listing import Entry, Upload, check_path, listed, parts_of
from core.datasets.archives.uploads import open_upload
from core.datasets.layouts.readings import read_upload
from core.errors import InvalidInput, Refused

FILE_NAMES = st.sampled_from(
    [
        "1.jpg",
        "1.JPG",
        "b.png",
        "é.jpg",
        "e\u0301.jpg",
        "苹果.jpg",
        "a\u200e.jpg",
        "new\nline.jpg",
        "Icon\r",
        ".DS_Store",
    ]
    + ["Thumbs.db", "._1.jpg", "notes.txt", "a b.jpg", "a\\b.jpg", "x" * 120 + ".jpg", "-rf.jpg", "#1.jpg"]
)
FOLDER_NAMES = st.sampled_from(
    [
        "cat",
        "Cat",
        "dog",
        "Äpfel",
        "A\u0308pfel",
        "train",
        "test",
        "ca\u200bt",
        "__MACOSX",
        ".git",
        "a:b",
        "苹果",
        "d" * 120,
    ]
)
FOLDERS = st.lists(FOLDER_NAMES, max_size=3).map("/".join)
TREES = st.fixed_dictionaries(
    {
        "files": st.dictionaries(st.tuples(FOLDERS, FILE_NAMES), st.binary(max_size=40), max_size=12),
        "links": st.lists(st.tuples(FOLDERS, FILE_NAMES), max_size=2),
        "empty": st.lists(FOLDERS, max_size=3),
    }
)


def build(root: Path, tree: dict) -> None:
    root.mkdir()
    for folder in tree["empty"]:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for (folder, name), data in tree["files"].items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / name).write_bytes(data)
    for folder, name in tree["links"]:
        (root / folder).mkdir(parents=True, exist_ok=True)
        if not (root / folder / name).exists():
            (root / folder / name).symlink_to("/etc/passwd")


def zip_of(root: Path, target: Path) -> Path:
    """As ``zip -ry`` writes it: folders have entries, links are stored as links."""
    with zipfile.ZipFile(target, "w") as out:
        for folder, names, files in os.walk(root):
            for name in sorted(names):
                out.write(Path(folder, name), Path(folder, name).relative_to(root))
            for name in sorted(files):
                path = Path(folder, name)
                info = zipfile.ZipInfo(str(path.relative_to(root)))
                info.external_attr = path.lstat().st_mode << 16
                out.writestr(info, os.readlink(path) if path.is_symlink() else path.read_bytes())
    return target


def tar_of(root: Path, target: Path) -> Path:
    with tarfile.open(target, "w") as out:
        for path in sorted(root.iterdir()):
            out.add(path, path.name)
    return target


def seen(source: Path) -> tuple:
    """What an upload gives: files, refusals, empty folders, and what the layout makes of it."""
    try:
        upload, choice = open_upload(source), read_upload(source)
    except InvalidInput as error:
        return (str(error),)
    layouts = [
        (layout.id, layout.given, layout.notes, [(c.file.parts, c.class_name, c.split) for c in layout.candidates])
        for layout in choice.layouts
    ]
    refused = {(each.file, each.reason) for each in choice.layouts[0].rejections}
    return sorted((file.parts, file.size) for file in upload.files), refused, upload.empty_folders, layouts


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_a_folder_a_zip_and_a_tar_of_it_give_the_same_dataset(tmp_path_factory, tree):
    place = tmp_path_factory.mktemp("tree")
    build(place / "root", tree)
    if not any((place / "root").iterdir()):
        return
    expected = seen(place / "root")
    assert seen(zip_of(place / "root", place / "a.zip")) == expected
    assert seen(tar_of(place / "root", place / "a.tar")) == expected


def test_an_archive_made_by_zip_or_tar_gives_the_dataset_of_its_folder(tmp_path):
    tree = {
        "files": {
            ("cat", "é.jpg"): b"1",
            ("dog", "2.jpg"): b"2",
            ("ca\u200bt", "3.jpg"): b"3",
            ("dog", ".DS_Store"): b"4",
        },
        "links": [("dog", "b.png")],
        "empty": ["cow"],
    }
    build(tmp_path / "root", tree)
    subprocess.run(["tar", "-cf", tmp_path / "a.tar", "-C", tmp_path / "root", "."], check=True)
    code = "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])"
    (tmp_path / "root" / "dog" / "b.png").unlink()
    subprocess.run([sys.executable, "-c", code, tmp_path / "a", tmp_path / "root"], check=True)
    assert seen(tmp_path / "a.zip") == seen(tmp_path / "root")
    (tmp_path / "root" / "dog" / "b.png").symlink_to("/etc/passwd")
    assert seen(tmp_path / "a.tar") == seen(tmp_path / "root")


@pytest.mark.parametrize(
    "name", ["/a", "\\a", "C:/a", "c:\\a", "..", "a/..", "../a", "a/../b", "a\\..\\b", "a/" * 501, "..\\a"]
)
def test_paths_that_could_lead_out_are_refused(name):
    with pytest.raises(Refused):
        check_path(name)


@pytest.mark.parametrize("name", ["a", "a/b", "...", "a..b/c", "a:b/c", "ab:/c", "1:/x"])
def test_other_paths_are_left_alone(name):
    check_path(name)


def test_parts_leave_out_what_means_nothing():
    assert parts_of("./a//b/./c.jpg") == ("a", "b", "c.jpg") and parts_of("./") == ()


def test_the_note_names_the_encoding_only_where_it_was_found_out():
    assert Upload(files=(), encodings=("cp932", "gb18030")).notes == ("File names were read as Shift-JIS (Japanese).",)
    assert Upload(files=(), encodings=("utf-8",)).notes == Upload(files=()).notes == ()
    name = "りんご/1.jpg".encode("cp932")
    entry = Entry(raw_name=name, size=1, source=Path("x"))
    assert listed([entry]).encodings == ("cp932",)
    assert listed([Entry(raw_name=b"cat/1.jpg", size=1, source=Path("x"))]).encodings == ()


def test_a_folder_with_names_of_another_encoding_is_read_as_its_archive(tmp_path):
    root = bytes(tmp_path / "root")
    for name in ("りんご", "みかん"):
        folder = root + b"/" + name.encode("cp932")
        os.makedirs(folder)
        Path(os.fsdecode(folder + b"/1.jpg")).write_bytes(b"x")
    upload = open_upload(tmp_path / "root")
    assert {file.parts[0] for file in upload.files} == {"りんご", "みかん"}
    assert upload.notes


def test_names_keep_their_unicode_form_and_classes_do_not(tmp_path):
    build(
        tmp_path / "root", {"files": {("A\u0308pfel", "1.jpg"): b"1", ("b", "1.jpg"): b"2"}, "links": [], "empty": []}
    )
    upload, choice = open_upload(tmp_path / "root"), read_upload(tmp_path / "root")
    assert upload.files[0].parts[0] != unicodedata.normalize("NFC", "A\u0308pfel")
    assert choice.layouts[0].candidates[0].class_name == "Äpfel"
