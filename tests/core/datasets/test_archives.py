"""What a ZIP archive may not do, told from its table of contents alone."""

import stat
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.datasets import archives
from core.datasets.archives import read_contents
from core.datasets.members import read_member
from core.errors import InvalidInput, Refused
from tests.photo_files import Raw, archive, classes, forged


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.zip"


def refusal(path) -> str:
    with pytest.raises(Refused) as caught:
        read_contents(path)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def contents(path) -> dict[str, bytes]:
    with open(path, "rb") as file:
        return {member.name: read_member(file, member) for member in read_contents(path)[0]}


def test_an_honest_archive_is_read_as_zipfile_reads_it(path):
    files = classes(cat=3, dog=2) | {"Äpfel/ö.jpg": b"data", "empty.txt": b""}
    archive(path, files)
    assert contents(path) == files


def test_folder_entries_are_told_from_files(path):
    with zipfile.ZipFile(path, "w") as out:
        out.mkdir("cat")
        out.writestr("cat/a.jpg", b"a")
    files, folders = read_contents(path)
    assert [member.name for member in files] == ["cat/a.jpg"]
    assert folders == ("cat/",)


def test_an_archive_behind_other_bytes_and_with_a_comment_is_read(path):
    forged(path, [Raw(b"a/b.jpg", b"content")], prefix=b"#!/bin/sh self-extracting", comment=b"made by hand")
    assert contents(path) == {"a/b.jpg": b"content"}


def test_a_zip64_archive_is_read(path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 50)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    with zipfile.ZipFile(path, "w", allowZip64=True) as out:
        for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg"):
            with out.open(name, "w", force_zip64=True) as member:
                member.write(name.encode() * 20)
    assert b"PK\x06\x06" in path.read_bytes()
    assert contents(path) == {name: name.encode() * 20 for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg")}


def test_names_without_the_utf8_mark_are_utf8_or_dos(path):
    forged(path, [Raw("Birne/é.jpg".encode()), Raw(b"K\x84se/1.jpg", b"y")])
    assert set(contents(path)) == {"Birne/é.jpg", "Käse/1.jpg"}


@pytest.mark.parametrize(
    "name", ["CON/nul.jpg", "aux/com1.jpg", "./cat//a.jpg", "cat /a.jpg", "-rf/a.jpg", 'a\'b/"c".jpg']
)
def test_odd_but_harmless_names_are_accepted_because_no_file_is_named_after_them(path, name):
    forged(path, [Raw(name.encode())])
    assert contents(path) == {name: b"x"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (b"../evil.jpg", "outside"),
        (b"cat/../../evil.jpg", "outside"),
        (b"/etc/passwd", "absolute"),
        (b"C:/windows/x.jpg", "absolute"),
        (b"cat\\a.jpg", "backslash"),
        (b"..\\evil.jpg", "backslash"),
        (b"cat/a.jpg\0.png", "invisible"),
        (b"cat/a\n.jpg", "invisible"),
        (b"cat/\x1b[31m.jpg", "invisible"),
        ("cat/\u202egpj.exe".encode(), "invisible"),
        ("cat/\u2066x.jpg".encode(), "invisible"),
        (b"", "no name"),
        (b"./.", "no name"),
        (b"cat/" + b"a" * 2000, "1000 characters"),
    ],
)
def test_names_that_could_leave_the_folder_or_fool_a_reader_are_refused(path, name, why):
    forged(path, [Raw(b"cat/good.jpg"), Raw(name)])
    assert why in refusal(path)


def test_a_name_marked_utf8_that_is_none_is_refused(path):
    forged(path, [Raw(b"cat/\xff\xfe.jpg", flags=0x800)])
    assert "no text" in refusal(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_refused(path, kind):
    forged(path, [Raw(b"cat/a.jpg", b"/etc/passwd", mode=kind | 0o777)])
    assert "link" in refusal(path) or "device" in refusal(path)


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_encrypted_archives_are_refused_with_the_way_out(path, flag):
    forged(path, [Raw(b"cat/a.jpg", flags=flag)])
    assert "without a password" in refusal(path)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cat/a.jpg", "cat/a.jpg"),
        ("cat/a.jpg", "Cat/A.JPG"),
        ("cat/é.jpg", "cat/e\u0301.jpg"),
        ("cat/a.jpg", "cat//./a.jpg"),
    ],
)
def test_two_files_of_one_name_are_refused_also_when_case_or_unicode_differ(path, first, second):
    forged(path, [Raw(first.encode(), b"1"), Raw(second.encode(), b"2")])
    assert "one name" in refusal(path)


def test_overlapping_members_are_refused(path):
    bomb = b"\0" * 5000
    forged(path, [Raw(f"cat/{number}.jpg".encode(), bomb, method=8, offset=0) for number in range(50)])
    assert "overlaps" in refusal(path)


def test_a_member_that_reaches_into_the_table_of_contents_is_refused(path):
    forged(path, [Raw(b"cat/a.jpg", b"x" * 10, packed=100, size=100)])
    assert "overlaps" in refusal(path)


def test_a_decompression_bomb_is_refused(path):
    archive(path, {"cat/a.jpg": b"\0" * 3_000_000})
    assert path.stat().st_size < 10_000
    assert "bomb" in refusal(path)


