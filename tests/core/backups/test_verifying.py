"""Everything in a folder of backups is read, and what is not as it was written is named."""

import pytest

from core.backups.making import make_backup
from core.backups.snapshots import BackupPart
from core.backups.store import BackupFolder
from core.backups.verifying import verify
from core.errors import Conflict


def test_all_snapshots_are_read_and_what_they_share_once(bench, filled, backups):
    for _ in range(2):
        make_backup(bench.settings, bench.registry, backups, tuple(BackupPart))
    found, folder = verify(backups), BackupFolder.open(backups)
    blobs = list(folder.blobs.all())
    assert (found.snapshots, found.blobs, found.damaged) == (2, len(blobs), ())
    assert found.bytes == sum(path.stat().st_size for path in blobs)


def test_every_damage_is_named(bench, filled, backups):
    made = make_backup(bench.settings, bench.registry, backups, tuple(BackupPart)).snapshot
    other = make_backup(bench.settings, bench.registry, backups).snapshot
    folder = BackupFolder.open(backups)
    saved = next(one for one in made.folders if one.folder.endswith("/photos"))
    altered, missing = (blob.digest for blob in folder.listing(saved).blobs[:2])
    (backups / "blobs" / altered[:2] / altered).write_bytes(b"altered")
    (backups / "blobs" / missing[:2] / missing).unlink()
    (backups / "snapshots" / f"{other.id}.json").write_text("{}")
    found = verify(backups)
    assert found.snapshots == 2 and len(found.damaged) == 3
    told = "\n".join(found.damaged)
    assert (
        f"A blob of {saved.folder} of snapshot {made.id} was altered: {backups}/blobs/{altered[:2]}/{altered}." in told
    )
    assert f"is missing: {backups}/blobs/{missing[:2]}/{missing}." in told
    assert f"{other.id}.json is no description of a snapshot" in told


def test_it_does_not_read_while_a_backup_is_being_made(bench, backups):
    make_backup(bench.settings, bench.registry, backups)
    with BackupFolder.open(backups).locked(), pytest.raises(Conflict, match="is making a backup"):
        verify(backups)
