"""Compressed TAR archives, and archives inside an archive."""

import bz2
import gzip
import io
import lzma
import os
import random
import shutil
import tarfile

import pytest

from core.datasets.archives import unpacking
from core.datasets.archives.unpacking import unpacked
from core.datasets.archives.uploads import open_upload
from core.errors import Cancelled, GraftError, NoSpace, Refused
from core.files.home import datasets_folder
from tests.core.datasets.imports import imported, leftovers, refusal
from tests.photo_files import archive, classes

COMPRESSIONS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.fixture(params=sorted(COMPRESSIONS))
def compress(request):
    return COMPRESSIONS[request.param]


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files: dict[str, bytes], tmp_path) -> bytes:
    return archive(tmp_path / "inner.zip", files).read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "upload.bin"


def test_a_compressed_tar_gives_the_dataset_of_the_zip_and_leaves_nothing_behind(tmp_path, path, home, compress):
    files = classes("pets/", cat=4, dog=4)
    path.write_bytes(compress(tar(files)))
    dataset, photos = imported(path, home)
    same, again = imported(archive(tmp_path / "a.zip", files), home, "d-2")
    assert dataset.digest == same.digest and photos == again
    assert leftovers(home) == ["d-1", "d-2"]
    assert sorted(os.listdir(datasets_folder(home) / "d-1")) == ["manifest.json", "photos"]


def test_archives_that_need_no_unpacking_are_read_where_they_are(tmp_path, path, home):
    for source in (archive(tmp_path / "a.zip", classes(cat=1, dog=1)), tmp_path, tmp_path / "missing"):
        with unpacked(source, home) as plain:
            assert plain == source
    path.write_bytes(tar(classes(cat=1)))
    with unpacked(path, home) as plain:
        assert plain == path
    assert leftovers(home) == []


@pytest.mark.parametrize("junk", [{}, {"__MACOSX/._photos.zip": b"x", ".DS_Store": b"x"}])
def test_an_archive_that_holds_nothing_but_an_archive_is_opened_once(tmp_path, path, home, junk, compress):
    files = classes(cat=3, dog=3)
    insides = (zipped(files, tmp_path), tar(files), compress(tar(files)))
    for number, inside in enumerate(insides):
        archive(path, {"photos.zip": inside} | junk)
        dataset, _ = imported(path, home, f"d-{number}")
        assert dataset.class_sizes == {"cat": 3, "dog": 3}
    path.write_bytes(compress(tar({"photos.zip": insides[0]})))
    assert imported(path, home, "d-9")[0].photo_count == 6


def test_an_archive_two_levels_deep_is_not_opened(tmp_path, path, home):
    inner = zipped(classes(cat=3, dog=3), tmp_path)
    middle = zipped({"photos.zip": inner}, tmp_path)
    archive(path, {"photos.zip": middle})
    assert "class folders" in refusal(path, home)


def test_an_archive_beside_photos_is_listed_not_opened(tmp_path, path, home):
    archive(path, classes(cat=3, dog=3) | {"cat/more.zip": zipped(classes(cow=3), tmp_path)})
    dataset, _ = imported(path, home)
    assert [rejection.file for rejection in dataset.rejections] == ["cat/more.zip"]


def test_the_policy_holds_for_an_archive_inside(tmp_path, path, home):
    archive(path, {"photos.zip": zipped(classes(cat=3, dog=3) | {"../evil.jpg": b"x"}, tmp_path)})
    assert "outside" in refusal(path, home)
    archive(path, {"photos.zip": b"PK\x03\x04 and no more"})
    assert "incomplete" in refusal(path, home)


def test_a_damaged_archive_inside_is_refused(path, home):
    data = bytearray(archive(path, {"photos.zip": os.urandom(5000)}).read_bytes())
    data[:] = data.replace(data[60:64], b"PK\x03\x04", 1)
    path.write_bytes(data)
    refusal(path, home)


def test_a_compressed_file_that_is_no_tar_is_named(path, home, compress):
    path.write_bytes(compress(b"a text of several words " * 50))
    assert "no TAR archive" in refusal(path, home)


def test_a_compressed_tar_cut_off_anywhere_is_refused(path, home, compress):
    whole = compress(tar(classes(cat=2, dog=2)))
    for length in range(7, len(whole), len(whole) // 12):
        path.write_bytes(whole[:length])
        assert "incomplete" in refusal(path, home) or "no TAR" in refusal(path, home)
        assert leftovers(home) == []


def test_a_decompression_bomb_is_stopped_at_the_ratio(path, home, compress, monkeypatch):
    bomb = tar({"cat/a.jpg": bytes(40 * 2**20)})
    path.write_bytes(compress(bomb))
    written = []
    real = unpacking._append
    monkeypatch.setattr(unpacking, "_append", lambda file, chunk: written.append(len(chunk)) or real(file, chunk))
    assert "bombs" in refusal(path, home)
    assert sum(written) <= max(2**20, 200 * path.stat().st_size)


def test_no_more_than_the_total_limit_is_unpacked(path, home, compress, monkeypatch):
    monkeypatch.setattr(unpacking, "TOTAL_LIMIT", 3000)
    path.write_bytes(compress(tar({"cat/a.jpg": random.Random(0).randbytes(5000)})))
    assert "unpacks to more than" in refusal(path, home)


def test_an_xz_stream_that_wants_more_memory_is_refused(path, home, monkeypatch):
    monkeypatch.setattr(unpacking, "_XZ_MEMORY", 2**20)
    path.write_bytes(lzma.compress(tar(classes(cat=2, dog=2)), preset=9))
    assert "cannot be decompressed" in refusal(path, home)


def test_several_streams_one_after_the_other_are_read(path, home, compress):
    data = tar(classes(cat=3, dog=3))
    path.write_bytes(compress(data[:3000]) + compress(data[3000:]))
    assert imported(path, home)[0].photo_count == 6


def test_an_import_can_be_cancelled_while_it_unpacks(path, home):
    path.write_bytes(gzip.compress(tar({"cat/a.jpg": random.Random(0).randbytes(5 * 2**20)})))
    asked = []
    with pytest.raises(Cancelled):
        imported(path, home, cancelled=lambda: asked.append(1) or len(asked) > 3)
    assert len(asked) == 4 and leftovers(home) == []


def test_a_full_disk_stops_the_unpacking(path, home, monkeypatch):
    path.write_bytes(gzip.compress(tar(classes(cat=3, dog=3))))
    monkeypatch.setattr(shutil, "disk_usage", lambda where: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(NoSpace, match="Free some space"):
        imported(path, home)
    assert leftovers(home) == []


def test_any_changed_bytes_are_read_or_refused_but_never_crash(path, home, compress):
    shuffle = random.Random(2)
    whole = compress(tar({"cat/a.jpg": b"abc" * 99, "dog/b.jpg": b"xyz" * 400}))
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(shuffle.randint(1, 5)):
            data[shuffle.randrange(len(data))] = shuffle.randrange(256)
        path.write_bytes(data)
        try:
            with unpacked(path, home) as plain:
                open_upload(plain)
        except GraftError:
            pass
    assert leftovers(home) == []


def test_a_refusal_is_a_sentence(path, home):
    path.write_bytes(gzip.compress(b"x"))
    with pytest.raises(Refused, match=r"\.$"), unpacked(path, home):
        pass
