"""The store in a bucket: moto's S3 server, where the environment of the cluster's tests is installed.

``make test-cluster`` makes that environment. The same as with a folder: two machines, damage, deletion, errors.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from hashlib import sha256

import pytest

from core.artifacts import blobs as module
from core.artifacts import listing
from core.artifacts.blobs import StoreAway, open_blobs
from core.artifacts.fetching import Altered, fetch
from core.artifacts.garbage import forget
from core.artifacts.publishing import publish
from core.errors import Unavailable
from core.settings import REPOSITORY
from tests.machines import read, two_machines, write

MOTO = REPOSITORY / ".venv-cluster" / "bin" / "moto_server"
pytestmark = pytest.mark.skipif(not MOTO.exists(), reason="`make test-cluster` installs the S3 server")

NAME = "datasets/d-1"


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def answers(request, within=60.0):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(request, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError("the S3 server did not answer")


def start(port, **environment):
    server = subprocess.Popen(
        [str(MOTO), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | environment,
    )
    request = urllib.request.Request(f"http://127.0.0.1:{port}/bucket", method="PUT", data=b"")
    request.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/s3/aws4_request")
    answers(request)
    return server


@pytest.fixture(scope="module")
def port():
    port = free_port()
    server = start(port)
    yield port
    server.kill()
    server.wait()


@pytest.fixture
def machines(tmp_path, registry, port, monkeypatch):
    keys = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests", "AWS_REGION": "us-east-1"}
    for name, value in (keys | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}).items():
        monkeypatch.setenv(name, value)
    open_blobs.cache_clear()
    yield two_machines(tmp_path, registry, f"s3://bucket/{tmp_path.name}")
    open_blobs.cache_clear()


def test_packed_and_large_files_arrive_as_they_were(machines, monkeypatch):
    monkeypatch.setattr(listing, "MANY_FILES", 20)
    monkeypatch.setattr(listing, "SMALL_BYTES", 1_000)
    monkeypatch.setattr(module, "CHUNK_BYTES", 2**20)
    first, second = machines
    photos = {f"photos__{number:03}": os.urandom(number * 3) for number in range(60)}
    folder = write(first.home / "d", **photos, large=os.urandom(12 * 2**20), empty=b"")
    publish(first.settings, first.registry, NAME, folder, 1)
    assert fetch(second.settings, second.registry, NAME, second.home / "d")
    assert read(second.home / "d") == read(folder)


def test_what_is_altered_or_lost_is_said_and_not_used(machines):
    first, second = machines
    publish(first.settings, first.registry, NAME, write(first.home / "d", one=b"1" * 100), 1)
    store = open_blobs(first.settings.artifacts)
    digest = sha256(b"1" * 100).hexdigest()
    store.put(digest, b"1" * 50)
    with pytest.raises(Altered, match="was changed or is incomplete"):
        fetch(second.settings, second.registry, NAME, second.home / "d")
    store.delete(digest)
    with pytest.raises(Altered, match="is missing"):
        fetch(second.settings, second.registry, NAME, second.home / "d")
    assert not (second.home / "d").exists()


def test_what_is_forgotten_is_deleted(machines):
    first, _ = machines
    publish(first.settings, first.registry, NAME, write(first.home / "d", one=b"1"), 1)
    store, digest = open_blobs(first.settings.artifacts), first.registry.artifact(NAME).digest
    assert store.size(digest)
    forget(first.settings, first.registry, [NAME])
    assert store.size(digest) is None and first.registry.doomed_blobs() == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from core.artifacts import blobs
from core.artifacts.publishing import publish
from core.registry import Registry
from core.settings import Settings

settings = Settings(home=Path(sys.argv[1]), artifacts=sys.argv[2])
put, puts = blobs.BucketBlobs.put, []

def killed(self, digest, content):
    if len(puts) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    puts.append(digest)
    put(self, digest, content)

blobs.BucketBlobs.put = killed
publish(settings, Registry.of(settings), "datasets/d-1", settings.home / "d", 1)
"""


def test_after_a_kill_nothing_is_visible(machines):
    first, second = machines
    write(first.home / "d", one=b"1", two=b"2", three=b"3")
    command = [sys.executable, "-c", _KILLED, str(first.home), first.settings.artifacts]
    assert subprocess.run(command, timeout=120).returncode == -signal.SIGKILL
    assert not fetch(second.settings, second.registry, NAME, second.home / "d")
    publish(first.settings, first.registry, NAME, first.home / "d", 1)
    assert fetch(second.settings, second.registry, NAME, second.home / "d")


def test_a_bucket_that_is_missing(machines):
    store = open_blobs("s3://another/prefix")
    for call in (lambda: store.size("ab" * 32), lambda: store.put("ab" * 32, b"1"), lambda: store.delete("ab" * 32)):
        with pytest.raises(Unavailable, match="There is no bucket"):
            call()


def test_an_access_key_that_is_refused(machines, monkeypatch):
    port = free_port()
    server = start(port, INITIAL_NO_AUTH_ACTION_COUNT="1")
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        open_blobs.cache_clear()
        store = open_blobs("s3://bucket/prefix")
        for call in (lambda: store.size("ab" * 32), lambda: store.put("ab" * 32, b"1")):
            with pytest.raises(Unavailable, match="refuses this machine") as refused:
                call()
            assert not isinstance(refused.value, StoreAway)
    finally:
        server.kill()
        server.wait()


def test_a_server_that_is_away(machines, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    open_blobs.cache_clear()
    with pytest.raises(StoreAway, match="does not answer"):
        open_blobs("s3://bucket/prefix").put("ab" * 32, b"1")
