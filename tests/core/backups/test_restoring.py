"""The drill: the last backup is restored on an empty folder, and everything is as it was."""

import shutil
import signal
import subprocess
import sys
import tarfile
from collections import namedtuple
from dataclasses import replace
from hashlib import sha256

import pytest

from core.backups import restoring
from core.backups.making import make_backup
from core.backups.restoring import restore
from core.backups.snapshots import BackupPart
from core.backups.store import BackupFolder, DamagedBackup
from core.comparison.table import leaderboard, plain_rows
from core.errors import Conflict, NoSpace, NotFound, Unavailable
from core.files.atomic import digest_of
from core.files.home import dataset_folder, registry_file, restore_draft, run_folder, supervisor_lock
from core.files.locks import acquire
from core.planning.decide import Decision
from core.registry import Registry
from core.registry.maintenance import RESTORED
from core.registry.schema import HEAD
from core.runs.values import Status
from core.settings import REPOSITORY, Settings
from core.workbench import Workbench
from core.workbench.orphans import orphans
from tests.factories import board_of
from tests.random_home import fill_random

ALL = tuple(BackupPart)


def kept_files(settings: Settings) -> dict[str, str]:
    """SHA-256 of the files of a home that a backup has."""
    parts = ("datasets/*/manifest.json", "datasets/*/photos/*", "runs/*/model/*", "runs/*/*.npz")
    found = [path for pattern in parts for path in settings.home.glob(pattern)]
    return {str(path.relative_to(settings.home)): sha256(path.read_bytes()).hexdigest() for path in found}


def rows_of(registry: Registry, dataset_id: str) -> list[dict]:
    finished = registry.runs(dataset_id, Status.FINISHED)
    ids = [run.id for run in finished]
    return plain_rows(leaderboard(finished, registry.costs(ids), evaluations=registry.evaluations(ids)))


def open_every_model(settings: Settings, registry: Registry) -> int:
    """By its hash."""
    models = registry.models()
    assert {model.run_id for model in models if digest_of(settings.home / model.path) != model.sha256} == set()
    return len(models)


@pytest.mark.parametrize("seed", range(3))
def test_the_last_backup_restored_on_an_empty_folder_has_every_model_and_the_same_leaderboard(
    bench, filled, backups, empty, seed
):
    dataset = fill_random(bench, seed)
    for model in bench.registry.models(dataset.id):  # its photos are not on the disk
        path = bench.settings.home / model.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"model of {model.run_id}".encode())
    make_backup(bench.settings, bench.registry, backups)
    bench.archive([filled.runs[1].id])
    made = make_backup(bench.settings, bench.registry, backups, ALL)
    assert made.snapshot.missing == (f"datasets/{dataset.id}",)
    expected, boards = kept_files(bench.settings), [rows_of(bench.registry, d) for d in (dataset.id, filled.dataset.id)]
    bench.registry.close()
    shutil.rmtree(bench.settings.home)

    restored = restore(empty, backups)
    assert (restored.datasets, restored.snapshot) == (2, made.snapshot)
    assert not restore_draft(empty).exists()
    again = Workbench.open(empty)
    assert kept_files(empty) == expected and len(expected) > 60
    assert open_every_model(empty, again.registry) == restored.models > 4
    assert [rows_of(again.registry, d) for d in (dataset.id, filled.dataset.id)] == boards
    assert again.registry.run(filled.runs[1].id).archived
    assert again.registry.integrity_check() == "ok"
    assert orphans(empty, again.registry) == {"datasets without a folder": [dataset.id]}
    again.registry.close()


def test_what_belonged_to_the_processes_of_the_old_home_has_ended(bench, filled, backups, empty):
    registry = bench.registry
    registry.add_user("anna", "admin")
    session, _ = registry.open_session("anna", address="::1", agent="Firefox", how="password")
    secret = registry.new_link("anna")
    lease = registry.take("supervisor", "a machine")
    make_backup(bench.settings, registry, backups, ALL)
    restored = restore(empty, backups)
    unended = [run.id for run in filled.runs if not run.status.ended]
    again = Registry.of(empty)
    assert sorted(restored.interrupted) == sorted(unended) and len(unended) == 2
    assert {(again.run(one).status, again.run(one).reason) for one in unended} == {(Status.KILLED, RESTORED)}
    assert again.running_attempts() == [] and again.queue() == []
    assert again.signed_in(session.digest) is None and again.user("anna").name == "anna"
    with pytest.raises(NotFound):
        again.link_user(secret)
    assert again.held_leases() == [] and again.take("supervisor", "another").token == lease.token + 1
    (entry,) = [one for one in again.log_entries() if one.action == "restore"]
    assert entry.detail == {"snapshot": restored.snapshot.id, "interrupted": list(restored.interrupted)}
    assert registry.signed_in(session.digest) is not None, "the old registry is as it was"
    plan = Workbench.open(empty).plan(filled.dataset.id, [again.run(unended[0]).recipe])[0]
    assert plan.decision is Decision.RESUMED


def test_a_home_or_registry_that_has_something_is_refused_and_left_alone(bench, filled, backups, empty):
    make_backup(bench.settings, bench.registry, backups, ALL)
    before = kept_files(bench.settings)
    with pytest.raises(Conflict, match=r"is not empty: it has a registry .*Nothing was changed.*GRAFT_HOME="):
        restore(bench.settings, backups)
    assert kept_files(bench.settings) == before
    run_folder(empty, "r-1").path.mkdir(parents=True)
    with pytest.raises(Conflict, match="it has 1 run"):
        restore(empty, backups)
    shutil.rmtree(empty.home)
    (empty.home / "backbones" / "mine").mkdir(parents=True)
    with pytest.raises(Conflict, match="it has added backbones"):
        restore(empty, backups)
    shutil.rmtree(empty.home)
    with acquire(supervisor_lock(empty)), pytest.raises(Conflict, match="Stop it first: python -m core stop"):
        restore(empty, backups)


