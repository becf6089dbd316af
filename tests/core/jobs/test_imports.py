"""Imports through the registry: versions, copies of an import, what a killed one left."""

import threading
import zipfile
from dataclasses import replace

import pytest

from core.datasets.layout import Ambiguous, LayoutChoice
from core.datasets.layouts import readings
from core.errors import Cancelled, InvalidInput, NoSpace
from core.files.home import datasets_folder
from core.jobs import imports
from core.jobs.imports import known_message, preview_import, run_import
from core.workbench import Workbench
from core.workbench.rebuild import rebuild
from tests.core.datasets.uploads_of import first_layout
from tests.factories import tiny_jpeg


def write_zip(path, per_class=6, classes=("cat", "dog"), first=0):
    with zipfile.ZipFile(path, "w") as archive:
        for label, name in enumerate(classes):
            for number in range(first, first + per_class):
                archive.writestr(f"{name}/{number}.jpg", tiny_jpeg(label, number))
    return path


@pytest.fixture
def archive(tmp_path):
    return write_zip(tmp_path / "pets.zip")


def test_the_same_photos_are_one_dataset(archive, settings, registry):
    first, known = run_import(archive, settings=settings, registry=registry)
    again, known_again = run_import(archive, settings=settings, registry=registry, name="other")
    assert known is None and known_again is not None and again.id == first.id
    assert [path.name for path in datasets_folder(settings).glob("d-*")] == [first.id]


