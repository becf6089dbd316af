"""A file is written whole or not at all, whatever is killed, full or written twice."""

import errno
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from core.files import atomic
from core.files.atomic import replacing, replacing_folder, write_json
from core.settings import REPOSITORY


@pytest.fixture
def path(tmp_path):
    """Of a file that is there already."""
    path = tmp_path / "folder" / "card.json"
    path.parent.mkdir()
    path.write_text("old")
    return path


@pytest.fixture
def synced(monkeypatch):
    """What reached the disk, in this order: files by ending and content, folders by the names in them."""
    found, fsync = [], os.fsync

    def noted(descriptor):
        entry = Path(f"/proc/self/fd/{descriptor}")
        found.append(names(entry) if entry.is_dir() else (entry.resolve().suffix, entry.read_text()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return found


@contextmanager
def almost_full():
    """The kernel refuses files above 1 kB, as a full disk would: by an error in the middle of the writing.

    Only for the writing: what pytest itself says may be going to a file as well.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def killed_while(writing, path):
    """Leaves behind what a process does that is killed in the middle of a block."""
    code = f"""
import os, signal, sys
from pathlib import Path
from core.files.atomic import replacing, replacing_folder
path = Path(sys.argv[1])
with {writing} as draft:
    (draft / "half" if draft.is_dir() else draft).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    child = subprocess.run([sys.executable, "-c", code, path], cwd=REPOSITORY, timeout=60)
    assert child.returncode == -signal.SIGKILL


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(path):
    with replacing(path) as draft, draft.open("w") as file:
        for part in ("ne", "w"):
            file.write(part)
            file.flush()
            assert path.read_text() == "old"
    assert path.read_text() == "new" and names(path.parent) == ["card.json"]


def test_two_writers_at_once_leave_one_whole_file(path):
    with ExitStack() as slower:
        first = slower.enter_context(replacing(path))
        first.write_text("of the slower one")
        with replacing(path) as second:
            second.write_text("of the quicker one")
        assert path.read_text() == "of the quicker one"
    assert path.read_text() == "of the slower one" and names(path.parent) == ["card.json"]


@pytest.mark.parametrize("alone", [False, True])
def test_a_write_that_fails_leaves_the_old_file_and_no_draft(path, alone):
    with pytest.raises(KeyboardInterrupt), replacing(path, alone=alone) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and names(path.parent) == ["card.json"]


def test_a_disk_that_fills_up_leaves_the_old_file_and_no_draft(path):
    with almost_full(), pytest.raises(OSError) as full:
        write_json(path, "x" * 2000)
    assert full.value.errno == errno.EFBIG
    assert path.read_text() == "old" and names(path.parent) == ["card.json"]


def test_a_folder_that_is_gone_is_said_as_it_is(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_json(tmp_path / "gone" / "card.json", {})


def test_what_a_kill_leaves_is_taken_for_no_file(path):
    killed_while("replacing(path)", path)
    (left,) = set(path.parent.iterdir()) - {path}
    assert left.name.startswith(".card.json.") and left.suffix == ".part" and path.read_text() == "old"
    write_json(path, "new")
    assert json.loads(path.read_text()) == "new"


def test_who_writes_alone_writes_over_what_a_kill_left(path):
    for _ in range(2):
        killed_while("replacing(path, alone=True)", path)
        assert names(path.parent) == [".card.json.part", "card.json"] and path.read_text() == "old"
    with replacing(path, alone=True) as draft:
        draft.write_text("new")
    assert path.read_text() == "new" and names(path.parent) == ["card.json"]


def test_the_content_reaches_the_disk_before_the_name_does(path, synced):
    write_json(path, "new")
    assert synced == [(".part", '"new"'), ["card.json"]]


def test_what_need_not_outlive_a_power_cut_does_not_wait_for_the_disk(path, synced):
    write_json(path, "new", durable=False)
    assert synced == [] and path.read_text() == '"new"'


def test_a_file_that_was_not_there_yet_has_the_rights_of_any_other(path):
    write_json(path.with_name("new.json"), {})
    assert path.with_name("new.json").stat().st_mode == path.stat().st_mode


# --- folders ---


@pytest.fixture
def folder(tmp_path):
    """One that is there already."""
    folder = tmp_path / "runs" / "model"
    folder.mkdir(parents=True)
    (folder / "old").write_text("old")
    return folder


def test_a_folder_takes_the_place_of_the_one_before(folder):
    with replacing_folder(folder) as draft:
        (draft / "new").write_text("new")
        assert names(folder) == ["old"]
    assert names(folder) == ["new"] and names(folder.parent) == ["model"]


def test_a_folder_may_be_the_first_of_its_parents(tmp_path):
    with replacing_folder(tmp_path / "new" / "folder") as draft:
        (draft / "file").write_text("new")
    assert names(tmp_path / "new" / "folder") == ["file"]


def test_a_folder_that_fails_leaves_the_one_before_and_no_draft(folder):
    with pytest.raises(KeyboardInterrupt), replacing_folder(folder) as draft:
        (draft / "new").write_text("half")
        raise KeyboardInterrupt
    assert names(folder) == ["old"] and names(folder.parent) == ["model"]


def test_nothing_of_a_folder_that_was_killed_comes_into_the_next(folder):
    killed_while("replacing_folder(path)", folder)
    assert names(folder) == ["old"] and names(folder.parent) == [".model.part", "model"]
    with replacing_folder(folder) as draft:
        (draft / "new").write_text("new")
    assert names(folder) == ["new"] and names(folder.parent) == ["model"]


def test_the_files_of_a_folder_reach_the_disk_before_its_name_does(folder, synced):
    draft = folder.with_name("draft")
    draft.mkdir()
    (draft / "file").write_text("new")
    atomic.publish(draft, folder)
    assert synced == [("", "new"), ["file"], ["model"]]


def test_a_checksum_is_read_once_until_the_file_changes(tmp_path, monkeypatch):
    path, read = tmp_path / "weights", []
    monkeypatch.setattr(
        "core.files.atomic.file_digest", lambda file, kind: read.append(kind) or hashlib.file_digest(file, kind)
    )
    path.write_bytes(b"one")
    assert atomic.digest_of(path) == atomic.digest_of(path) == hashlib.sha256(b"one").hexdigest()
    assert atomic.digest_of(path, "md5") == hashlib.md5(b"one").hexdigest()
    assert read == ["sha256", "md5"]
    path.write_bytes(b"two!")
    assert atomic.digest_of(path) == hashlib.sha256(b"two!").hexdigest()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        atomic.digest_of(path)


def test_nothing_gets_its_name_when_the_fence_is_closed(tmp_path):
    """A process that has lost the right to write damages nothing that another one has written."""
    write_json(tmp_path / "one.json", "of the new attempt")
    with replacing_folder(tmp_path / "folder") as draft:
        (draft / "file").write_text("of the new attempt")

    def closed():
        raise RuntimeError("lost")

    atomic.set_fence(closed)
    try:
        with pytest.raises(RuntimeError):
            write_json(tmp_path / "one.json", "late")
        with pytest.raises(RuntimeError), replacing_folder(tmp_path / "folder") as draft:
            (draft / "file").write_text("late")
        other = tmp_path / "other"
        other.mkdir()
        with pytest.raises(RuntimeError):
            atomic.publish(other, tmp_path / "folder")
    finally:
        atomic.set_fence(None)
    assert (tmp_path / "one.json").read_text() == '"of the new attempt"'
    assert (tmp_path / "folder" / "file").read_text() == "of the new attempt"
    write_json(tmp_path / "one.json", "again")
