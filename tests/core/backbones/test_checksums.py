"""Checksums of weights files, as the catalogue writes them."""

from hashlib import md5, sha256

import pytest

from core.backbones.checksums import matches


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"weights")
    return path


@pytest.mark.parametrize(
    "digest", ["sha256:" + sha256(b"weights").hexdigest(), "md5:" + md5(b"weights").hexdigest(), "size:7"]
)
def test_every_kind_of_digest_is_compared(file, digest):
    assert matches(file, digest)
    file.write_bytes(b"other weights")
    assert not matches(file, digest)


def test_another_file_of_the_same_size_has_another_checksum(file):
    assert not matches(file, "sha256:" + sha256(b"WEIGHTS").hexdigest())