def test_an_upload_of_known_photos_has_its_own_notes_and_skipped_files(archive, settings, registry, tmp_path):
    first, _ = run_import(archive, settings=settings, registry=registry)
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(tmp_path / "again.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("cat/", "ca\u200bt/"), old.read(name))
        new.writestr("dog/notes.txt", b"no photo")
    again, upload = run_import(tmp_path / "again.zip", settings=settings, registry=registry, name="pets")
    assert again == first and not again.notes and not again.rejections
    assert upload is not None and len(upload.notes) == 1 and "characters that cannot be seen" in upload.notes[0]
    assert [one.file for one in upload.rejections] == ["dog/notes.txt"]


def test_more_photos_make_a_new_version_and_old_ones_keep_their_side(archive, settings, registry, tmp_path):
    first, _ = run_import(archive, settings=settings, registry=registry)
    second, _ = run_import(write_zip(tmp_path / "more.zip", 12), settings=settings, registry=registry, name="pets")
    assert (first.version, second.version) == (1, 2)
    before = {photo.digest: photo.split for photo in registry.photos(first.id)}
    after = {photo.digest: photo.split for photo in registry.photos(second.id)}
    assert before.items() <= after.items() and len(after) == 24


def test_photos_of_a_version_before_0_5_that_were_saved_again_keep_their_split(archive, settings, registry, tmp_path):
    """Its pixels were not recorded; they are found from the stored photos."""
    first, _ = run_import(archive, settings=settings, registry=registry)
    before = {photo.pixels: photo.split for photo in registry.photos(first.id)}
    with registry.writing() as connection:
        connection.exec_driver_sql("UPDATE photos SET pixels = NULL")
    assert not registry.has_recorded_pixels(first.id)
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(tmp_path / "pets.zip.new", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[:2] + b"\xff\xfe\x00\x08edited" + data[2:])  # with a comment
    second, known = run_import(tmp_path / "pets.zip.new", settings=settings, registry=registry, name="pets")
    assert not known and second.version == 2 and second.digest != first.digest
    assert {photo.pixels: photo.split for photo in registry.photos(second.id)} == before


def test_two_imports_of_one_archive_at_once_give_one_dataset(archive, settings, registry):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(run_import(archive, settings=settings, registry=registry)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(known is not None for _, known in found) == [False, True]
    assert len({dataset.id for dataset, _ in found}) == len(registry.datasets()) == 1


def test_a_cancelled_import_leaves_nothing(archive, settings, registry):
    with pytest.raises(Cancelled):
        run_import(archive, settings=settings, registry=registry, cancelled=lambda: True)
    assert registry.datasets() == [] and not list(datasets_folder(settings).glob("d-*"))


def test_a_name_that_cannot_be_shown_is_refused(archive, settings, registry):
    with pytest.raises(InvalidInput):
        run_import(archive, settings=settings, registry=registry, name="a\nb")


def test_a_dataset_whose_import_was_killed_before_it_was_registered_is_there_at_the_next_start(
    archive, settings, registry, monkeypatch
):
    class Killed(BaseException):
        """Ends the import as a kill does: nothing is cleaned up."""

    def killed(*arguments):
        raise Killed

    monkeypatch.setattr(imports, "register", killed)
    with pytest.raises(Killed):
        run_import(archive, settings=settings, registry=registry)
    monkeypatch.undo()
    assert registry.datasets() == [] and len(list(datasets_folder(settings).glob("d-*"))) == 1
    bench = Workbench.open(settings)
    (dataset,) = bench.registry.datasets()
    assert dataset.name == "pets" and len(bench.registry.photos(dataset.id)) == 12
    again, known = bench.import_photos(archive)
    assert known and again.id == dataset.id


def test_a_new_registry_finds_the_datasets_on_the_disk(archive, settings, registry):
    first, _ = run_import(archive, settings=settings, registry=registry)
    registry.close()
    for path in settings.home.glob("registry.db*"):
        path.unlink()
    rebuild(settings)
    assert Workbench.open(settings).registry.datasets() == [first]


def test_a_new_registry_finds_the_unlabelled_photos_on_the_disk(archive, settings, registry, monkeypatch):
    def read(files, empty_folders=(), contents=None):
        layout = first_layout(files[1:], empty_folders)
        return LayoutChoice(layouts=(replace(layout, unlabelled=files[:1]),))

    monkeypatch.setattr(readings, "read_layouts", read)
    first, _ = run_import(archive, settings=settings, registry=registry)
    aside = registry.unlabelled_photos(first.id)
    assert [photo.file for photo in aside] == ["cat/0.jpg"] and first.unlabelled == 1
    registry.close()
    for path in settings.home.glob("registry.db*"):
        path.unlink()
    rebuild(settings)
    bench = Workbench.open(settings)
    assert bench.registry.unlabelled_photos(first.id) == aside
    assert bench.unlabelled_path(first.id, aside[0].digest).exists()
    bench.delete_dataset(first.id)
    assert not bench.unlabelled_path(first.id, aside[0].digest).exists()


def test_an_import_that_cannot_be_registered_leaves_nothing(archive, settings, registry, monkeypatch):
    def full(*arguments):
        raise NoSpace("The disk is full.")

    monkeypatch.setattr(registry, "add_dataset", full)
    with pytest.raises(NoSpace):
        run_import(archive, settings=settings, registry=registry)
    assert [path.name for path in datasets_folder(settings).iterdir()] == [".import.lock"]


def test_a_folder_that_is_no_dataset_is_left_alone(settings, registry):
    strange = datasets_folder(settings) / "mine"
    strange.mkdir(parents=True)
    (strange / "manifest.json").write_text('{"photos": 3}')
    assert Workbench.open(settings).registry.datasets() == [] and strange.exists()


def test_an_upload_that_can_be_read_in_several_ways_is_asked_about_before_anything_is_stored(
    archive, settings, registry, monkeypatch
):
    def read(files, empty_folders=(), contents=None):
        layout = first_layout(files, empty_folders)
        return LayoutChoice(layouts=(layout, replace(layout, id="other")), question="Which one?")

    monkeypatch.setattr(readings, "read_layouts", read)
    with pytest.raises(Ambiguous, match="Which one"):
        run_import(archive, settings=settings, registry=registry)
    assert registry.datasets() == [] and not list(datasets_folder(settings).glob("d-*"))
    choice = preview_import(archive, settings=settings)
    assert [layout.id for layout in choice.layouts] == ["folders", "other"] and choice.question == "Which one?"
    dataset, _ = run_import(archive, settings=settings, registry=registry, layout="other")
    assert dataset.photo_count == 12


def test_a_name_that_is_not_used_is_said(archive, settings, registry):
    dataset, _ = run_import(archive, settings=settings, registry=registry)
    assert known_message(dataset, "other") == (
        "Exactly these photos are here already, as 'pets' (version 1). Nothing was added, and the name 'other' was not "
        "used."
    )
    assert "not used" not in known_message(dataset, "pets") + known_message(dataset, None)
