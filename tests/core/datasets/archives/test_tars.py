"""TAR archives: the policy, and what tar and tarfile write."""

import io
import random
import stat
import subprocess
import tarfile

import pytest

from core.datasets.archives import tars
from core.datasets.archives.members import read_member
from core.datasets.archives.uploads import open_upload
from core.errors import InvalidInput, Refused
from tests.photo_files import classes, folder

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.tar"


def packed(path, files: dict[str, bytes], *, format: int = tarfile.PAX_FORMAT, encoding: str = "utf-8", **infos):
    """An archive of files; ``infos``: ``{name: {field: value}}`` of TarInfo."""
    with tarfile.open(path, "w", format=format, encoding=encoding) as out:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for field, value in infos.get("fields", {}).get(name, {}).items():
                setattr(info, field, value)
            out.addfile(info, io.BytesIO(data))
    return path


def contents(path, **options) -> dict[str, bytes]:
    with open(path, "rb") as file:
        return {each.name: read_member(file, each.source) for each in open_upload(path, **options).files}


def refusal(path) -> str:
    with pytest.raises(Refused) as caught:
        open_upload(path)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize("format", FORMATS)
def test_an_honest_archive_is_read_as_tarfile_reads_it(path, format):
    files = classes(cat=3, dog=2) | {"Äpfel/ö.jpg": b"data", "a/empty.txt": b"", f"{'long/' * 30}x.jpg": b"deep"}
    if format != tarfile.USTAR_FORMAT:
        files["n" * 180 + "/1.jpg"] = b"long"
    assert contents(packed(path, files, format=format)) == files


def test_what_tar_writes_of_a_folder_is_read(tmp_path, path):
    files = classes(cat=3, dog=2) | {f"cat/{'n' * 150}.jpg": b"long name"}
    folder(tmp_path / "pets", files)
    (tmp_path / "pets" / "cow").mkdir()
    subprocess.run(["tar", "-cf", path, "-C", tmp_path / "pets", "."], check=True)
    assert contents(path) == files
    assert open_upload(path).empty_folders == (("cow",),)


@pytest.mark.parametrize("encoding", ["cp932", "gb18030", "cp866"])
def test_names_without_unicode_are_found_out_as_in_a_zip(path, encoding):
    names = {"cp932": "りんご みかん 表", "gb18030": "苹果 香蕉", "cp866": "яблоко груша"}[encoding].split()
    files = {f"{name}/1.jpg": name.encode() for name in names}
    packed(path, files, format=tarfile.GNU_FORMAT, encoding=encoding)
    assert contents(path) == files
    assert open_upload(path).encodings == (encoding,)
    assert contents(path, encoding=encoding) == files


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (tarfile.SYMTYPE, "is a link"),
        (tarfile.LNKTYPE, "is a hard link"),
        (tarfile.CHRTYPE, "is a device"),
        (tarfile.BLKTYPE, "is a device"),
        (tarfile.FIFOTYPE, "is a device"),
        (b"S", "is a sparse file"),
        (b"M", "continues"),
        (b"?", "is of a kind"),
    ],
)
def test_links_devices_and_unusual_files_are_listed(path, kind, why):
    fields = {"cat/a.jpg": {"type": kind, "linkname": "/etc/passwd", "mode": stat.S_IRUSR}}
    packed(path, {"cat/a.jpg": b"", "cat/good.jpg": b"x"}, format=tarfile.GNU_FORMAT, fields=fields)
    upload = open_upload(path)
    assert [file.name for file in upload.files] == ["cat/good.jpg"]
    assert [rejection.file for rejection in upload.rejections] == ["cat/a.jpg"]
    assert upload.rejections[0].reason.startswith(why)


def test_sparse_files_of_pax_are_listed(path):
    fields = {"cat/a.jpg": {"pax_headers": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}}}
    packed(path, {"cat/a.jpg": b"1\n0\n", "cat/good.jpg": b"x"}, fields=fields)
    assert "sparse" in open_upload(path).rejections[0].reason


@pytest.mark.parametrize(
    ("name", "why"), [("../evil.jpg", "outside"), ("/etc/passwd", "absolute"), ("a/../../b.jpg", "outside")]
)
@pytest.mark.parametrize("format", FORMATS)
def test_names_that_could_leave_the_folder_refuse_the_archive(path, name, why, format):
    packed(path, {"cat/good.jpg": b"x", name: b"y"}, format=format)
    assert why in refusal(path)


