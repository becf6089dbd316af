"""Room on the disk."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.errors import InvalidInput, NoSpace
from core.files.room import KEEP_FREE_BYTES, MOST_BYTES, free_bytes, low_space, require_room


@pytest.mark.parametrize("size", [0, -1, MOST_BYTES + 1])
def test_a_file_has_a_size(tmp_path, size):
    with pytest.raises(InvalidInput, match="1 byte to 200"):
        require_room(tmp_path, size, "a.zip")


def test_some_space_stays_free(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=KEEP_FREE_BYTES + 10))
    require_room(tmp_path, 10, "a.zip")
    with pytest.raises(NoSpace, match="'a.zip' has 11 bytes"):
        require_room(tmp_path, 11, "a.zip")


@pytest.mark.parametrize(
    ("chosen", "total", "mark"),
    [(None, 10**12, 2 * 10**9), (None, 10**10, 2 * 10**8), (5 * 10**9, 10**10, 5 * 10**9)],
)
def test_there_is_too_little_space_below_the_mark(settings, monkeypatch, chosen, total, mark):
    settings, disk = replace(settings, low_space_bytes=chosen), SimpleNamespace(total=total, free=mark)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: disk)
    assert low_space(settings) == "" and free_bytes(settings) == mark
    disk.free = mark - 1
    assert "GRAFT_FREE_GB" in low_space(settings)
    assert low_space(replace(settings, low_space_bytes=0)) == ""


def test_the_sentence_has_what_is_free_and_what_stays_free(settings, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(total=10**12, free=1_200_000_000))
    assert low_space(settings) == (
        "Waiting runs do not start: 1.2 GB of the disk are free, and 2.0 GB stay free (GRAFT_FREE_GB). Delete runs, "
        "datasets or stored features you no longer need; then they start by themselves."
    )


def test_a_disk_that_is_gone_pauses_nothing(settings, monkeypatch):
    def gone(folder):
        raise OSError

    monkeypatch.setattr("shutil.disk_usage", gone)
    assert low_space(settings) == ""
