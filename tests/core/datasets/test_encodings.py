"""The encoding of file names in archives."""

import pytest

from core.datasets.archives import read_contents
from core.datasets.encodings import decoded
from core.errors import InvalidInput
from tests.photo_files import Raw, forged


@pytest.mark.parametrize("encoding", ["cp866", "shift_jis", "gb18030", "big5", "euc_kr", "koi8-r"])
def test_a_named_encoding_is_used_for_every_name_that_is_not_marked_as_utf8(tmp_path, encoding):
    text = {"cp866": "яблоко", "koi8-r": "яблоко", "shift_jis": "表", "gb18030": "苹果", "big5": "蘋果"}.get(
        encoding, "사과"
    )
    path = forged(tmp_path / "a.zip", [Raw(f"{text}/1.jpg".encode(encoding)), Raw("é/1.jpg".encode(), flags=0x800)])
    files, _ = read_contents(path, encoding)
    assert [file.name for file in files] == [f"{text}/1.jpg", "é/1.jpg"]


@pytest.mark.parametrize("encoding", ["klingon", "", "base64", "rot13", "\0"])
def test_an_encoding_that_does_not_exist_is_named(encoding):
    with pytest.raises(InvalidInput, match="no encoding"):
        decoded(b"a", encoding)


def test_bytes_that_are_no_text_are_marked():
    assert decoded(b"a\xff", "utf-8") == "a\ufffd"
