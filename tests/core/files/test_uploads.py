"""Uploads on the disk: what counts after a kill, who may continue, and when they go."""

import os
import subprocess
import sys
import time
from collections import namedtuple

import pytest

from core.errors import Conflict, InvalidInput, NoSpace, NotFound
from core.files import uploads
from core.files.home import received_body, uploads_folder
from core.files.locks import try_acquire
from core.files.uploads import (
    KEEP_SECONDS,
    AnnouncedFile,
    UploadBusy,
    WrongOffset,
    begin_upload,
    expire_uploads,
    find_upload,
    remove_upload,
    sweep_uploads,
    unused_uploads,
    uploads_of,
    write_part,
)
from core.settings import Settings


@pytest.fixture
def home(tmp_path) -> Settings:
    settings = Settings(home=tmp_path)
    uploads_folder(settings).mkdir()
    return settings


def begun(home, size=10, owner="tom", name="photos.zip", **more):
    return begin_upload(home, AnnouncedFile(owner=owner, name=name, size=size, **more))


def send(home, upload, data, offset=0, *, checked=False):
    with write_part(upload, offset, checked=checked) as part:
        part.append(data)
        part.keep()
    return find_upload(home, upload.id, upload.announced.owner)


def test_parts_become_the_file(home):
    upload = begun(home)
    assert (upload.received, upload.complete) == (0, False)
    assert send(home, upload, b"abcd").received == 4
    now = send(home, upload, b"efghij", 4)
    assert now.complete and now.content.read_bytes() == b"abcdefghij"


def test_only_its_owner_finds_an_upload(home):
    upload = begun(home)
    for owner in ("ada", ""):
        with pytest.raises(NotFound, match="not known"):
            find_upload(home, upload.id, owner)
    assert find_upload(home, upload.id, "tom").id == upload.id


@pytest.mark.parametrize("upload_id", ["", "x" * 32, "../../etc", "a/" * 16, "\0" * 32])
def test_an_id_of_no_upload_finds_nothing(home, upload_id):
    with pytest.raises(NotFound):
        find_upload(home, upload_id, "tom")


@pytest.mark.parametrize("offset", [0, 3, 5, 10])
def test_a_part_that_begins_elsewhere_changes_nothing(home, offset):
    upload = begun(home)
    send(home, upload, b"abcd")
    with pytest.raises(WrongOffset, match="4 bytes have arrived"):
        send(home, upload, b"xy", offset)
    assert upload.content.read_bytes() == b"abcd"


def test_one_request_writes_at_a_time(home):
    upload = begun(home)
    with write_part(upload, 0, checked=False), pytest.raises(UploadBusy):
        send(home, upload, b"abcd")
    assert send(home, upload, b"abcd").received == 4


def test_what_arrived_without_a_checksum_before_the_connection_broke_counts(home):
    upload = begun(home)
    with pytest.raises(ZeroDivisionError), write_part(upload, 0, checked=False) as part:
        part.append(b"abc")
        raise ZeroDivisionError
    assert find_upload(home, upload.id, "tom").received == 3


def test_what_was_not_compared_with_its_checksum_does_not_count(home):
    upload = begun(home)
    send(home, upload, b"ab")
    with pytest.raises(ZeroDivisionError), write_part(upload, 2, checked=True) as part:
        part.append(b"cde")
        assert find_upload(home, upload.id, "tom").received == 2
        raise ZeroDivisionError
    assert send(home, upload, b"CDE", 2, checked=True).content.read_bytes() == b"abCDE"