def test_many_small_bombs_are_refused_by_their_sum(path):
    files = {f"cat/{number}.jpg": b"\0" * 1_000_000 for number in range(20)}
    archive(path, files)
    assert "bomb" in refusal(path)


def test_a_file_and_an_archive_of_absurd_size_are_refused(path, monkeypatch):
    forged(path, [Raw(b"cat/a.jpg", size=3 * 2**30)])
    assert "3,072 MB" in refusal(path)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 10)
    forged(path, [Raw(b"cat/a.jpg", b"x" * 6), Raw(b"cat/b.jpg", b"x" * 6)])
    assert "unpacks to" in refusal(path)


def test_a_hundred_thousand_entries_are_refused_whatever_the_archive_says_of_their_number(path):
    forged(path, [Raw(b"a/%d" % number, b"") for number in range(50_001)], count=3)
    assert "50,001 files" in refusal(path)


def test_a_table_of_contents_that_does_not_add_up_is_refused(path):
    forged(path, [Raw(b"cat/a.jpg"), Raw(b"cat/b.jpg")], count=1)
    assert "inconsistent" in refusal(path)


def test_an_empty_archive_says_what_to_pack(path):
    archive(path, {})
    assert "empty" in refusal(path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty (0 bytes)"),
        (b"hello, I am a text", "not a ZIP archive"),
        (b"Rar!\x1a\x07\x00rest", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\x1f\x8b\x08rest", "a gzip archive"),
        (b"PK\x05\x06", "not a ZIP archive"),
    ],
)
def test_a_file_that_is_no_archive_is_named_for_what_it_is(path, data, why):
    path.write_bytes(data)
    assert why in refusal(path)


def test_one_part_of_several_is_refused(path):
    forged(path, [Raw(b"cat/a.jpg")])
    data = bytearray(path.read_bytes())
    data[-18:-16] = struct.pack("<H", 2)
    path.write_bytes(data)
    assert "several" in refusal(path)


def test_an_upload_cut_off_anywhere_is_refused(path):
    whole = archive(path, classes(cat=2, dog=2)).read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refusal(path)
    path.write_bytes(whole[: len(whole) // 2])
    assert "cut off" in refusal(path)


def with_entry(path, **fields) -> None:
    """The archive at ``path`` with numbers of its first entry overwritten: {name: value} as in ``FIELDS``."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    for name, value in fields.items():
        place, kind = {"version": (6, "<H"), "name_length": (28, "<H"), "extra_length": (30, "<H")}[name]
        struct.pack_into(kind, data, at + place, value)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name_length": 40}, "inconsistent"),
        ({"name_length": 2}, "inconsistent"),
        ({"extra_length": 9000}, "inconsistent"),
        ({"version": 999}, "unusual kind"),
    ],
)
def test_an_entry_that_reaches_out_of_the_table_or_is_of_a_newer_kind_is_refused(path, fields, why):
    forged(path, [Raw(b"cat/a.jpg")])
    with_entry(path, **fields)
    assert why in refusal(path)


def test_sizes_that_should_be_in_a_missing_or_damaged_zip64_block_are_refused(path):
    forged(path, [Raw(b"cat/a.jpg", size=0xFFFFFFFF, packed=0xFFFFFFFF)])
    assert "4,095 MB" in refusal(path)
    data = path.read_bytes()
    for block in (struct.pack("<2H", 1, 4) + b"1234", struct.pack("<2H", 1, 16) + b"1"):
        at = data.index(b"PK\x01\x02") + 46 + len(b"cat/a.jpg")
        longer = bytearray(data[:at] + block + data[at:])
        struct.pack_into("<H", longer, data.index(b"PK\x01\x02") + 30, len(block))
        struct.pack_into("<L", longer, len(longer) - 10, len(block) + 46 + len(b"cat/a.jpg"))
        path.write_bytes(longer)
        assert "inconsistent" in refusal(path)


def test_a_hostile_table_of_contents_is_refused_before_its_entries_take_memory(path):
    forged(path, [Raw(b"", b"") for _ in range(200_000)], count=5)
    table = 200_000 * 46
    tracemalloc.start()
    refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * table


def test_a_table_of_contents_that_says_it_is_huge_is_not_read(path, monkeypatch):
    monkeypatch.setattr(archives, "_TABLE_LIMIT", 100)
    forged(path, [Raw(b"cat/%d.jpg" % number) for number in range(3)])
    assert "too large" in refusal(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    seed=st.integers(0, 3),
)
def test_an_archive_with_any_bytes_changed_is_read_or_refused_but_never_crashes(tmp_path, changes, seed):
    path = tmp_path / "changed.zip"
    members = [Raw(b"cat/a.jpg", b"abc" * 9, method=8), Raw(b"dog/b.jpg", b"xyz"), Raw("ö/".encode(), b"")]
    data = bytearray(forged(path, members, comment=b"x" * seed).read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data)
    try:
        files, _ = read_contents(path)
    except Refused:
        return
    with open(path, "rb") as file:
        for member in files:
            try:
                assert len(read_member(file, member)) == member.size
            except InvalidInput:
                continue
