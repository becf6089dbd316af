"""The folder of backups: blobs that are what their name says, and snapshots that are there at once."""

from dataclasses import replace
from hashlib import sha256

import pytest

from core.backups.store import BackupFolder, DamagedBackup
from core.errors import Conflict, NotFound, Unavailable
from tests.core.backups.test_snapshots import SNAPSHOT

CONTENT = b"a photo"
DIGEST = sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(backups, tmp_path) -> BackupFolder:
    return BackupFolder.open_or_make(backups, tmp_path / "home")


def test_a_file_that_has_changed_since_it_was_listed_is_not_put(folder, tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"another photo")
    with pytest.raises(Conflict, match=r"photo\.jpg changed while it was copied"):
        folder.blobs.put(DIGEST, file)
    assert list(folder.blobs.all()) == []
    file.write_bytes(CONTENT)
    folder.blobs.put(DIGEST, file)
    assert b"".join(folder.blobs.checked(DIGEST, "a model")) == CONTENT


def test_an_altered_blob_is_found_when_it_is_read(folder):
    folder.blobs.put(DIGEST, CONTENT)
    next(folder.blobs.all()).write_bytes(b"A photo")
    with pytest.raises(DamagedBackup, match=f"A blob of a model was altered: .*{DIGEST}. Delete this file"):
        list(folder.blobs.checked(DIGEST, "a model"))


def test_snapshots_are_listed_newest_first(folder):
    later = replace(SNAPSHOT, id="20261128T000000Z-0000", created_at=SNAPSHOT.created_at + 1)
    for one in (later, SNAPSHOT):
        folder.publish(one)
    assert folder.snapshots() == [later, SNAPSHOT] and folder.snapshot() == later
    assert folder.snapshot(SNAPSHOT.id) == SNAPSHOT


def test_what_is_not_there_is_told(folder, tmp_path):
    with pytest.raises(NotFound, match="no backup was ever completed"):
        folder.snapshot()
    for name in ("../graft-backup", "x"):
        with pytest.raises(NotFound, match="There is no snapshot .* The newest: none"):
            folder.snapshot(name)
    with pytest.raises(NotFound, match="is no folder of backups. Make one: python -m core backup"):
        BackupFolder.open(tmp_path / "nowhere")
    (folder.path / "graft-backup.json").write_text("{")
    with pytest.raises(Unavailable, match="cannot be read .graft-backup.json"):
        BackupFolder.open(folder.path)


def test_a_folder_that_others_may_read_says_so(folder):
    assert folder.is_private
    folder.path.chmod(0o755)
    assert not folder.is_private


def test_a_read_only_copy_without_its_lock_can_be_read(folder):
    with folder.being_read():
        assert folder.snapshots() == []
