"""Imports through the registry: versions, copies of an import, background jobs."""

import io
import os
import signal
import threading
import time
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.datasets import importing
from core.datasets.folders import arrange
from core.datasets.layout import LayoutChoice
from core.errors import Cancelled, InvalidInput, NoSpace
from core.files.home import datasets_folder, uploads_folder
from core.jobs import imports
from core.jobs.imports import cancel_import, dismiss_import, import_jobs, run_import, start_import
from core.workbench import Workbench
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


def wait_for_job(settings, job_id, *, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = next(job for job in import_jobs(settings) if job.id == job_id)
        if job.state != "running":
            return job
        time.sleep(0.05)
    raise AssertionError(f"still running: {job}")


def test_the_same_photos_are_one_dataset(archive, settings, registry):
    first, known = run_import(archive, settings=settings, registry=registry)
    again, known_again = run_import(archive, settings=settings, registry=registry, name="other")
    assert (known, known_again) == (False, True) and again.id == first.id
    assert [path.name for path in datasets_folder(settings).glob("d-*")] == [first.id]


def test_more_photos_make_a_new_version_and_old_ones_keep_their_side(archive, settings, registry, tmp_path):
    first, _ = run_import(archive, settings=settings, registry=registry)
    second, _ = run_import(write_zip(tmp_path / "more.zip", 12), settings=settings, registry=registry, name="pets")
    assert (first.version, second.version) == (1, 2)
    before = {photo.digest: photo.split for photo in registry.photos(first.id)}
    after = {photo.digest: photo.split for photo in registry.photos(second.id)}
    assert before.items() <= after.items() and len(after) == 24


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
    assert sorted(known for _, known in found) == [False, True]
    assert len({dataset.id for dataset, _ in found}) == len(registry.datasets()) == 1


def test_a_cancelled_import_leaves_nothing(archive, settings, registry):
    with pytest.raises(Cancelled):
        run_import(archive, settings=settings, registry=registry, cancelled=lambda: True)
    assert registry.datasets() == [] and not list(datasets_folder(settings).glob("d-*"))


def test_a_background_import_reports_its_dataset_and_can_be_dismissed(archive, settings, registry):
    job = wait_for_job(settings, start_import(archive, settings=settings, own_source=True))
    assert (job.state, job.title) == ("done", "pets"), job.message
    assert registry.dataset(job.dataset_id).photo_count == 12
    assert not archive.exists(), "the upload is deleted once it is imported"
    dismiss_import(settings, job.id)
    assert import_jobs(settings) == []


def test_a_background_import_that_is_refused_says_why(settings, registry, tmp_path):
    (tmp_path / "no.zip").write_text("this is no archive")
    job = wait_for_job(settings, start_import(tmp_path / "no.zip", settings=settings))
    assert job.state == "failed" and "ZIP" in job.message


def big_archive(path):
    buffer = io.BytesIO()
    Image.effect_noise((2400, 2400), 80).convert("RGB").save(buffer, "JPEG", quality=95)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(120):
            archive.writestr(f"{'ab'[number % 2]}/{number}.jpg", buffer.getvalue() + bytes([number]))
    return path


def test_a_background_import_can_be_cancelled(settings, registry, tmp_path):
    job_id = start_import(big_archive(tmp_path / "big.zip"), settings=settings)
    cancel_import(settings, job_id)
    assert wait_for_job(settings, job_id).state == "cancelled"
    assert registry.datasets() == []


def test_a_killed_background_import_is_known_as_failed_and_leaves_nothing(settings, registry, tmp_path):
    job_id = start_import(big_archive(tmp_path / "big.zip"), settings=settings)
    os.killpg(pid_of(job_id), signal.SIGKILL)
    job = wait_for_job(settings, job_id)
    assert job.state == "failed" and "killed" in job.message
    assert registry.datasets() == [] and not list(datasets_folder(settings).glob("d-*"))


def pid_of(job_id):
    for _ in range(200):
        for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if job_id.encode() in cmdline.read_bytes():
                    return int(cmdline.parent.name)
        time.sleep(0.02)
    raise AssertionError("the import never started")


@pytest.mark.parametrize("torn", ["", "{"])
def test_an_import_whose_last_word_a_power_cut_tore_is_known_as_failed(settings, torn):
    folder = uploads_folder(settings) / "import-1"
    folder.mkdir(parents=True)
    (folder / "request.json").write_text('{"title": "pets", "at": 1.0}')
    (folder / "status.json").write_text(torn)
    (job,) = import_jobs(settings)
    assert job.state == "failed" and "was killed" in job.message


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

    monkeypatch.setattr(imports, "_register", killed)
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
    assert Workbench.open(settings).registry.datasets() == [first]


def test_a_new_registry_finds_the_unlabelled_photos_on_the_disk(archive, settings, registry, monkeypatch):
    def read(files, empty_folders=(), contents=None):
        layout = arrange(files[1:], empty_folders)
        return LayoutChoice(layouts=(replace(layout, unlabelled=files[:1]),))

    monkeypatch.setattr(importing, "read_layouts", read)
    first, _ = run_import(archive, settings=settings, registry=registry)
    aside = registry.unlabelled_photos(first.id)
    assert [photo.file for photo in aside] == ["cat/0.jpg"] and first.unlabelled == 1
    registry.close()
    for path in settings.home.glob("registry.db*"):
        path.unlink()
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


def test_a_folder_that_is_no_dataset_is_left_alone(settings):
    strange = datasets_folder(settings) / "mine"
    strange.mkdir(parents=True)
    (strange / "manifest.json").write_text('{"photos": 3}')
    assert Workbench.open(settings).registry.datasets() == [] and strange.exists()


def test_the_upload_of_a_killed_import_goes_at_the_next_start(settings, registry, tmp_path):
    source = big_archive(tmp_path / "big.zip")
    job_id = start_import(source, settings=settings, own_source=True)
    Workbench.open(settings)
    assert source.exists(), "it is being read"
    os.killpg(pid_of(job_id), signal.SIGKILL)
    wait_for_job(settings, job_id)
    Workbench.open(settings)
    assert not source.exists()
