"""What a ZIP archive may not do, told from its table of contents alone."""

import random
import re
import stat
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.datasets.archives import listing, uploads
from core.datasets.archives import zips as archives
from core.datasets.archives.members import read_member
from core.datasets.archives.uploads import open_upload
from core.errors import InvalidInput, Refused
from tests.photo_files import Raw, archive, classes, forged


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.zip"


def refusal(path) -> str:
    with pytest.raises(Refused) as caught:
        open_upload(path)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def contents(path) -> dict[str, bytes]:
    with open(path, "rb") as file:
        return {upload.name: read_member(file, upload.source) for upload in open_upload(path).files}


def listed(path) -> dict[str, str]:
    """Refused files with reasons; checks that the others are still read."""
    upload = open_upload(path)
    assert [file.name for file in upload.files] == ["cat/good.jpg"]
    return {rejection.file: rejection.reason for rejection in upload.rejections}


def test_an_honest_archive_is_read_as_zipfile_reads_it(path):
    files = classes(cat=3, dog=2) | {"Äpfel/ö.jpg": b"data", "empty.txt": b""}
    archive(path, files)
    assert contents(path) == files


def test_folder_entries_are_told_from_files(path):
    with zipfile.ZipFile(path, "w") as out:
        out.mkdir("cat")
        out.writestr("cat/a.jpg", b"a")
        out.mkdir("cow")
    upload = open_upload(path)
    assert [file.name for file in upload.files] == ["cat/a.jpg"]
    assert upload.empty_folders == (("cow",),)


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
    forged(path, [Raw("Birne/é.jpg".encode())])
    assert set(contents(path)) == {"Birne/é.jpg"}
    forged(path, [Raw(b"K\x84se/1.jpg", b"y"), Raw(b"M\x81sli/1.jpg")])
    assert set(contents(path)) == {"Käse/1.jpg", "Müsli/1.jpg"}


@pytest.mark.parametrize(
    "name", ["CON/nul.jpg", "aux/com1.jpg", "cat /a.jpg", "-rf/a.jpg", 'a\'b/"c".jpg', "a:b/c.jpg", "cat/a\\b.jpg"]
)
def test_odd_but_harmless_names_are_accepted_because_no_file_is_named_after_them(path, name):
    forged(path, [Raw(name.encode())])
    assert contents(path) == {name: b"x"}


def test_doubled_slashes_and_dots_in_a_path_mean_nothing(path):
    forged(path, [Raw(b"./cat//./a.jpg")])
    assert contents(path) == {"cat/a.jpg": b"x"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (b"../evil.jpg", "outside"),
        (b"cat/../../evil.jpg", "outside"),
        (b"/etc/passwd", "absolute"),
        (b"C:/windows/x.jpg", "absolute"),
        (b"C:\\windows\\x.jpg", "absolute"),
        (b"\\\\server\\x.jpg", "absolute"),
        (b"..\\evil.jpg", "outside"),
        (b"cat/..\\..\\evil.jpg", "outside"),
        (b"", "no name"),
        (b"./.", "no name"),
        (b"cat/" + b"a" * 2000, "1000 characters"),
    ],
)
def test_names_that_could_leave_the_folder_refuse_the_archive(path, name, why):
    forged(path, [Raw(b"cat/good.jpg"), Raw(name)])
    assert why in refusal(path)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"cat/a.jpg\0.png", "cat/a.jpg\\u0000.png"),
        (b"cat/a\n.jpg", "cat/a\\u000a.jpg"),
        (b"cat/\x1b[31m.jpg", "cat/\\u001b[31m.jpg"),
        ("cat/\u202egpj.exe".encode(), "cat/\\u202egpj.exe"),
        ("cat/\u2066x.jpg".encode(), "cat/\\u2066x.jpg"),
        ("cat/\u200ephoto.jpg".encode(), "cat/\\u200ephoto.jpg"),
    ],
)
def test_a_file_name_with_characters_that_cannot_be_seen_is_listed(path, name, shown):
    forged(path, [Raw(b"cat/good.jpg"), Raw(name)])
    assert listed(path) == {shown: "has control or invisible characters in its name; rename it"}


