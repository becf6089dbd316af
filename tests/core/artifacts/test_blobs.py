"""The store as a folder and through fsspec: the same answers, and errors in one sentence."""

import errno
import sys

import pytest

from core.artifacts import blobs as module
from core.artifacts.blobs import BucketBlobs, FolderBlobs, StoreAway, open_blobs
from core.errors import NoSpace, Unavailable

DIGEST = "ab" * 32


class BaseError(Exception):
    """As of obstore."""


class PermissionDeniedError(BaseError):
    """As of obstore."""


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderBlobs(tmp_path, tmp_path.as_uri())
    fsspec = pytest.importorskip("fsspec")
    return BucketBlobs(fsspec.filesystem("memory", skip_instance_cache=True), f"bucket/{tmp_path.name}", "s3://bucket")


def test_put_read_delete(store, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_BYTES", 4)
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    for content in (b"0123456789", file):
        assert store.size(DIGEST) is None
        store.put(DIGEST, content)
        assert store.size(DIGEST) == 10
        assert list(store.read(DIGEST)) == [b"0123", b"4567", b"89"]
        store.delete(DIGEST)
        store.delete(DIGEST)
    with pytest.raises(FileNotFoundError):
        list(store.read(DIGEST))


def test_an_empty_blob(store):
    store.put(DIGEST, b"")
    assert store.size(DIGEST) == 0 and b"".join(store.read(DIGEST)) == b""


def failing(error):
    class Files:
        def __getattr__(self, name):
            def call(*_arguments):
                raise error

            return call

    return BucketBlobs(Files(), "bucket", "s3://bucket", errors=(BaseError,))


def calls(store):
    return [
        lambda: store.size(DIGEST),
        lambda: store.put(DIGEST, b"1"),
        lambda: list(store.read(DIGEST)),
        lambda: store.delete(DIGEST),
    ]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (PermissionDeniedError("... <Code>AccessDenied</Code> ..."), Unavailable, "refuses this machine .AccessDenied"),
        (BaseError("error sending request"), StoreAway, "does not answer .error sending request.. Check AWS"),
        (FileNotFoundError("NoSuchBucket"), Unavailable, "There is no bucket"),
        (BaseError("404 NoSuchBucket"), Unavailable, "There is no bucket"),
        (ConnectionRefusedError("refused"), StoreAway, "does not answer"),
    ],
)
def test_what_a_bucket_says(error, kind, words):
    for call in calls(failing(error)):
        with pytest.raises(kind, match=words):
            call()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOSPC, NoSpace, "is full"),
        (errno.EACCES, Unavailable, "Give this user the right"),
        (errno.ESTALE, StoreAway, "does not answer"),
    ],
)
def test_what_a_folder_says(tmp_path, monkeypatch, number, kind, words):
    store = FolderBlobs(tmp_path, tmp_path.as_uri())

    def fail(*_arguments):
        raise OSError(number, "as the kernel says it")

    monkeypatch.setattr(module, "_write", fail)
    with pytest.raises(kind, match=words):
        store.put(DIGEST, b"1")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_package_that_is_missing(monkeypatch):
    open_blobs.cache_clear()
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    with pytest.raises(Unavailable, match="make setup CLUSTER=1"):
        open_blobs("s3://bucket/prefix")


def test_a_folder_needs_no_package():
    open_blobs.cache_clear()
    code = (
        "import sys; from core.artifacts.blobs import open_blobs; open_blobs('file:///shared%20place');"
        "assert not {'fsspec', 'obstore'} & set(sys.modules)"
    )
    import subprocess

    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    assert str(open_blobs("file:///shared%20place").root) == "/shared place"


def test_an_address_without_a_bucket():
    with pytest.raises(Unavailable, match="names no bucket"):
        open_blobs("s3:///prefix")
