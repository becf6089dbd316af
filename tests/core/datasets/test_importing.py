"""An import from the upload to the stored dataset: what is kept, what is refused, what is said."""

import hashlib
import os
import zipfile
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets import DEMO_ARCHIVE, ImportProgress, importing
from core.datasets.decoding.photos import decode
from core.datasets.layout import LayoutChoice
from core.datasets.layouts import readings
from core.datasets.layouts.recognition import read_layouts
from core.datasets.manifest import read_unlabelled
from core.datasets.values import SPLITS
from core.errors import Cancelled, NoSpace
from core.files.home import dataset_folder
from tests.core.datasets.imports import imported, leftovers, reasons
from tests.photo_files import Raw, classes, encoded, forged, jpeg, picture


def test_an_archive_becomes_a_dataset_on_disk(zipped, home):
    files = classes(cat=10, dog=20)
    dataset, photos = imported(zipped(files), home, name="pets", version=3, seed=5)
    assert (dataset.id, dataset.name, dataset.version, dataset.seed) == ("d-1", "pets", 3, 5)
    assert dataset.class_names == ("cat", "dog") and dataset.class_sizes == {"cat": 10, "dog": 20}
    assert dataset.counts["train"] == {"cat": 7, "dog": 14} and not dataset.split_given
    assert [photo.split for photo in photos] == sorted((photo.split for photo in photos), key=SPLITS.index)
    for photo in photos:
        assert photo.digest == hashlib.sha256(files[photo.file]).hexdigest()
        stored = (dataset_folder(home, "d-1").path / "photos" / f"{photo.digest}.jpg").read_bytes()
        assert stored == decode(files[photo.file]).jpeg and photo.stored_bytes == len(stored)
        assert (photo.width, photo.height) == (24, 16)
    assert dataset.size_bytes == sum(photo.stored_bytes for photo in photos)
    assert leftovers(home) == ["d-1"]
    assert sorted(os.listdir(dataset_folder(home, "d-1").path)) == ["manifest.json", "photos"]
    assert len(os.listdir(dataset_folder(home, "d-1").path / "photos")) == 30


def test_the_shipped_demo_imports_whole_and_names_every_author(home):
    dataset, photos = imported(DEMO_ARCHIVE, home)
    assert dataset.photo_count == 192 and not dataset.rejections
    assert dataset.class_names == ("animal", "fish", "monument", "renewable_energy", "tool")
    sources = (DEMO_ARCHIVE.parent / "demo-photos-sources.csv").read_text(encoding="utf-8")
    assert all(Path(photo.file).name in sources for photo in photos)


