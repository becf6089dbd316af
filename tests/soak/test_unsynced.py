"""What a simulated power cut leaves: everything that was fsynced, and of the rest no more than a journal keeps."""

import os

import pytest

from tests.soak.unsynced import CUT, SYNC, Unsynced

SEEDS = range(40)


@pytest.fixture
def system(tmp_path):
    """The operations, as libfuse calls them."""
    return Unsynced(tmp_path / "store")


def written(system, path, data, *, synced):
    handle = system.create(path, 0o644)
    system.write(path, data, 0, handle)
    if synced:
        system.fsync(path, 0, handle)
    system.release(path, handle)


def cuts(system, folder):
    """What is left, by name, of a cut with each seed."""
    folder.mkdir()
    left = []
    for seed in SEEDS:
        system.setxattr("/", CUT, f"{seed} {folder / str(seed)}".encode(), 0)
        files = [path for path in (folder / str(seed)).rglob("*") if path.is_file()]
        left.append({str(path.relative_to(folder / str(seed))): path.read_bytes() for path in files})
    return left


def test_what_was_synced_is_there_after_every_cut(system, tmp_path):
    system.mkdir("/runs", 0o755)
    written(system, "/runs/a", b"whole", synced=True)
    assert cuts(system, tmp_path / "cuts") == [{"runs/a": b"whole"}] * len(SEEDS)


def test_what_was_not_synced_is_lost_empty_or_whole(system, tmp_path):
    written(system, "/a", b"whole", synced=False)
    left = cuts(system, tmp_path / "cuts")
    assert {tuple(one.items()) for one in left} == {(), (("a", b""),), (("a", b"whole"),)}


def test_a_file_that_is_replaced_without_a_sync_may_be_empty_and_with_one_is_old_or_new(system, tmp_path):
    """As ``core.files.atomic.replacing`` does it, without and with ``durable``."""
    for name, durable in (("careless", False), ("careful", True)):
        written(system, f"/{name}", b"old", synced=True)
        written(system, f"/.{name}.part", b"new", synced=durable)
        system.rename(f"/.{name}.part", f"/{name}")
        left = {one.get(name) for one in cuts(system, tmp_path / name)}
        assert left == ({b"old", b"new"} if durable else {b"old", b"new", b""})


def test_a_later_change_of_names_is_only_left_with_the_earlier_ones(system, tmp_path):
    for number in range(5):
        written(system, f"/{number}", b"", synced=False)
    lengths = {tuple(sorted(one)) for one in cuts(system, tmp_path / "cuts")}
    assert lengths <= {tuple(map(str, range(count))) for count in range(6)} and len(lengths) > 2


def test_a_sync_of_everything_syncs_everything(system, tmp_path):
    written(system, "/a", b"1", synced=False)
    written(system, "/b", b"2", synced=False)
    system.setxattr("/", SYNC, b"1", 0)
    assert cuts(system, tmp_path / "cuts") == [{"a": b"1", "b": b"2"}] * len(SEEDS)


def test_a_deleted_file_that_is_open_can_be_written_and_its_folder_removed(system):
    system.mkdir("/runs", 0o755)
    handle = system.create("/runs/lock", 0o644)
    system.rename("/runs/lock", "/runs/.fuse_hidden1")  # what libfuse makes of unlink
    system.rmdir("/runs")
    assert system.write(None, b"x", 0, handle) == 1 and system.getattr("/runs/.fuse_hidden1", handle)["st_size"] == 1
    system.unlink("/runs/.fuse_hidden1")
    with pytest.raises(OSError, match="nothing has this name"):
        system.getattr("/runs")


def test_a_name_that_is_truncated_and_written_again_has_its_synced_content(system, tmp_path):
    written(system, "/a", b"long content", synced=True)
    handle = system.open("/a", os.O_RDWR)
    system.truncate("/a", 0, handle)
    system.write("/a", b"short", 0, handle)
    assert {one["a"] for one in cuts(system, tmp_path / "before")} == {b"long content", b"short"}
    system.fsync("/a", 0, handle)
    assert {one["a"] for one in cuts(system, tmp_path / "after")} == {b"short"}