def test_the_folder_icon_of_macos_is_listed(path):
    forged(path, [Raw(b"cat/good.jpg"), Raw(b"cat/Icon\r", b""), Raw(b"__MACOSX/cat/._Icon\r")])
    assert listed(path) == {"cat/Icon\\u000d": "is the icon of a folder on macOS, not a photo"}


def test_a_name_marked_utf8_that_is_none_is_refused(path):
    forged(path, [Raw(b"cat/\xff\xfe.jpg", flags=0x800)])
    assert "no text" in refusal(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_listed(path, kind):
    forged(path, [Raw(b"cat/good.jpg"), Raw(b"cat/a.jpg", b"/etc/passwd", mode=kind | 0o777)])
    assert listed(path)["cat/a.jpg"].startswith("is a link" if kind == stat.S_IFLNK else "is a device")


@pytest.mark.parametrize("flag", [0x1, 0x40])
def test_encrypted_members_are_listed_with_the_way_out(path, flag):
    forged(path, [Raw(b"cat/good.jpg"), Raw(b"cat/a.jpg", flags=flag)])
    assert "without a password" in listed(path)["cat/a.jpg"]


def test_an_archive_with_nothing_but_encrypted_members_says_so(path):
    forged(path, [Raw(b"cat/a.jpg", flags=1), Raw(b"cat/b.jpg", flags=1)])
    with pytest.raises(InvalidInput, match="None of the 2 files can be used.*without a password"):
        open_upload(path)


def test_an_encrypted_table_of_contents_is_refused_with_the_way_out(path):
    forged(path, [Raw(b"cat/good.jpg"), Raw(b"cat/a.jpg", flags=0x2000)])
    assert "without a password" in refusal(path)


@pytest.mark.parametrize("second", ["cat/A.JPG", "cat/a.JPG", "Cat/a.jpg"])
def test_names_that_differ_in_case_are_different_files(path, second):
    forged(path, [Raw(b"cat/a.jpg", b"1"), Raw(second.encode(), b"2")])
    assert contents(path) == {"cat/a.jpg": b"1", second: b"2"}


def test_names_in_two_unicode_forms_are_different_files(path):
    forged(path, [Raw("cat/é.jpg".encode(), b"1"), Raw("cat/e\u0301.jpg".encode(), b"2")])
    assert len(contents(path)) == 2


@pytest.mark.parametrize("second", ["cat/a.jpg", "cat//./a.jpg"])
def test_of_two_files_of_one_name_none_is_chosen_in_silence(path, second):
    forged(path, [Raw(b"cat/good.jpg"), Raw(b"cat/a.jpg", b"1"), Raw(second.encode(), b"2")])
    assert listed(path) == {
        "cat/a.jpg": "is one of several files of this name, and which is meant cannot be known; rename them"
    }
    assert len(open_upload(path).rejections) == 2


def test_of_two_equal_files_of_one_name_the_first_is_kept(path):
    forged(path, [Raw(b"cat/a.jpg", b"1"), Raw(b"cat/a.jpg", b"1")])
    assert [rejection.reason for rejection in open_upload(path).rejections] == [
        "is in the archive twice; the first is kept"
    ]
    assert contents(path) == {"cat/a.jpg": b"1"}


def test_backslashes_of_programs_for_windows_separate_folders(path):
    forged(path, [Raw(b"fruit\\apple\\1.jpg"), Raw(b"fruit\\pear\\1.jpg"), Raw(b"fruit\\empty\\", b"")])
    upload = open_upload(path)
    assert [file.parts for file in upload.files] == [("fruit", "apple", "1.jpg"), ("fruit", "pear", "1.jpg")]
    assert upload.empty_folders == (("fruit", "empty"),)


def test_a_trail_byte_of_shift_jis_is_no_backslash(path):
    forged(
        path, [Raw("表/ソ.jpg".encode("cp932")), Raw("能力/1.jpg".encode("cp932")), Raw("りんご/2.jpg".encode("cp932"))]
    )
    assert [file.parts[0] for file in open_upload(path).files] == ["表", "能力", "りんご"]


def unicode_path(name: str, raw_name: bytes) -> bytes:
    """Info-ZIP's Unicode Path field."""
    content = b"\x01" + struct.pack("<L", zlib.crc32(raw_name)) + name.encode()
    return struct.pack("<2H", 0x7075, len(content)) + content


def test_the_unicode_path_field_decides_before_any_guess(path):
    raw = "りんご/1.jpg".encode("cp932")
    forged(path, [Raw(raw, extra=b"UT\x01\x00\x00" + unicode_path("みかん/1.jpg", raw))])
    upload = open_upload(path)
    assert [file.name for file in upload.files] == ["みかん/1.jpg"] and not upload.encodings
    assert open_upload(path, encoding="cp866").files == upload.files


def test_the_unicode_path_of_another_name_is_not_used(path):
    raw = "りんご/1.jpg".encode("cp932")
    forged(path, [Raw(raw, extra=unicode_path("みかん/1.jpg", b"another"))])
    assert [file.name for file in open_upload(path, encoding="cp932").files] == ["りんご/1.jpg"]


def test_a_unicode_path_cannot_lead_out_of_the_archive(path):
    forged(path, [Raw(b"cat/1.jpg", extra=unicode_path("../evil.jpg", b"cat/1.jpg"))])
    assert "outside" in refusal(path)


@pytest.mark.parametrize("count", [1, 3, 40])
def test_an_archive_of_over_4_gb_without_zip64_is_read_as_macos_writes_it(path, monkeypatch, count):
    """Offsets modulo ``WRAP``, here of a few hundred bytes instead of 4 GB."""
    monkeypatch.setattr(archives, "WRAP", 512)
    files = {f"cat/{number}.jpg": random.Random(number).randbytes(100 + number) for number in range(count)}
    forged(path, [Raw(name.encode(), data) for name, data in files.items()] + [Raw(b"z", b"z" * 600)], wrap=512)
    assert contents(path) == files | {"z": b"z" * 600}


def test_a_header_inside_a_photo_is_not_taken_for_that_of_the_next_member(path, monkeypatch):
    monkeypatch.setattr(archives, "WRAP", 512)
    start = 30 + len(b"cat/a.jpg")
    inside = bytearray(1024)
    inside[512 - start : 512 - start + 39] = b"PK\x03\x04".ljust(30, b"\0") + b"cat/b.jpg"
    inside += bytes(512 - (start + len(inside)) % 512)  # the next header lies at a multiple of 512
    files = {"cat/a.jpg": bytes(inside), "cat/b.jpg": b"b", "z": b"z" * 600}
    forged(path, [Raw(name.encode(), data) for name, data in files.items()], wrap=512)
    assert contents(path) == files


def test_wrapped_offsets_that_lead_to_no_header_are_refused(path, monkeypatch):
    monkeypatch.setattr(archives, "WRAP", 512)
    forged(path, [Raw(b"a/1.jpg", b"x" * 600), Raw(b"a/2.jpg", b"y" * 600, local_name=b"b/2.jpg")], wrap=512)
    assert "inconsistent" in refusal(path)


def test_a_number_of_entries_modulo_two_bytes_is_read_as_macos_writes_it(path, monkeypatch):
    monkeypatch.setattr(uploads, "MEMBER_LIMIT", 70_000)
    forged(path, [Raw(b"a/%d" % number, b"") for number in range(65_540)], count=4)
    assert len(open_upload(path).files) == 65_540


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
    assert "bomb" in refusal(path)
    monkeypatch.setattr(archives, "TOTAL_LIMIT", 10)
    forged(path, [Raw(b"cat/a.jpg", b"x" * 6), Raw(b"cat/b.jpg", b"x" * 6)])
    assert "unpacks to" in refusal(path)


def test_a_file_larger_than_any_photo_is_listed(path, monkeypatch):
    monkeypatch.setattr(listing, "FILE_LIMIT", 2**20)
    forged(path, [Raw(b"cat/good.jpg"), Raw(b"cat/film.mp4", bytes(2**20 + 1))])
    assert listed(path) == {"cat/film.mp4": "has 1 MB; a photo may have 1 MB"}


def test_what_macos_adds_for_every_file_does_not_count(path, monkeypatch):
    for module in (archives, uploads):
        monkeypatch.setattr(module, "MEMBER_LIMIT", 10)
    monkeypatch.setattr(archives, "ENTRY_LIMIT", 30)
    names = [name for number in range(10) for name in (f"a/{number}.jpg", f"__MACOSX/a/._{number}.jpg")]
    forged(path, [Raw(name.encode()) for name in names])
    assert len(open_upload(path).files) == 10
    forged(path, [Raw(name.encode()) for name in (*names, "a/10.jpg")])
    assert "11 files" in refusal(path)


def test_a_hundred_thousand_entries_are_refused_whatever_the_archive_says_of_their_number(path):
    forged(path, [Raw(b"a/%d" % number, b"") for number in range(150_001)], count=3)
    assert "150,001 files" in refusal(path)
    forged(path, [Raw(b"a/%d" % number, b"") for number in range(50_001)])
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
        (b"hello, I am a text", "not a ZIP or TAR archive"),
        (b"Rar!\x1a\x07\x00rest", "a RAR archive. Graft reads ZIP, TAR, TAR.GZ"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
        (b"\x89PNG\r\n", "a single photo"),
        (b"\n<!DOCTYPE html><html>", "a web page, perhaps a login in place of the download"),
        (b"\xef\xbb\xbf<HTML lang='en'>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"PK\x05\x06", "not a ZIP or TAR archive"),
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
    assert "bombs" in refusal(path)
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
        upload = open_upload(path)
    except (Refused, InvalidInput):
        return
    with open(path, "rb") as file:
        for each in upload.files:
            try:
                assert len(read_member(file, each.source)) == each.size
            except InvalidInput:
                continue


def fuzzed(data: bytes, shuffle: random.Random) -> bytes:
    """Bytes changed, cut out, doubled or put elsewhere; mostly in the headers, where it hurts."""
    data = bytearray(data)
    places = [match.start() for match in re.finditer(rb"PK(\x01\x02|\x03\x04|\x05\x06|up)", data)] or [0]
    for _ in range(shuffle.randint(1, 4)):
        at = min(len(data) - 1, shuffle.choice(places) + shuffle.randrange(60))
        other = shuffle.randrange(len(data))
        kind = shuffle.randrange(5)
        if kind < 3:
            width = shuffle.choice([1, 2, 4])
            data[at : at + width] = shuffle.choice([bytes(width), b"\xff" * width, shuffle.randbytes(width)])
        elif kind == 3:
            data[at : at + shuffle.randrange(40)] = b""
        else:
            data[at:at] = data[other : other + shuffle.randrange(80)]
        if not data:
            return b""
    return bytes(data)


def test_thousands_of_hostile_archives_neither_crash_nor_escape_nor_unpack_more_than_they_declare(path):
    shuffle = random.Random(3)
    raw = "りんご/1.jpg".encode("cp932")
    members = [
        Raw(b"cat/a.jpg", b"abc" * 99, method=8),
        Raw(raw, b"xyz", extra=unicode_path("みかん/1.jpg", raw)),
        Raw("ö/".encode(), b"", flags=0x800),
        Raw(b"dog\\b.jpg", b"1" * 300, mode=0o100644),
    ]
    whole = forged(path, members, comment=b"x" * 5).read_bytes()
    read = 0
    for _ in range(4000):
        path.write_bytes(fuzzed(whole, shuffle))
        try:
            upload = open_upload(path)
        except (Refused, InvalidInput) as error:
            assert "\n" not in str(error)
            continue
        assert sum(each.size for each in upload.files) <= max(2**20, 200 * path.stat().st_size)
        with open(path, "rb") as file:
            for each in upload.files:
                assert ".." not in each.parts and not any("/" in part for part in each.parts)
                try:
                    assert len(read_member(file, each.source)) == each.size
                    read += 1
                except InvalidInput:
                    continue
    assert read > 1000  # most archives are read in part, so that more than the first check is tried
