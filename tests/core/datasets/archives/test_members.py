"""Reading members of archives that lie about them."""

import zlib

import pytest

from core.datasets.archives import members
from core.datasets.archives.members import Member, member_chunks, read_member
from core.datasets.archives.uploads import open_upload
from core.errors import InvalidInput
from tests.photo_files import Raw, forged


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.zip"


def member_of(path) -> Member:
    return open_upload(path).files[0].source


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (Raw(b"a.jpg", b"x" * 500, method=8, size=100), "size"),
        (Raw(b"a.jpg", b"x" * 500, method=8, size=501), "size"),
        (Raw(b"a.jpg", b"x" * 50, size=40), "size"),
        (Raw(b"a.jpg", crc=1), "checksum"),
        (Raw(b"a.jpg", local_name=b"b.jpg"), "another name"),
        (Raw(b"a.jpg", method=12), "unusual method"),
        (Raw(b"a.jpg", b"not deflated", method=8), None),
    ],
)
def test_a_member_that_lies_is_refused_alone(path, raw, why):
    forged(path, [raw])
    if why is None:
        data = path.read_bytes().replace(raw.content(), b"\xff" * len(raw.content()))
        path.write_bytes(data)
        why = "decompressed"
    with open(path, "rb") as file, pytest.raises(InvalidInput, match=why):
        read_member(file, member_of(path))


def test_no_more_than_the_declared_size_is_ever_unpacked(path, monkeypatch):
    """A member that declares 100 bytes and holds 200 MB must not need 200 MB."""
    asked = []
    real = zlib.decompressobj

    class Spy:
        def __init__(self, bits):
            self._real = real(bits)

        def decompress(self, data, most):
            asked.append(most)
            return self._real.decompress(data, most)

    forged(path, [Raw(b"a.jpg", b"\0" * 10**6, method=8, size=100)])
    monkeypatch.setattr(zlib, "decompressobj", Spy)
    with open(path, "rb") as file, pytest.raises(InvalidInput, match="size"):
        read_member(file, member_of(path))
    assert asked == [101]


@pytest.mark.parametrize("method", [0, 8])
def test_a_member_in_chunks_is_the_member(path, method, monkeypatch):
    monkeypatch.setattr(members, "CHUNK", 64)
    for length in range(0, 700, 3):
        data = bytes(length) + b"end" * (length % 5)
        forged(path, [Raw(b"a.jpg", data, method=method), Raw(b"b.jpg")])
        with open(path, "rb") as file:
            chunks = list(member_chunks(file, member_of(path)))
        assert b"".join(chunks) == data and max(map(len, chunks), default=0) <= 64


@pytest.mark.parametrize(
    "raw", [Raw(b"a.jpg", b"x" * 500, method=8, size=100), Raw(b"a.jpg", crc=1), Raw(b"a.jpg", method=12)]
)
def test_a_member_in_chunks_that_lies_is_refused(path, raw):
    forged(path, [raw])
    with open(path, "rb") as file, pytest.raises(InvalidInput):
        list(member_chunks(file, member_of(path)))