def test_refused_files_are_listed_and_the_rest_is_imported(zipped, home):
    cut = encoded(picture(99, (200, 200)))
    bad = {
        "cat/cut.jpg": cut[: len(cut) // 2],
        "cat/text.jpg": b"I am a text",
        "dog/empty.png": b"",
        "dog/page.jpg": b"<html></html>",
        "readme.md": b"outside",
        "__MACOSX/cat/._0.jpg": b"junk",
        "notes/list.txt": b"no class",
    }
    dataset, _ = imported(zipped(classes(cat=4, dog=4) | bad), home)
    assert dataset.class_sizes == {"cat": 4, "dog": 4}
    assert set(reasons(dataset)) == set(bad) - {"__MACOSX/cat/._0.jpg"}
    assert "cut off" in reasons(dataset)["cat/cut.jpg"] and "text file" in reasons(dataset)["cat/text.jpg"]
    assert reasons(dataset)["dog/empty.png"] == "is empty (0 bytes)"


def test_a_wrong_extension_does_not_matter(zipped, home):
    files = classes(cat=3, dog=3) | {"cat/really.txt": encoded(picture(50), "PNG")}
    assert imported(zipped(files), home)[0].class_sizes["cat"] == 4


def test_members_that_lie_about_themselves_are_refused_alone(tmp_path, home):
    good = [Raw(name.encode(), data) for name, data in classes(cat=3, dog=3).items()]
    lying = Raw(b"cat/liar.jpg", jpeg(70) * 50, method=8, size=100)
    dataset, _ = imported(forged(tmp_path / "photos.zip", [*good, lying]), home)
    assert reasons(dataset) == {"cat/liar.jpg": "has another size than the archive declares"}


def test_progress_is_reported_from_reading_to_storing(zipped, home):
    seen: list[ImportProgress] = []
    imported(zipped(classes(cat=6, dog=6) | {"cat/no.jpg": b"no"}), home, progress=seen.append)
    assert list(dict.fromkeys(progress.stage for progress in seen)) == [
        "Reading the upload",
        "Decoding photos",
        "Storing",
    ]
    last = [progress for progress in seen if progress.stage == "Decoding photos"][-1]
    assert (last.done, last.total, last.accepted, last.rejected) == (13, 13, 12, 1)
    assert last.eta_seconds is not None and last.eta_seconds >= 0


@pytest.mark.parametrize("stage", ["Reading the upload", "Decoding photos", "Storing"])
def test_cancelling_at_any_stage_leaves_nothing(zipped, home, stage):
    seen: list[str] = []
    with pytest.raises(Cancelled):
        imported(
            zipped(classes(cat=20, dog=20)),
            home,
            progress=lambda progress: seen.append(progress.stage),
            cancelled=lambda: stage in seen,
        )
    assert leftovers(home) == []


def test_a_full_disk_is_noticed_before_anything_is_written(zipped, home, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(importing.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 5 * 10**6))
    with pytest.raises(NoSpace, match="5 MB left"):
        imported(zipped(classes(cat=3, dog=3)), home)
    assert leftovers(home) == []


def test_a_member_needs_no_memory_in_this_process(zipped, home, monkeypatch):
    """Bytes of photos never pass through the importing process: it opens the archive for its table only."""
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    monkeypatch.setattr("core.datasets.archives.members.read_member", None)
    monkeypatch.setattr("core.datasets.decoding.photos.decode", None)
    assert imported(zipped(classes(cat=3, dog=3)), home)[0].photo_count == 6


@pytest.fixture
def flat_test(monkeypatch):
    """Files of a flat folder ``test`` are unlabelled."""

    def read(files, empty_folders=(), contents=None):
        aside = tuple(sorted((file for file in files if file.parts[0] == "test"), key=lambda file: file.parts))
        layout = read_layouts([file for file in files if file not in aside], empty_folders).layouts[0]
        return LayoutChoice(layouts=(replace(layout, unlabelled=aside, notes=("'test' has no classes.",)),))

    monkeypatch.setattr(readings, "read_layouts", read)


def test_photos_without_a_class_are_stored_apart_and_never_counted(zipped, home, flat_test):
    files = classes(cat=10, dog=10) | {f"test/{number}.jpg": jpeg(500 + number) for number in range(4)}
    files |= {"test/again.jpg": jpeg(500), "test/known.jpg": files["cat/0.jpg"], "test/notes.txt": b"no photo"}
    dataset, photos = imported(zipped(files), home)
    folder = dataset_folder(home, "d-1")
    assert dataset.class_sizes == {"cat": 10, "dog": 10} and dataset.photo_count == len(photos) == 20
    aside = read_unlabelled(folder.path)
    assert dataset.unlabelled == len(aside) == 4
    assert [photo.file for photo in aside] == ["test/0.jpg", "test/1.jpg", "test/2.jpg", "test/3.jpg"]
    assert {path.name for path in folder.unlabelled.iterdir()} == {f"{photo.digest}.jpg" for photo in aside}
    assert folder.unlabelled_photo(aside[0].digest).read_bytes() == decode(files["test/0.jpg"]).jpeg
    assert len(list(folder.photos.iterdir())) == 20
    assert dataset.size_bytes == sum(photo.stored_bytes for photo in (*photos, *aside))
    assert "text file" in reasons(dataset)["test/notes.txt"]
    assert "has a class" in reasons(dataset)["test/known.jpg"]
    assert reasons(dataset)["test/again.jpg"] == "is a copy of test/0.jpg, which is kept"
    assert "'test' has no classes." in dataset.notes
