"""An import from the upload to the stored dataset: what is kept, what is refused, what is said."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from core.datasets import DEMO_ARCHIVE, ImportProgress, import_photos, importing, sandbox, sweep
from core.datasets.manifest import dataset_digest, read_manifest
from core.datasets.names import dataset_name
from core.datasets.photos import decode
from core.datasets.values import SPLITS
from core.errors import Cancelled, Conflict, InvalidInput, NoSpace, NotFound, Refused
from core.settings import Settings
from tests.photo_files import Raw, archive, classes, encoded, folder, forged, jpeg, picture


@pytest.fixture
def home(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def zipped(tmp_path):
    return lambda files: archive(tmp_path / "photos.zip", files)


def imported(source: Path, home: Settings, dataset_id: str = "d-1", **options):
    return import_photos(source, settings=home, dataset_id=dataset_id, **options)


def refusal(source: Path, home: Settings, **options) -> str:
    """The one sentence; and nothing is left behind."""
    with pytest.raises((InvalidInput, Refused)) as caught:
        imported(source, home, **options)
    assert leftovers(home) == []
    text = str(caught.value)
    assert "\n" not in text
    return text


def leftovers(home: Settings) -> list[str]:
    return sorted(os.listdir(home.datasets_dir)) if home.datasets_dir.exists() else []


def reasons(dataset) -> dict[str, str]:
    return {rejection.file: rejection.reason for rejection in dataset.rejections}


def splits(photos) -> dict[str, str]:
    return {photo.digest: photo.split for photo in photos}


def test_an_archive_becomes_a_dataset_on_disk(zipped, home):
    files = classes(cat=10, dog=20)
    dataset, photos = imported(zipped(files), home, name="pets", version=3, seed=5)
    assert (dataset.id, dataset.name, dataset.version, dataset.seed) == ("d-1", "pets", 3, 5)
    assert dataset.class_names == ("cat", "dog") and dataset.class_sizes == {"cat": 10, "dog": 20}
    assert dataset.counts["train"] == {"cat": 7, "dog": 14} and not dataset.split_given
    assert [photo.split for photo in photos] == sorted((photo.split for photo in photos), key=SPLITS.index)
    for photo in photos:
        assert photo.digest == hashlib.sha256(files[photo.file]).hexdigest()
        stored = (home.dataset_dir("d-1") / "photos" / f"{photo.digest}.jpg").read_bytes()
        assert stored == decode(files[photo.file]).jpeg and photo.stored_bytes == len(stored)
        assert (photo.width, photo.height) == (24, 16)
    assert dataset.size_bytes == sum(photo.stored_bytes for photo in photos)
    assert leftovers(home) == ["d-1"]
    assert sorted(os.listdir(home.dataset_dir("d-1"))) == ["manifest.json", "photos"]
    assert len(os.listdir(home.dataset_dir("d-1") / "photos")) == 30


def test_a_folder_gives_the_same_dataset_as_its_archive(tmp_path, zipped, home):
    files = classes("pets/", cat=5, dog=5) | {"pets/cat/notes.txt": b"a note", "pets/cat/.DS_Store": b"\0"}
    from_zip, photos = imported(zipped(files), home)
    from_folder, same = imported(folder(tmp_path / "upload", files), home, "d-2")
    assert same == photos and from_folder.digest == from_zip.digest
    assert from_folder.rejections == from_zip.rejections
    assert reasons(from_zip) == {"pets/cat/notes.txt": "is a text file, not a photo"}


def test_the_registry_could_be_rebuilt_from_the_manifest(zipped, home):
    found = imported(zipped(classes(cat=4, dog=4) | {"cat/x.jpg": b"none"}), home)
    assert read_manifest(home.dataset_dir("d-1")) == found
    with pytest.raises(NotFound):
        read_manifest(home.dataset_dir("d-2"))


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
    assert "damaged" in reasons(dataset)["cat/cut.jpg"] and "text file" in reasons(dataset)["cat/text.jpg"]
    assert reasons(dataset)["dog/empty.png"] == "is empty (0 bytes)"


def test_a_wrong_extension_does_not_matter(zipped, home):
    files = classes(cat=3, dog=3) | {"cat/really.txt": encoded(picture(50), "PNG")}
    assert imported(zipped(files), home)[0].class_sizes["cat"] == 4


def test_members_that_lie_about_themselves_are_refused_alone(tmp_path, home):
    good = [Raw(name.encode(), data) for name, data in classes(cat=3, dog=3).items()]
    lying = Raw(b"cat/liar.jpg", jpeg(70) * 50, method=8, size=100)
    dataset, _ = imported(forged(tmp_path / "photos.zip", [*good, lying]), home)
    assert reasons(dataset) == {"cat/liar.jpg": "has another size than the archive declares"}


def test_links_in_a_folder_are_not_followed(tmp_path, home):
    root = folder(tmp_path / "upload", classes(cat=3, dog=3))
    (tmp_path / "secret.jpg").write_bytes(jpeg(80))
    (root / "cat" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "dog" / "loop").symlink_to(root)
    dataset, _ = imported(root, home)
    assert reasons(dataset) == dict.fromkeys(("cat/link.jpg", "dog/loop"), "is a link, which is not followed")


def test_odd_file_names_on_disk_do_no_harm(tmp_path, home):
    root = folder(tmp_path / "upload", classes(cat=3, dog=3))
    for number, name in enumerate((b"b\xff\xfe.jpg", b"new\nline.jpg", b"-rf.jpg", "\u202egpj.jpg".encode())):
        Path(os.fsdecode(bytes(root / "cat") + b"/" + name)).write_bytes(jpeg(100 + number))
    dataset, photos = imported(root, home)
    assert dataset.class_sizes["cat"] == 7
    json.dumps([photo.file for photo in photos]).encode("utf-8")
    assert read_manifest(home.dataset_dir("d-1"))[1] == photos


# --- copies ---


def test_a_copy_inside_a_class_is_kept_once(zipped, home):
    dataset, photos = imported(zipped(classes(cat=4, dog=4) | {"cat/copy.jpg": jpeg(1)}), home)
    assert dataset.class_sizes["cat"] == 4
    assert reasons(dataset) == {"cat/copy.jpg": "is a copy of cat/1.jpg, which is kept"}
    assert len({photo.digest for photo in photos}) == len(photos)


def test_a_photo_in_two_classes_is_a_conflict_and_refused_in_both(zipped, home):
    files = classes(cat=4, dog=4) | {"cat/both.jpg": jpeg(90), "cat/again.jpg": jpeg(90), "dog/both.jpg": jpeg(90)}
    dataset, _ = imported(zipped(files), home)
    assert set(reasons(dataset)) == {"cat/both.jpg", "cat/again.jpg", "dog/both.jpg"}
    assert reasons(dataset)["dog/both.jpg"].startswith("is the same photo as cat/")
    stored = os.listdir(home.dataset_dir("d-1") / "photos")
    assert f"{hashlib.sha256(jpeg(90)).hexdigest()}.jpg" not in stored and len(stored) == 8


def given_split(train: int = 5, **extra: int) -> dict[str, bytes]:
    files = classes("train/", cat=train, dog=train)
    for number, (split, count) in enumerate(extra.items(), 1):
        files |= classes(f"{split}/", first=1000 * number, cat=count, dog=count)
    return files


def test_a_photo_is_never_on_both_sides_of_the_split(zipped, home):
    files = given_split(validation=2, test=2)
    files["train/cat/leak.jpg"] = files["validation/cat/leak.jpg"] = files["test/cat/0.jpg"]
    files["train/dog/leak.jpg"] = files["validation/dog/0.jpg"]
    dataset, photos = imported(zipped(files), home)
    assert len(splits(photos)) == len(photos)
    assert dataset.split_sizes == {"train": 10, "validation": 4, "test": 4}
    assert set(reasons(dataset)) == {"train/cat/leak.jpg", "validation/cat/leak.jpg", "train/dog/leak.jpg"}
    assert "test/cat/0.jpg" in reasons(dataset)["train/cat/leak.jpg"]


# --- the split ---


def test_a_given_split_is_kept(zipped, home):
    dataset, photos = imported(zipped(given_split(valid=2, test=3)), home)
    assert dataset.split_given and dataset.split_sizes == {"train": 10, "validation": 4, "test": 6}
    assert all(photo.file.startswith(photo.split[:5]) for photo in photos) and not dataset.notes


@pytest.mark.parametrize(("there", "missing"), [("validation", "test"), ("test", "validation")])
def test_a_missing_part_of_a_given_split_is_drawn_from_train_and_said_so(zipped, home, there, missing):
    source = zipped(given_split(17, **{there: 4}))
    dataset, photos = imported(source, home, seed=2)
    assert dataset.counts[missing] == {"cat": 3, "dog": 3} and dataset.counts[there] == {"cat": 4, "dog": 4}
    assert dataset.notes == (f"There was no {missing} folder: 6 of the training photos were drawn for it (seed 2).",)
    assert all(photo.file.startswith("train/") for photo in photos if photo.split == missing)
    assert splits(imported(source, home, "d-2", seed=3)[1]) != splits(photos)


def test_classes_that_a_given_split_leaves_untested_are_noted(zipped, home):
    files = given_split(validation=2, test=2)
    files = {name: data for name, data in files.items() if not name.startswith("test/dog/")}
    assert imported(zipped(files), home)[0].notes == ("There are no test photos of dog.",)


def test_a_new_version_leaves_old_photos_where_they_were(zipped, home):
    _, old = imported(zipped(classes(cat=10, dog=8)), home)
    more = classes(cat=10, dog=8) | classes("more/", first=500, cat=7, dog=9, owl=5)
    more = {
        name.removeprefix("more/").replace("/", "/new" if name.startswith("more/") else "/"): data
        for name, data in more.items()
    }
    dataset, new = imported(zipped(more), home, "d-2", previous=splits(old))
    assert {digest: splits(new)[digest] for digest in splits(old)} == splits(old)
    assert dataset.photo_count == 39 and dataset.notes == (
        "18 photos of the version before keep their split; 21 are new.",
    )


def test_the_digest_tells_content_classes_and_split_but_not_file_names(zipped, home):
    files = classes(cat=5, dog=5)
    dataset, photos = imported(zipped(files), home)
    renamed = {name.replace(".jpg", ".jpeg"): data for name, data in files.items()}
    assert imported(zipped(renamed), home, "d-2", name="other", version=2)[0].digest == dataset.digest
    assert imported(zipped(files), home, "d-3", seed=1)[0].digest != dataset.digest
    swapped = {name.replace("cat", "cow"): data for name, data in files.items()}
    assert imported(zipped(swapped), home, "d-4")[0].digest != dataset.digest
    assert dataset_digest(reversed(photos)) == dataset.digest


# --- uploads no dataset can be made of ---


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
        ({"cat/a.jpg": b"no", "dog/b.jpg": b"no"}, "All 2 files were refused.*text file"),
        (given_split(1, test=2), "at least 2 different photos in the 'train' folder.*'cat' with 1"),
        (given_split(4, test=2) | classes("test/", first=7000, owl=2), "a photo|2 different photos.*'owl' with 0"),
        (given_split(4, validation=2) | {"test/cat/a.jpg": b"no"}, "test folder holds no photo"),
    ],
)
def test_an_upload_that_makes_no_dataset_gets_one_sentence(zipped, home, files, why):
    assert re.search(why, refusal(zipped(files), home))


def test_something_that_is_not_there_or_no_archive_gets_one_sentence(tmp_path, home):
    assert "no file or folder" in refusal(tmp_path / "missing.zip", home)
    (tmp_path / "text.zip").write_text("hello")
    assert "not a ZIP archive" in refusal(tmp_path / "text.zip", home)
    (tmp_path / "nothing").mkdir()
    assert "no files" in refusal(tmp_path / "nothing", home)


def test_an_archive_that_breaks_the_policy_is_refused_whole(zipped, home):
    assert "outside of the archive" in refusal(zipped(classes(cat=5, dog=5) | {"../evil.jpg": jpeg(1)}), home)


@pytest.mark.parametrize("name", ["", "   ", "a:b", "a/b", "x" * 81, "tab\there", "a\u202eb"])
def test_names_that_cannot_be_used_are_refused_before_anything_is_read(tmp_path, home, name):
    assert "dataset name" in refusal(tmp_path / "missing.zip", home, name=name)


def test_the_default_name_is_the_uploads_own(tmp_path):
    (tmp_path / "My photos").mkdir()
    assert dataset_name(None, tmp_path / "pets v2.zip") == "pets v2"
    assert dataset_name(None, tmp_path / "My photos") == "My photos"
    assert dataset_name(None, Path("a:b\x07.zip")) == "a-b"
    assert dataset_name("  Blumen ", tmp_path) == "Blumen"


# --- all or nothing ---


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


def test_an_id_that_is_taken_or_being_imported_is_a_conflict(zipped, home):
    source = zipped(classes(cat=3, dog=3))
    imported(source, home)
    with pytest.raises(Conflict):
        imported(source, home)
    conflicts = []

    def second(progress):
        if not conflicts:
            with pytest.raises(Conflict) as caught:
                imported(source, home, "d-2")
            conflicts.append(str(caught.value))

    imported(source, home, "d-2", progress=lambda progress: progress.stage == "Storing" and second(progress))
    assert "right now" in conflicts[0] and leftovers(home) == ["d-1", "d-2"]


def test_two_imports_of_one_archive_at_once_both_succeed(zipped, home):
    source = zipped(classes(cat=4, dog=4))
    inner = []

    def nested(progress):
        if progress.stage == "Storing" and not inner:
            inner.append(imported(source, home, "d-2"))

    outer = imported(source, home, "d-1", progress=nested)
    assert inner[0][0].digest == outer[0].digest and leftovers(home) == ["d-1", "d-2"]


def test_an_id_cannot_lead_out_of_the_folder_of_datasets(zipped, home):
    source = zipped(classes(cat=3, dog=3))
    for dataset_id in ("../evil", "a/b", ".."):
        with pytest.raises(InvalidInput):
            imported(source, home, dataset_id)


SLOW_IMPORT = """
import sys, time
from pathlib import Path
from core.datasets import import_photos
from core.settings import Settings
def report(progress):
    print(progress.stage, flush=True)
    if progress.stage == sys.argv[3]:
        time.sleep(60)
