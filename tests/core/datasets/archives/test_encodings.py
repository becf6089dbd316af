"""The encoding of file names in archives."""

import tomllib
import unicodedata
from pathlib import Path

import pytest

from core.datasets.archives.encodings import ENCODINGS, check_encoding, decoded, find_encodings, title_of
from core.datasets.archives.uploads import open_upload
from core.errors import InvalidInput
from tests.photo_files import Raw, forged

LANGUAGES = tomllib.loads(Path(__file__).with_name("class_names.toml").read_text(encoding="utf-8"))["language"]


def cases() -> list[tuple[str, list[str]]]:
    found = []
    for language in LANGUAGES:
        for encoding in language["encodings"]:
            for pair in language["pairs"].split():
                try:
                    if not pair.encode(encoding).isascii():
                        found.append((encoding, pair.split("/")))
                except UnicodeEncodeError:
                    continue  # a word that this code page cannot write
    return found


def readings(names: list[str], encoding: str) -> list[list[str]]:
    raw = [name.encode(encoding) for name in names]
    found = find_encodings([name + b"/%d.jpg" % number for name in raw for number in range(3)])
    return [[decoded(name, each) for name in raw] for each in found]


def test_of_everyday_class_names_nearly_all_are_read_and_very_few_wrong_without_a_question():
    right = silent = asked = 0
    wrong = []
    for encoding, names in cases():
        found = readings(names, encoding)
        right += found[0] == names
        asked += len(found) > 1
        if found[0] != names:
            wrong.append((encoding, names, found))
            silent += len(found) == 1
    total = len(cases())
    print(f"{right} of {total} pairs right, {asked} asked, {silent} wrong without a question: {wrong}")
    assert total > 300
    assert right >= total - 2 and silent <= 1 and asked <= 0.05 * total


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp932", ["りんご", "みかん"]),
        ("gb18030", ["苹果", "香蕉"]),
        ("cp866", ["яблоко", "груша"]),
        ("cp1251", ["яблоко", "груша"]),
        ("cp932", ["表示", "ソース", "能力"]),
    ],
)
def test_names_of_few_bytes_are_read_with_certainty(encoding, names):
    assert readings(names, encoding) == [names]


def test_names_that_are_all_utf8_are_utf8():
    assert find_encodings([]) == find_encodings([b"cat/1.jpg", "Äpfel/1.jpg".encode()]) == ("utf-8",)


def test_a_damaged_name_among_names_in_utf8_does_not_change_them():
    assert find_encodings([b"b\xff\xfe/1.jpg", "Äpfel/1.jpg".encode()]) == ("utf-8",)


@pytest.mark.parametrize(("encoding", "names"), [("gb18030", ["猫", "狗"]), ("cp1125", ["яблуко", "груша"])])
def test_one_class_of_two_that_is_valid_utf8_by_chance_does_not_decide(encoding, names):
    names[0].encode(encoding).decode("utf-8")
    assert readings(names, encoding)[0] == names


def test_one_damaged_name_does_not_change_the_reading_of_the_others():
    names = [f"{name}/{number}.jpg".encode("cp932") for name in ("りんご", "みかん", "ぶどう") for number in range(5)]
    assert find_encodings([*names, b"\xff\xff/\x82"])[0] == "cp932"


def test_readings_that_differ_in_file_names_only_are_not_asked():
    raw = "mûr".encode("cp1252")
    assert len(find_encodings([b"pomme/" + raw + b".jpg", b"poire/1.jpg"])) == 1


def test_what_packed_the_archive_decides_where_the_names_hardly_do():
    names = ["Äpfel/1.jpg".encode("cp850")]
    assert find_encodings(names)[0] == "cp850" and "cp1252" in find_encodings(names)
    assert find_encodings(names, windows=True)[0] == "cp850"


@pytest.mark.parametrize("encoding", ["cp866", "shift_jis", "gb18030", "big5", "euc_kr", "koi8-r"])
def test_a_named_encoding_is_used_for_every_name_that_is_not_marked_as_utf8(tmp_path, encoding):
    text = {"cp866": "яблоко", "koi8-r": "яблоко", "shift_jis": "表", "gb18030": "苹果", "big5": "蘋果"}.get(
        encoding, "사과"
    )
    path = forged(tmp_path / "a.zip", [Raw(f"{text}/1.jpg".encode(encoding)), Raw("é/1.jpg".encode(), flags=0x800)])
    assert [file.name for file in open_upload(path, encoding=encoding).files] == [f"{text}/1.jpg", "é/1.jpg"]


@pytest.mark.parametrize("encoding", ["klingon", "", "base64", "rot13", "\0", "utf-16", "cp037"])
def test_an_encoding_that_does_not_exist_is_named(encoding):
    with pytest.raises(InvalidInput, match="no encoding"):
        check_encoding(encoding)


def test_bytes_that_are_no_text_are_marked():
    assert decoded(b"a\xff", "utf-8") == "a\ufffd"


def test_every_encoding_of_the_table_exists_and_has_a_title():
    for encoding in ENCODINGS:
        assert decoded(b"a/b", encoding.name) == "a/b"
        assert title_of(encoding.name) == encoding.title
    assert title_of("utf-16") == "utf-16"
    assert unicodedata.is_normalized("NFC", "".join(language["pairs"] for language in LANGUAGES))
