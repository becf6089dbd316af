"""Background imports: progress, cancelling, kills, and the question how an upload is read."""

import io
import json
import os
import signal
import tarfile
import time
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.datasets.layout import LayoutChoice
from core.datasets.layouts import readings
from core.datasets.layouts.layout_summary import UNLABELLED
from core.errors import InvalidInput, NotFound
from core.files.home import datasets_folder, import_folder, uploads_folder
from core.files.locks import acquire
from core.jobs import background_imports
from core.jobs.background import start_process
from core.jobs.background_imports import (
    KnownUpload,
    answer_import,
    cancel_import,
    dismiss_import,
    import_jobs,
    sample_path,
    start_import,
)
from core.workbench import Workbench
from tests.core.datasets.uploads_of import first_layout
from tests.core.jobs.test_imports import write_zip
from tests.photo_files import archive as archive_of
from tests.photo_files import classes


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


def test_a_background_import_reports_its_dataset_and_can_be_dismissed(archive, settings, registry):
    job = wait_for_job(settings, start_import(archive, settings=settings, own_source=True))
    assert (job.state, job.title) == ("done", "pets"), job.message
    assert registry.dataset(job.dataset_id).photo_count == 12
    assert not archive.exists() and not import_folder(settings, job.id).upload.exists(), "it is imported"
    dismiss_import(settings, job.id)
    assert import_jobs(settings) == []


def test_known_photos_are_told_with_the_skipped_files_of_this_upload(archive, settings, registry):
    first, _ = Workbench.open(settings).import_photos(archive)
    with zipfile.ZipFile(archive, "a") as more:
        for number in range(3):
            more.writestr(f"dog/{number}.txt", b"no photo")
    job = wait_for_job(settings, start_import(archive, settings=settings))
    assert job.dataset_id == first.id and "here already, as 'pets' (version 1)" in job.message
    assert job.known is not None and job.known.skipped == 3
    assert [one.file for one in job.known.rejections] == [f"dog/{number}.txt" for number in range(3)]
    many = KnownUpload.of(replace(first, rejections=100 * job.known.rejections))
    assert (many.skipped, len(many.rejections)) == (300, background_imports.REJECTIONS_KEPT)


def test_an_error_in_graft_is_called_that(settings):
    folder = import_folder(settings, "broken")
    folder.path.mkdir(parents=True)
    request = {"name": None, "own_source": False, "title": "x", "at": 1.0}  # without a source
    folder.request.write_text(json.dumps(request))
    with acquire(folder.alive_lock) as alive:
        start_process(background_imports.MODULE, folder, settings, alive)
    job = wait_for_job(settings, "broken")
    assert job.state == "failed" and "killed" not in job.message
    assert job.message.startswith("An error in Graft ended the import (KeyError: 'source')")


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


def test_the_upload_of_a_killed_import_goes_at_the_next_start(settings, registry, tmp_path):
    job_id = start_import(big_archive(tmp_path / "big.zip"), settings=settings, own_source=True)
    source = import_folder(settings, job_id).upload
    Workbench.open(settings)
    assert source.exists(), "it is being read"
    os.killpg(pid_of(job_id), signal.SIGKILL)
    wait_for_job(settings, job_id)
    Workbench.open(settings)
    assert not source.exists()


# --- the question ---


def test_an_ambiguous_upload_is_asked_about_and_imported_as_answered(settings, registry, tmp_path):
    upload = archive_of(tmp_path / "pets.zip", classes("dataset/", cat=6, dog=6) | classes("", first=90, samples=3))
    job = wait_for_job(settings, start_import(upload, settings=settings, own_source=True))
    assert job.state == "question" and registry.datasets() == []
    layouts = {tuple(layout.classes): layout for layout in job.question.layouts}
    chosen = layouts["cat", "dog"]
    assert chosen.unlabelled == 3 and len(chosen.samples["cat"]) == 3
    answer_import(settings, job.id, layout=chosen.id)
    job = wait_for_job(settings, job.id)
    assert job.state == "done", job.message
    dataset = registry.dataset("pets")
    assert (dataset.class_sizes, dataset.unlabelled) == ({"cat": 6, "dog": 6}, 3)


