"""Fetching: verified, at once or not at all; what is damaged is said and never used."""

import errno
import threading
from dataclasses import replace

import pytest

from core.artifacts import fetching
from core.artifacts.blobs import FolderBlobs, StoreAway
from core.artifacts.fetching import Altered, fetch
from core.artifacts.publishing import publish
from core.errors import NoSpace
from tests.machines import read, write

NAME = "datasets/d-1"


@pytest.fixture
def published(machines):
    first, _ = machines
    publish(first.settings, first.registry, NAME, write(first.home / "d", one=b"1" * 50, two=b"2" * 50), 1)
    return machines


def get(machine, name=NAME, **options):
    return fetch(machine.settings, machine.registry, name, machine.home / "d", **options)


def altered(store, change):
    for path in store.rglob("*"):
        if path.is_file() and path.read_bytes() == b"2" * 50:
            change(path)


def test_what_nobody_published_is_not_there(machines):
    assert not get(machines[1]) and not (machines[1].home / "d").exists()


def test_at_home_nothing_is_fetched(published):
    at_home = replace(published[1].settings, artifacts="")
    assert not fetch(at_home, published[1].registry, NAME, published[1].home / "d")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_bytes(b"3" * 50), "was changed or is incomplete"),
        (lambda path: path.write_bytes(b"2" * 20), "was changed or is incomplete"),
        (lambda path: path.write_bytes(b"2" * 5000), "was changed or is incomplete"),
        (lambda path: path.unlink(), "is missing from"),
    ],
)
def test_a_half_or_altered_blob_is_said_and_not_used(published, store, change, words):
    altered(store, change)
    with pytest.raises(Altered, match=words):
        get(published[1])
    assert not (published[1].home / "d").exists()
    assert [path for path in published[1].home.iterdir() if path.name.endswith(".part")] == []


def test_an_altered_listing_is_not_used(published, store):
    digest = published[1].registry.artifact(NAME).digest
    (store / "blobs" / digest[:2] / digest).write_bytes(b'{"format":1,"blobs":[]}')
    with pytest.raises(Altered):
        get(published[1])


def test_damage_on_the_way_is_mended_by_fetching_again(published, monkeypatch):
    whole, calls = FolderBlobs.read, []

    def flaky(self, digest):
        calls.append(digest)
        content = b"".join(whole(self, digest))
        yield content[:-1] if calls.count(digest) == 1 and content[:1] in b"12" else content

    monkeypatch.setattr(FolderBlobs, "read", flaky)
    assert get(published[1]) and read(published[1].home / "d") == read(published[0].home / "d")


def test_a_newer_version_replaces_the_copy(published):
    first, second = published
    get(second)
    publish(first.settings, first.registry, NAME, write(first.home / "d", one=b"new"), 1)
    (first.home / "d" / "two.bin").unlink()
    publish(first.settings, first.registry, NAME, first.home / "d", 1)
    get(second)
    assert read(second.home / "d") == {"one.bin": b"new"}


def test_a_current_copy_is_left_alone(published, monkeypatch):
    get(published[1])
    monkeypatch.setattr(fetching, "open_blobs", None)
    assert get(published[1])


def test_into_a_folder_that_has_other_files(published):
    first, second = published
    publish(first.settings, first.registry, "datasets/results", first.home / "d", 1, names=["one.bin", "none.bin"])
    write(second.home / "d", log=b"log")
    get(second, "datasets/results", into=True)
    assert read(second.home / "d") == {"one.bin": b"1" * 50, "log.bin": b"log"}


def test_a_file_that_has_grown_is_still_the_same_file(published):
    first, second = published
    name, folder = "datasets/curves", first.home / "curves"
    publish(first.settings, first.registry, name, write(folder, train__events=b"12", other=b"1"), 1)
    get(second, name, into=True)
    with (second.home / "d" / "train" / "events.bin").open("rb") as reader:
        assert reader.read() == b"12"
        publish(first.settings, first.registry, name, write(folder, train__events=b"1234", other=b"2"), 1)
        get(second, name, into=True)
        assert reader.read() == b"34"
    assert read(second.home / "d") == {"train/events.bin": b"1234", "other.bin": b"2"}


def test_threads_that_need_the_same_fetch_it_once(published, monkeypatch):
    whole, calls = FolderBlobs.read, []
    monkeypatch.setattr(FolderBlobs, "read", lambda self, digest: (calls.append(digest), whole(self, digest))[1])
    threads = [threading.Thread(target=get, args=[published[1]]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == len(set(calls)) == 3


def test_a_full_disk_is_said_before_and_while(published, monkeypatch):
    monkeypatch.setattr(fetching, "_SPARE_BYTES", 10**18)
    with pytest.raises(NoSpace, match="GRAFT_CACHE"):
        get(published[1])
    monkeypatch.undo()

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "_fill", full)
    with pytest.raises(NoSpace, match="has .* left"):
        get(published[1])
    assert not (published[1].home / "d").exists()


def test_a_stop_leaves_nothing(published):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(published[1], check=stop)
    assert not (published[1].home / "d").exists()


def test_a_store_that_is_away(published, store):
    store.rename(store.with_name("unmounted"))
    with pytest.raises(StoreAway, match="is not there"):
        get(published[1])
    store.with_name("unmounted").rename(store)
    assert get(published[1])