def test_an_altered_or_missing_blob_is_refused_by_name_and_nothing_is_restored(bench, filled, backups, empty):
    make_backup(bench.settings, bench.registry, backups, ALL)
    folder = BackupFolder.open(backups)
    snapshot = folder.snapshot()
    model = next(one for one in snapshot.folders if one.folder.endswith("/model"))
    digest = folder.listing(model).blobs[0].digest
    blob = backups / "blobs" / digest[:2] / digest
    content = blob.read_bytes()
    blob.write_bytes(content[:-1] + b"?")
    of = f"A blob of {model.folder} of snapshot {snapshot.id}"
    with pytest.raises(DamagedBackup, match=f"{of} was altered: .*{blob.name}"):
        restore(empty, backups)
    blob.unlink()
    with pytest.raises(DamagedBackup, match=f"{of} is missing: .*{blob.name}"):
        restore(empty, backups)
    assert not registry_file(empty).exists() and not restore_draft(empty).exists()
    assert not list(empty.home.glob("*/*"))
    blob.write_bytes(content)
    assert restore(empty, backups).models == 4


def test_a_newer_schema_is_refused(bench, filled, backups, empty):
    made = make_backup(bench.settings, bench.registry, backups)
    folder = BackupFolder.open(backups)
    folder.publish(replace(made.snapshot, schema=f"{int(HEAD) + 1:04d}"))
    with pytest.raises(Unavailable, match="was written by a newer Graft .schema .* Update Graft, or use a backup"):
        restore(empty, backups)
    assert not empty.home.exists()


def test_an_older_schema_is_migrated(bench, backups, empty, tmp_path):
    made = make_backup(bench.settings, bench.registry, backups)
    with tarfile.open(REPOSITORY / "tests" / "homes" / "home-0.7.0.tar.xz") as archive:
        archive.extract("registry.db", tmp_path, filter="data")
    old = tmp_path / "registry.db"
    folder = BackupFolder.open(backups)
    folder.blobs.put(digest_of(old), old)
    folder.publish(replace(made.snapshot, registry=digest_of(old), registry_bytes=old.stat().st_size, schema="0013"))
    assert restore(empty, backups).runs == 20
    again = Registry.of(empty)
    assert len(again.runs()) == 20 and again.users() == [] and again.integrity_check() == "ok"
    assert not list(empty.home.glob("registry-schema-*")), "the older one is in the backup"


def test_a_kill_before_the_registry_is_there_leaves_a_home_that_can_be_restored_again(bench, filled, backups, empty):
    make_backup(bench.settings, bench.registry, backups, ALL)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from core.backups import restoring; from core.settings import Settings\n"
        "restoring._Restorer._write_registry = lambda self, registry: os.kill(os.getpid(), 9)\n"
        "restoring.restore(Settings(home=Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(empty.home), str(backups)], cwd=REPOSITORY)
    assert done.returncode == -signal.SIGKILL
    assert not registry_file(empty).exists() and kept_files(empty) == kept_files(bench.settings)
    with pytest.raises(Unavailable, match="is missing, but the home has"):
        Registry.of(empty)
    assert restore(empty, backups).models == open_every_model(empty, Registry.of(empty)) == 4


def test_a_disk_that_is_too_small_is_told_before_anything_is_written(bench, filled, backups, empty, monkeypatch):
    make_backup(bench.settings, bench.registry, backups, ALL)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda path: usage(10**12, 10**12, 10**6))
    with pytest.raises(NoSpace, match="Free some space"):
        restore(empty, backups)
    assert not registry_file(empty).exists()


def test_a_chosen_snapshot_is_restored_and_an_unknown_one_is_told(bench, filled, backups, empty):
    first = make_backup(bench.settings, bench.registry, backups).snapshot
    bench.archive([filled.runs[0].id])
    make_backup(bench.settings, bench.registry, backups)
    with pytest.raises(NotFound, match=f"no snapshot 'x' in .*{first.id}"):
        restore(empty, backups, "x")
    assert restore(empty, backups, first.id).snapshot == first
    assert not Registry.of(empty).run(filled.runs[0].id).archived
    assert not dataset_folder(empty, filled.dataset.id).path.exists(), "it was a backup of the registry alone"


def test_a_backup_of_sqlite_is_restored_into_postgresql_and_back(bench, filled, backups, empty, tmp_path, server):
    make_backup(bench.settings, bench.registry, backups, ALL)
    far = replace(empty, registry=server.new_database())
    restored = restore(far, backups)
    there = Registry.of(far)
    board = board_of(bench.registry, filled.dataset.id)
    columns = [name for name in board if name != "revision"]
    with pytest.raises(Conflict, match="it has a registry .postgresql"):
        restore(replace(far, home=tmp_path / "other"), backups)

    def same(registry: Registry) -> None:
        found = board_of(registry, filled.dataset.id)
        finished = [n for n, s in enumerate(board["status"]) if s == Status.FINISHED]
        assert [[found[name][n] for n in finished] for name in columns] == [
            [board[name][n] for n in finished] for name in columns
        ]

    same(there)
    assert open_every_model(far, there) == restored.models == 4
    back = make_backup(far, there, tmp_path / "of-postgresql", ALL)
    assert back.snapshot.database.startswith("PostgreSQL") and back.snapshot.missing == ()
    home = Settings(home=tmp_path / "home-again")
    restore(home, tmp_path / "of-postgresql")
    same(Registry.of(home))
    assert kept_files(home) == kept_files(bench.settings)
    there.close()