# In these the process of the import runs inside the test.


@pytest.fixture
def ambiguous(monkeypatch):
    """Every upload can be read in two ways: all files of a class, or the first one without a class."""

    def read(files, empty_folders=(), contents=None):
        all_of_them = first_layout(files, empty_folders)
        less = replace(
            first_layout(files[1:]), id="aside", title="One aside", unlabelled=files[:1], notes=("One is aside.",)
        )
        return LayoutChoice(layouts=(all_of_them, less), question="Is the first one a cat?")

    monkeypatch.setattr(readings, "read_layouts", read)
    monkeypatch.setattr(
        background_imports,
        "start_process",
        lambda module, folder, settings, *_: background_imports._background(folder.job_id, settings),
    )


def the_job(settings):
    (job,) = import_jobs(settings)
    return job


def test_an_ambiguous_upload_ends_with_a_question_and_nothing_is_stored(archive, settings, registry, ambiguous):
    job_id = start_import(archive, settings=settings, own_source=True)
    job = the_job(settings)
    assert (job.state, job.title, job.message) == ("question", "pets", "")
    assert job.question.text == "Is the first one a cat?" and job.question.is_upload
    first, second = job.question.layouts
    assert (first.id, first.classes, first.unlabelled) == ("folders", {"cat": 6, "dog": 6}, 0)
    assert (second.id, second.classes, second.unlabelled) == ("aside", {"cat": 5, "dog": 6}, 1)
    assert second.notes == ("One is aside.",)
    assert {name: len(files) for name, files in second.samples.items()} == {"cat": 3, "dog": 3, UNLABELLED: 1}
    with Image.open(sample_path(settings, job_id, second.samples["cat"][0])) as photo:
        assert photo.format == "JPEG" and max(photo.size) <= 192
    assert registry.datasets() == [] and not list(datasets_folder(settings).glob("d-*"))


def test_an_answer_imports_the_kept_upload_under_its_name(archive, settings, registry, ambiguous):
    job_id = start_import(archive, settings=settings, name="my pets", own_source=True)
    upload = import_folder(settings, job_id).upload
    assert upload.exists()
    answer_import(settings, job_id, layout="aside")
    job = the_job(settings)
    assert (job.state, job.id, job.question) == ("done", job_id, None), job.message
    dataset = registry.dataset("my pets")
    assert (dataset.class_sizes, dataset.unlabelled) == ({"cat": 5, "dog": 6}, 1)
    assert not upload.exists() and not import_folder(settings, job_id).samples.exists()
    answer_import(settings, job_id, layout="folders")  # of a tab that still shows the question
    assert len(registry.datasets()) == 1


def test_a_question_survives_a_restart_with_its_upload(archive, settings, registry, ambiguous):
    job_id = start_import(archive, settings=settings, own_source=True)
    Workbench.open(settings)
    assert the_job(settings).state == "question"
    answer_import(settings, job_id, layout="folders")
    assert the_job(settings).state == "done"


def test_discarding_deletes_the_upload_and_an_answer_then_says_so(archive, settings, registry, ambiguous):
    job_id = start_import(archive, settings=settings, own_source=True)
    dismiss_import(settings, job_id)
    assert import_jobs(settings) == [] and list(uploads_folder(settings).iterdir()) == []
    with pytest.raises(NotFound, match="discarded"):
        answer_import(settings, job_id, layout="folders")


def test_a_folder_on_the_server_is_never_touched(tmp_path, settings, registry, ambiguous):
    with zipfile.ZipFile(write_zip(tmp_path / "pets.zip")) as file:
        file.extractall(tmp_path / "pets")
    job_id = start_import(tmp_path / "pets", settings=settings)
    assert not the_job(settings).question.is_upload
    dismiss_import(settings, job_id)
    assert len(list((tmp_path / "pets").rglob("*.jpg"))) == 12


