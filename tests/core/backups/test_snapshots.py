"""The file of a snapshot: what was written is read, and nothing else."""

import json

import pytest

from core.backups.snapshots import BackupPart, SavedFolder, Snapshot, decoded, encoded
from core.errors import Unavailable

SAVED = SavedFolder(folder="runs/r-1/model", listing="ab" * 32, size_bytes=10, files=2, stamp="cd" * 32)
SNAPSHOT = Snapshot(
    id="20261129T203843Z-12ab",
    created_at=1_764_448_723.25,
    version="0.8.0",
    schema="0016",
    database="SQLite 3.53.0",
    registry="ef" * 32,
    registry_bytes=5,
    parts=(BackupPart.MODELS,),
    folders=(SAVED, SAVED),
    missing=("runs/r-2/model",),
)


def test_it_is_read_as_it_was_written():
    assert decoded("x.json", encoded(SNAPSHOT)) == SNAPSHOT
    assert (SNAPSHOT.size_bytes, SNAPSHOT.files) == (25, 5)


@pytest.mark.parametrize("key", ["registry", "created_at", "folders", "parts", "missing", "schema"])
def test_a_changed_value_is_found(key):
    body = json.loads(encoded(SNAPSHOT))
    body[key] = type(body[key])()
    with pytest.raises(Unavailable, match=r"x\.json was altered: its SHA-256"):
        decoded("x.json", json.dumps(body).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"no", encoded(SNAPSHOT)[:-20]])
def test_half_a_file_or_another_one_is_refused(content):
    with pytest.raises(Unavailable, match=r"x\.json is no description of a snapshot"):
        decoded("x.json", content)


def test_a_newer_format_is_told():
    body = json.loads(encoded(SNAPSHOT)) | {"format": 2}
    with pytest.raises(Unavailable, match="newer Graft .format 2.. Update"):
        decoded("x.json", json.dumps(body).encode())