import_photos(Path(sys.argv[1]), settings=Settings(home=Path(sys.argv[2])), dataset_id="d-slow", progress=report)
"""


def slow_import(source: Path, home: Settings, stage: str) -> subprocess.Popen:
    """An import in another process, stopped in the middle of a stage."""
    command = [sys.executable, "-c", SLOW_IMPORT, str(source), str(home.home), stage]
    process = subprocess.Popen(
        command, cwd=sandbox.REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.strip() == stage:
            return process
    raise AssertionError(process.stderr.read())


def ended(process: subprocess.Popen, sign: int) -> None:
    process.send_signal(sign)
    process.communicate(timeout=120)


@pytest.mark.parametrize("stage", ["Decoding photos", "Storing"])
def test_ctrl_c_leaves_nothing(zipped, home, stage):
    process = slow_import(zipped(classes(cat=4, dog=4)), home, stage)
    ended(process, signal.SIGINT)
    assert process.returncode != 0 and leftovers(home) == []


@pytest.mark.parametrize("stage", ["Decoding photos", "Storing"])
def test_what_a_killed_import_leaves_is_swept_but_a_living_one_is_not(zipped, home, stage):
    process = slow_import(zipped(classes(cat=4, dog=4)), home, stage)
    assert sweep(home) == 0 and leftovers(home) == [".tmp-d-slow"]
    ended(process, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while sweep(home) == 0 and time.monotonic() < deadline:  # its decoders hold the lock until they notice
        time.sleep(0.05)
    assert leftovers(home) == []


def test_the_next_import_sweeps_by_itself(zipped, home):
    (home.datasets_dir / ".tmp-d-dead" / "photos").mkdir(parents=True)
    imported(zipped(classes(cat=3, dog=3)), home)
    assert leftovers(home) == ["d-1"]


def test_a_member_needs_no_memory_in_this_process(zipped, home, monkeypatch):
    """Bytes of photos never pass through the importing process: it opens the archive for its table only."""
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    monkeypatch.setattr("core.datasets.members.read_member", None)
    monkeypatch.setattr("core.datasets.photos.decode", None)
    assert imported(zipped(classes(cat=3, dog=3)), home)[0].photo_count == 6