def test_an_upload_cut_off_anywhere_is_refused(path):
    whole = packed(path, classes(cat=2, dog=2)).read_bytes()
    end = whole.rstrip(b"\0")
    for length in range(512, len(end), 97):
        path.write_bytes(whole[:length])
        assert "incomplete" in refusal(path) or "damaged" in refusal(path)
    path.write_bytes(whole[: (len(end) + 511) // 512 * 512])
    assert "incomplete" in refusal(path)


def header(path) -> bytearray:
    return bytearray(path.read_bytes())


def rewritten(data: bytearray, at: int = 0) -> bytes:
    """The bytes with the right checksum in the header at ``at``."""
    block = data[at : at + 512]
    block[148:156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(block)
    return bytes(data)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (b"77777777777\0", "incomplete"),
        (b"\xff" * 12, "damaged"),
        (b"\x80\0\0\0\x20" + bytes(7), "incomplete"),
        (b"\x80" + b"\0" * 7 + b"\xff" * 4, "incomplete"),
        (b"99999999999\0", "damaged"),
        (b"-0000000001\0", "damaged"),
    ],
)
def test_sizes_that_lie_are_refused(path, field, why):
    data = header(packed(path, {"cat/a.jpg": b"x"}, format=tarfile.GNU_FORMAT))
    data[124:136] = field
    path.write_bytes(rewritten(data))
    assert why in refusal(path)


def test_a_damaged_header_is_refused(path):
    data = header(packed(path, {"cat/a.jpg": b"x", "cat/b.jpg": b"y"}))
    data[1024 + 3] ^= 1
    path.write_bytes(data)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(
    "record", [b"99 path=x\n", b"0 path=x\n", b"path=x\n", b"-5 path=x\n", b"8 pathx\n", b"9" * 30]
)
def test_pax_records_that_lie_are_refused(path, record):
    with tarfile.open(path, "w") as out:
        info = tarfile.TarInfo("x")
        info.type, info.size = b"x", len(record)
        out.addfile(info, io.BytesIO(record))
        out.addfile(tarfile.TarInfo("a/b.jpg"))
    assert "damaged" in refusal(path)


def test_a_header_that_would_fill_the_memory_is_refused(path, monkeypatch):
    monkeypatch.setattr(tars, "_HEADER_LIMIT", 100)
    packed(path, {"n" * 300 + "/1.jpg": b"x"}, format=tarfile.GNU_FORMAT)
    assert "attacks on memory" in refusal(path)


def test_more_bytes_or_files_than_the_limit_are_refused(path, monkeypatch):
    packed(path, {"cat/a.jpg": b"x" * 600, "cat/b.jpg": b"x" * 600})
    monkeypatch.setattr(tars, "TOTAL_LIMIT", 1000)
    assert "unpacks to more" in refusal(path)
    monkeypatch.setattr(tars, "ENTRY_LIMIT", 0)
    assert "1 files" in refusal(path)


def test_an_empty_archive_says_what_to_pack(path):
    packed(path, {})
    assert "empty" in refusal(path)


def test_any_changed_bytes_are_read_or_refused_but_never_crash(path):
    """Some 3,000 mutated archives of all three formats."""
    shuffle = random.Random(1)
    for format in FORMATS:
        files = {"cat/a.jpg": b"abc" * 9, f"{'d' * 90}/ö{'x' * 90}.jpg": b"xyz", "e/b.jpg": b"1" * 600}
        whole = packed(path, files if format != tarfile.USTAR_FORMAT else {"a/b.jpg": b"x"}, format=format).read_bytes()
        for _ in range(1000):
            data = bytearray(whole)
            at = 512 * shuffle.randrange(min(8, len(data) // 512))
            for _ in range(shuffle.randint(1, 4)):
                data[at + shuffle.randrange(512)] = shuffle.choice(
                    [0, 0x2F, 0x2E, 0x37, 0x80, 0xFF, shuffle.randrange(256)]
                )
            path.write_bytes(rewritten(data, at) if shuffle.random() < 0.8 else data)
            try:
                upload = open_upload(path)
            except (Refused, InvalidInput):
                continue
            with open(path, "rb") as file:
                for each in upload.files:
                    assert ".." not in each.parts and each.parts[0] != ""
                    assert len(read_member(file, each.source)) == each.size <= len(data)
