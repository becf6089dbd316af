"""Backups are complete, share what did not change, and never harm those that were made before."""

import errno
import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from core.artifacts.parts import publish_missing
from core.backups import making, store
from core.backups.making import make_backup
from core.backups.restoring import restore
from core.backups.snapshots import BackupPart
from core.backups.store import BackupFolder
from core.backups.verifying import verify
from core.datasets import shards
from core.errors import Conflict, InvalidInput, NoSpace, Unavailable
from core.files.atomic import replace_folder
from core.files.folders import MANIFEST
from core.files.home import dataset_folder, run_folder
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from tests.factories import fill
from tests.machines import machine, read

ALL = tuple(BackupPart)


@pytest.fixture
def make(bench, filled, backups):
    def make(*parts, keep=None, path=None):
        return make_backup(bench.settings, bench.registry, path or backups, parts, keep)

    return make


def files_in(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_ino, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def test_a_second_backup_writes_only_what_is_new(make, bench, filled, backups):
    first = make(*ALL)
    assert first.written_bytes > 10**5 and first.snapshot.missing == ()
    assert {one.folder.split("/")[0] for one in first.snapshot.folders} == {"datasets", "runs"}
    before = files_in(backups)
    again = make(*ALL)
    assert again.snapshot.folders == first.snapshot.folders
    assert again.written_bytes == again.snapshot.registry_bytes, "the registry has one more entry in its log"
    new = files_in(backups).keys() - before.keys()
    assert len(new) == 2 and files_in(backups).items() >= before.items()
    fill(bench.registry, bench.settings, runs=1, per_class=12)
    third = make(*ALL)
    assert len(third.snapshot.folders) > len(first.snapshot.folders)
    assert third.written_bytes < first.written_bytes + third.snapshot.registry_bytes
    assert verify(backups).damaged == ()


def test_files_that_have_not_changed_are_not_read_again(make, monkeypatch):
    first = make(*ALL)
    monkeypatch.setattr(making, "listing_of", lambda *_: pytest.fail("it was read again"))
    assert make(*ALL).snapshot.folders == first.snapshot.folders


def test_only_the_owner_may_read_a_backup(make, backups):
    make(*ALL)
    modes = {path.stat().st_mode & 0o777 for path in backups.rglob("*") if path.is_dir()}
    assert modes == {0o700} and backups.stat().st_mode & 0o777 == 0o700
    named = [path for path in backups.rglob("*") if path.is_file() and path.suffix != ".lock"]
    private = {path.stat().st_mode & 0o777 for path in named if "blobs" in path.parts or "snapshots" in path.parts}
    assert private == {0o600} and BackupFolder.open(backups).is_private


def test_the_registry_alone_is_the_default(make):
    snapshot = make().snapshot
    assert snapshot.folders == () and snapshot.parts == () and snapshot.size_bytes == snapshot.registry_bytes


def test_it_keeps_the_newest_of_the_same_parts_and_deletes_what_only_the_others_needed(make, bench, filled, backups):
    full = make(*ALL).snapshot
    small = [make(keep=2).snapshot.id for _ in range(4)]
    left = [one.id for one in BackupFolder.open(backups).snapshots()]
    assert left == [small[3], small[2], full.id], "a backup of the registry alone replaces no models"
    bench.delete_runs([filled.runs[0].id])
    last = make(*ALL, keep=1)
    assert set(last.forgotten) == {full.id, small[2], small[3]}
    folder = BackupFolder.open(backups)
    assert [one.id for one in folder.snapshots()] == [last.snapshot.id]
    needed = folder.needed([last.snapshot])
    assert {path.name for path in folder.blobs.all()} == needed and verify(backups).damaged == ()


def test_killed_in_the_middle_it_leaves_the_earlier_ones_whole_and_the_next_one_cleans_up(make, bench, backups, forks):
    first = make().snapshot
    for deadly in range(1, 30, 7):
        code = (
            "import os, sys; from pathlib import Path; from core.backups import making, store, snapshots\n"
            "from core.registry import Registry; from core.settings import Settings\n"
            "real, put = store.BackupBlobs.put, []\n"
            "def killing(self, digest, content):\n"
            "    put.append(digest)\n"
            "    len(put) == int(sys.argv[3]) and os.kill(os.getpid(), 9)\n"
            "    real(self, digest, content)\n"
            "store.BackupBlobs.put = killing\n"
            "settings = Settings(home=Path(sys.argv[1]))\n"
            "making.make_backup(settings, Registry.of(settings), Path(sys.argv[2]), tuple(snapshots.BackupPart))"
        )
        ended, printed = forks.run(code, str(bench.settings.home), str(backups), str(deadly))
        assert ended == -signal.SIGKILL, printed
        assert BackupFolder.open(backups).snapshots() == [first] and verify(backups).damaged == ()
    last = make(*ALL)
    folder = BackupFolder.open(backups)
    assert {path.name for path in folder.blobs.all()} == folder.needed([first, last.snapshot])
    assert not (backups / ".draft").exists() and verify(backups).damaged == ()


def test_a_full_disk_is_told_and_what_was_written_does_not_stay_on_it(make, bench, backups, monkeypatch):
    first = make()
    before, real, put = files_in(backups), store._copied, []

    def full(content, draft):
        put.append(content)
        if len(put) > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(content, draft)

    monkeypatch.setattr(store, "_copied", full)
    with pytest.raises(NoSpace, match="is full. The snapshots that were there are whole"):
        make(*ALL)
    assert files_in(backups) == before and BackupFolder.open(backups).snapshots() == [first.snapshot]
    monkeypatch.setattr(making, "_SPARE_BYTES", 10**18)
    with pytest.raises(NoSpace, match="needs .* more"):
        make(*ALL)


def test_two_at_once_are_one_backup_and_a_refusal(make, backups):
    make()
    with BackupFolder.open(backups).locked(), pytest.raises(Conflict, match="Another process is using"):
        make()
    with BackupFolder.open(backups).being_read(), pytest.raises(Conflict):
        make()


def test_a_run_that_is_deleted_in_between_is_in_neither_registry_nor_files(
    make, bench, filled, backups, empty, monkeypatch
):
    gone, real = filled.with_status(Status.FINISHED)[0].id, making.snapshot_to
    copies = []

    def then_delete(registry, file):
        real(registry, file)
        copies.append(file)
        if len(copies) == 1:
            bench.delete_runs([gone])

    monkeypatch.setattr(making, "snapshot_to", then_delete)
    made = make(*ALL)
    assert made.snapshot.missing == () and len(copies) == 2
    assert not [one for one in made.snapshot.folders if gone in one.folder]
    restore(empty, backups)
    assert gone not in {run.id for run in Registry.of(empty).runs()}


def test_a_model_that_changes_while_it_is_copied_is_saved_as_it_is_afterwards(
    make, bench, filled, backups, empty, monkeypatch
):
    folder = run_folder(bench.settings, filled.with_status(Status.FINISHED)[0].id).model
    real, changed = making.content_of, []

    def then_change(place, blob):
        found = real(place, blob)
        if not changed and place == folder.resolve() and blob.files[0].path == "card.json":
            draft = folder.with_name("draft")
            shutil.copytree(folder, draft)
            (draft / "card.json").write_text('{"temperature": 2}')
            replace_folder(draft, folder)
            changed.append(blob)
        return found

    monkeypatch.setattr(making, "content_of", then_change)
    assert make(*ALL).snapshot.missing == () and changed
    restore(empty, backups)
    assert read(run_folder(empty, folder.parent.name).model) == read(folder)


def test_backups_while_runs_are_recorded_have_what_their_registry_names(make, bench, backups, tmp_path):
    """Runs are finished and deleted all the time."""
    stop, done = threading.Event(), []

    def work():
        while not stop.is_set():
            done.append(fill(bench.registry, bench.settings, runs=2, per_class=12, name="busy").runs[0].id)
            bench.delete_runs(done[-1:])

    worker = threading.Thread(target=work)
    worker.start()
    try:
        made = [make(*ALL) for _ in range(4)]
    finally:
        stop.set()
        worker.join()
    assert [one.snapshot.missing for one in made] == [()] * 4 and len(done) > 1
    for number, one in enumerate(made):
        home = Settings(home=tmp_path / f"restored-{number}")
        restore(home, backups, one.snapshot.id)
        registry = Registry.of(home)
        assert all((home.home / model.path).is_file() for model in registry.models())
        registry.close()


def test_what_is_missing_or_altered_in_the_home_is_named_and_is_no_reason_to_make_no_backup(
    make, bench, filled, backups
):
    first, second = filled.with_status(Status.FINISHED)[:2]
    shutil.rmtree(run_folder(bench.settings, first.id).model)
    (run_folder(bench.settings, second.id).model / "model.keras").write_bytes(b"altered")
    photos = dataset_folder(bench.settings, filled.dataset.id).photos
    next(photos.iterdir()).unlink()
    assert set(make(*ALL).snapshot.missing) == {
        f"runs/{first.id}/model",
        f"runs/{second.id}/model",
        f"datasets/{filled.dataset.id}",
    }


def test_photos_are_saved_apart_from_what_changes_beside_them(make, bench, filled):
    folder = dataset_folder(bench.settings, filled.dataset.id)
    places = {one.folder: one.listing for one in make(*ALL).snapshot.folders}
    folder.decisions.write_text("{}")
    again = {one.folder: one.listing for one in make(*ALL).snapshot.folders}
    changed = {place for place in again if again[place] != places.get(place)}
    assert changed == {f"datasets/{filled.dataset.id}"}


@pytest.mark.parametrize("large", [False, True])
def test_what_is_in_a_store_only_is_taken_from_there(
    make, bench, registry, filled, backups, empty, tmp_path, monkeypatch, large
):
    if large:  # its dataset is published in shards
        monkeypatch.setattr(shards, "LARGE_PHOTOS", 1)
        monkeypatch.setattr(shards, "SHARD_PHOTOS", 16)
        (dataset_folder(bench.settings, filled.dataset.id).path / MANIFEST).touch()
    (tmp_path / "store").mkdir()
    other = machine(tmp_path / "other", (tmp_path / "store").as_uri(), registry)
    here = Settings(home=bench.settings.home, artifacts=other.settings.artifacts)
    publish_missing(here, registry, report=lambda name: None)
    assert (len(registry.artifacts("datasets/")) > 1) == large
    made = make_backup(other.settings, other.registry, backups, ALL)
    assert made.snapshot.missing == () and not (other.home / "datasets").exists()
    restore(empty, backups)
    for run in filled.with_status(Status.FINISHED):
        assert read(run_folder(empty, run.id).model) == read(run_folder(bench.settings, run.id).model)
    assert read(dataset_folder(empty, filled.dataset.id).path) == read(dataset_folder(here, filled.dataset.id).path)


@pytest.mark.parametrize("damaged", ["snapshot", "listing"])
def test_nothing_is_deleted_where_an_older_one_cannot_be_read(make, backups, damaged):
    first = make(*ALL).snapshot
    if damaged == "snapshot":
        file = backups / "snapshots" / f"{first.id}.json"
        file.write_bytes(file.read_bytes().replace(b'"created_at": 1', b'"created_at": 2'))
    else:
        listing = first.folders[0].listing
        (backups / "blobs" / listing[:2] / listing).write_bytes(b"altered")
    before = files_in(backups)
    made = make(keep=1)
    assert "altered" in made.problem and made.forgotten == ()
    assert files_in(backups).items() >= before.items()


def test_folders_that_are_no_place_for_backups_are_refused(make, bench, tmp_path):
    with pytest.raises(InvalidInput, match="is lost with it"):
        make(path=bench.settings.home / "backups")
    (tmp_path / "copy.db").touch()
    with pytest.raises(InvalidInput, match="copy.db is a file"):
        make(path=tmp_path / "copy.db")
    with pytest.raises(InvalidInput, match="has something else in it"):
        make(path=tmp_path)
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "graft-backup.json").write_text('{"format": 2}')
    with pytest.raises(Unavailable, match="is of a newer Graft"):
        make(path=tmp_path / "newer")


def test_a_backup_is_in_the_log_of_actions(make, bench, backups):
    made = make(BackupPart.MODELS)
    entry = bench.registry.log_entries(limit=1)[0]
    assert entry.action == "backup" and entry.detail["folder"] == str(backups)
    assert (entry.detail["snapshot"], entry.detail["parts"]) == (made.snapshot.id, ["models"])
    assert os.path.getsize(backups / "snapshots" / f"{made.snapshot.id}.json") > 100