def test_after_a_kill_between_answer_and_import_the_question_is_there_again(
    archive, settings, registry, ambiguous, monkeypatch
):
    job_id = start_import(archive, settings=settings, own_source=True)
    with monkeypatch.context() as killed:
        killed.setattr(background_imports, "start_process", lambda *_: None)
        answer_import(settings, job_id, layout="folders")
    Workbench.open(settings)
    job = the_job(settings)
    assert job.state == "question" and "killed" in job.message and job.question.layouts
    answer_import(settings, job_id, layout="folders")
    assert the_job(settings).state == "done"


@pytest.mark.parametrize(("layout", "encoding", "why"), [("no", None, "no layout"), (None, "klingon", "no encoding")])
def test_an_answer_that_fails_loses_neither_question_nor_upload(
    archive, settings, registry, ambiguous, layout, encoding, why
):
    job_id = start_import(archive, settings=settings, own_source=True)
    answer_import(settings, job_id, layout=layout, encoding=encoding)
    job = the_job(settings)
    assert job.state == "question" and why in job.message and job.question.encoding is None
    answer_import(settings, job_id, layout="folders")
    assert the_job(settings).state == "done"


def test_reading_the_names_with_another_encoding_asks_again(archive, settings, registry, ambiguous):
    job_id = start_import(archive, settings=settings, own_source=True)
    answer_import(settings, job_id, encoding="cp866")
    job = the_job(settings)
    assert job.state == "question" and job.question.encoding == "cp866" and job.message == ""


def test_an_answer_while_the_import_runs_does_nothing(archive, settings, registry, ambiguous):
    job_id = start_import(archive, settings=settings, own_source=True)
    with acquire(import_folder(settings, job_id).alive_lock):
        assert (the_job(settings).state, the_job(settings).question) == ("running", None)
        answer_import(settings, job_id, layout="folders")
        import_folder(settings, job_id).status.write_text('{"state": "running"}')
        dismiss_import(settings, job_id)
        assert import_folder(settings, job_id).upload.exists() and import_folder(settings, job_id).cancel.exists()
    assert the_job(settings).state == "question" and registry.datasets() == []


def test_an_import_that_is_cancelled_while_it_prepares_its_question_asks_nothing(
    archive, settings, registry, ambiguous, monkeypatch
):
    def cancelled(*arguments, **options):
        cancel_import(settings, next(uploads_folder(settings).glob("import-*")).name.removeprefix("import-"))
        return ()

    monkeypatch.setattr(background_imports, "with_samples", cancelled)
    start_import(archive, settings=settings, own_source=True)
    assert the_job(settings).state == "cancelled"


def test_a_name_that_is_not_used_is_said_on_the_page(archive, settings, registry, ambiguous):
    job_id = start_import(archive, settings=settings)
    answer_import(settings, job_id, layout="folders")
    dismiss_import(settings, job_id)
    job_id = start_import(archive, settings=settings, name="other")
    answer_import(settings, job_id, layout="folders")
    assert "as 'pets' (version 1)" in the_job(settings).message and "'other' was not used" in the_job(settings).message


def test_an_upload_is_read_by_its_content_whatever_its_name(settings, registry, tmp_path):
    for name, data in classes(cat=6, dog=6).items():
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / name).write_bytes(data)
    with tarfile.open(tmp_path / "upload-1", "w:gz") as packed:
        packed.add(tmp_path / "pets", "pets")
    job = wait_for_job(
        settings, start_import(tmp_path / "upload-1", settings=settings, name="my pets", own_source=True)
    )
    assert job.state == "done", job.message
    assert registry.dataset("my pets").class_sizes == {"cat": 6, "dog": 6}


def test_a_wrong_name_leaves_no_folder(archive, settings):
    with pytest.raises(InvalidInput):
        start_import(archive, settings=settings, name="a\nb", own_source=True)
    assert archive.exists() and import_jobs(settings) == [] and not list(uploads_folder(settings).glob("*"))