KILLED = """
import os, signal, sys
from core.files.uploads import find_upload, write_part
from core.settings import Settings
from pathlib import Path
home, upload_id, checked = Settings(home=Path(sys.argv[1])), sys.argv[2], sys.argv[3] == "True"
with write_part(find_upload(home, upload_id, "tom"), 2, checked=checked) as part:
    part.append(b"cde")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("checked", "counts"), [(True, 2), (False, 5)])
def test_another_process_goes_on_after_a_kill_in_the_middle_of_a_part(home, checked, counts):
    upload = begun(home)
    send(home, upload, b"ab")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(home.home), upload.id, str(checked)], check=False)
    assert killed.returncode == -9
    assert find_upload(home, upload.id, "tom").received == counts
    rest = b"cdefghij"[counts - 2 :]
    assert send(home, upload, rest, counts).content.read_bytes() == b"abcdefghij"


def test_more_than_announced_is_not_written(home):
    upload = begun(home, size=4)
    with pytest.raises(InvalidInput, match="announced with 4 bytes"):
        send(home, upload, b"abcdef")
    assert upload.content.read_bytes() == b""


def test_a_file_with_an_announced_digest_is_complete_only_when_it_was_compared(home):
    upload = begun(home, size=4, sha256="0" * 64)
    with write_part(upload, 0, checked=False) as part:
        part.append(b"ab")
        part.append(b"cd")
        assert find_upload(home, upload.id, "tom").received == 2
        part.keep()
    assert find_upload(home, upload.id, "tom").complete


@pytest.mark.parametrize("sha256", ["abc", "g" * 64])
def test_a_digest_that_is_none_is_refused(home, sha256):
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        begun(home, sha256=sha256)


def test_room_that_was_promised_to_others_is_not_promised_again(home, monkeypatch):
    usage = namedtuple("usage", "total used free")(10, 9, 10**9 + 100)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    first = begun(home, size=60, owner="ada")
    with pytest.raises(NoSpace, match="60 bytes are kept for unfinished uploads"):
        begun(home, size=60)
    remove_upload(first.folder)
    assert begun(home, size=60).received == 0


def test_a_person_has_a_bounded_number_of_uploads_and_takes_none_from_others(home, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 2)
    begun(home), begun(home)
    with pytest.raises(Conflict, match="2 uploads of yours"):
        begun(home)
    assert begun(home, owner="ada").received == 0


def test_the_uploads_of_a_box_are_those_of_the_person_the_newest_first(home):
    old, new = begun(home, box="import.file"), begun(home, box="import.file")
    begun(home, box="other"), begun(home, box="import.file", owner="ada")
    os.utime(old.content, (1e9, time.time() - 60))
    assert [one.id for one in uploads_of(home, "tom", "import.file")] == [new.id, old.id]


def test_an_upload_goes_a_day_after_its_last_part(home):
    upload = begun(home)
    send(home, upload, b"ab")
    assert expire_uploads(home, now=time.time() + KEEP_SECONDS - 60) == 0
    with try_acquire(upload.folder.path, create=False):
        assert expire_uploads(home, now=time.time() + KEEP_SECONDS + 60) == 0
    assert expire_uploads(home, now=time.time() + KEEP_SECONDS + 60) == 1
    assert list(uploads_folder(home).iterdir()) == []


def test_the_next_process_finds_uploads_and_removes_what_killed_ones_left(home):
    upload = begun(home)
    send(home, upload, b"ab")
    killed, running = received_body(home, "killed"), received_body(home, "running")
    killed.write_bytes(b"PK")
    (uploads_folder(home) / "upload-of-0.7").write_bytes(b"PK")
    (uploads_folder(home) / "import-1234").mkdir()
    with try_acquire(running):
        assert unused_uploads(home) == ["body-killed"] + ["upload-of-0.7"]
        sweep_uploads(home)
    assert {path.name for path in uploads_folder(home).iterdir()} == {
        "import-1234", running.name, upload.folder.path.name
    }  # fmt: skip
    assert find_upload(home, upload.id, "tom").received == 2


def test_a_half_begun_upload_is_none(home):
    upload = begun(home)
    upload.folder.record.unlink()
    with pytest.raises(NotFound):
        find_upload(home, upload.id, "tom")
    assert uploads_of(home, "tom", "") == []


def test_an_upload_that_was_removed_meanwhile_is_not_written_to(home):
    upload = begun(home)
    remove_upload(upload.folder)
    with pytest.raises(NotFound):
        send(home, upload, b"abcd")
