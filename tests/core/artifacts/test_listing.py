"""The listing of an artifact, and packs of many small files."""

import json
import random
from hashlib import sha256

import pytest

from core.artifacts import listing
from core.artifacts.fetching import Altered, fetch
from core.artifacts.listing import content_of, decoded, listing_of
from core.artifacts.publishing import publish
from core.errors import InvalidInput, NotFound
from tests.machines import read, stored, write


def photos(folder, number=60, seed=0):
    dice = random.Random(seed)
    files = {f"photos__{index:04}": dice.randbytes(dice.randrange(0, 900)) for index in range(number)}
    return write(folder, **files, manifest=b"{}")


@pytest.fixture
def small_packs(monkeypatch):
    monkeypatch.setattr(listing, "MANY_FILES", 20)
    monkeypatch.setattr(listing, "SMALL_BYTES", 800)
    monkeypatch.setattr(listing, "PACK_BYTES", 4_000)


def test_few_files_are_blobs_of_their_own(tmp_path):
    found = listing_of(write(tmp_path, one=b"1", two__three=b"23"))
    assert [(blob.files[0].path, blob.size, blob.is_pack) for blob in found.blobs] == [
        ("one.bin", 1, False),
        ("two/three.bin", 2, False),
    ]
    assert found.blobs[0].digest == found.blobs[0].files[0].sha256 == sha256(b"1").hexdigest()


def test_many_small_files_are_packed(tmp_path, small_packs):
    found = listing_of(photos(tmp_path))
    packs = [blob for blob in found.blobs if blob.is_pack]
    assert found.files == 61 and 3 < len(packs) < 20
    assert all(pack.size <= 4_000 for pack in packs)
    for pack in packs:
        content = content_of(tmp_path, pack)
        assert sha256(content).hexdigest() == pack.digest and len(content) == pack.size
        for file in pack.files:
            assert content[file.offset : file.offset + file.size] == (tmp_path / file.path).read_bytes()
    assert {file.path for blob in found.blobs for file in blob.files} == set(read(tmp_path))


def test_the_same_files_give_the_same_listing(tmp_path, small_packs):
    one, other = (listing_of(photos(tmp_path / name)) for name in ("a", "b"))
    assert one.encoded() == other.encoded() and decoded(one.encoded()) == one


def test_packed_files_arrive_as_they_were(machines, store, small_packs, monkeypatch):
    monkeypatch.setattr("core.artifacts.blobs.CHUNK_BYTES", 333)
    first, second = machines
    publish(first.settings, first.registry, "datasets/d-1", photos(first.home / "d"), 1)
    assert len(stored(store)) < 25
    fetch(second.settings, second.registry, "datasets/d-1", second.home / "d")
    assert read(second.home / "d") == read(first.home / "d")


def test_an_altered_pack_is_not_used(machines, store, small_packs):
    first, second = machines
    publish(first.settings, first.registry, "datasets/d-1", photos(first.home / "d"), 1)
    pack = max(store.rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    pack.write_bytes(pack.read_bytes()[:-1] + b"?")
    with pytest.raises(Altered):
        fetch(second.settings, second.registry, "datasets/d-1", second.home / "d")
    assert not (second.home / "d").exists()


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "", "a\0b", "..\\x"])
def test_a_path_outside_of_the_folder_is_refused(path):
    content = json.dumps({"format": 1, "blobs": [["ab", 1, [[path, "ab", 1]]]]}).encode()
    with pytest.raises(InvalidInput, match="own folder"):
        decoded(content)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"format":1,"blobs":[["ab",2,[["a","ab",1]]]]}'])
def test_what_is_no_listing(content):
    with pytest.raises(InvalidInput, match="no listing"):
        decoded(content)


def test_a_listing_of_a_newer_graft():
    with pytest.raises(InvalidInput, match="newer Graft"):
        decoded(b'{"format": 2, "blobs": []}')


def test_an_empty_folder_is_nothing(tmp_path):
    with pytest.raises(NotFound):
        listing_of(tmp_path)
