"""Downloads that break, continue, and are verified."""

import os
from itertools import pairwise

import pytest

from core.backbones.additions import AdditionProgress
from core.backbones.hub import download as download_module
from core.backbones.hub.address import address_of
from core.backbones.hub.client import ATTEMPTS, HubClient
from core.backbones.hub.download import download, sweep
from core.backbones.hub.repository import repository_of
from core.errors import Cancelled, NoSpace, Unavailable
from core.text.units import size

WEIGHTS = os.urandom(1_000_000)


@pytest.fixture
def repository(hub, client):
    hub.add("graft/tiny", {"config.json": b"{}", "model.safetensors": WEIGHTS})
    return repository_of(address_of("graft/tiny"), client)


@pytest.fixture
def get(repository, client, tmp_path):
    """Downloads both files; returns the progress."""

    def get(report=None):
        seen = []
        download(repository, list(repository.files.values()), tmp_path / "tiny", client, report or seen.append)
        assert (tmp_path / "tiny" / "model.safetensors").read_bytes() == WEIGHTS
        assert {path.name for path in (tmp_path / "tiny").iterdir()} == {"config.json", "model.safetensors"}
        return seen

    return get


def test_files_are_downloaded_with_progress_in_bytes(get):
    seen = get()
    assert seen[-1] == AdditionProgress(stage="Downloading", done=1_000_002, total=1_000_002)
    assert all(first.done <= second.done for first, second in pairwise(seen))


def test_what_is_there_and_right_is_not_asked_for_again(get, hub):
    get()
    hub.asked.clear()
    get()
    assert hub.asked == []


def test_a_damaged_file_is_downloaded_again(get, hub, tmp_path):
    get()
    (tmp_path / "tiny" / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"x")
    get()
    assert [file for file, _ in hub.asked].count("model.safetensors") == 2


def test_a_cut_connection_is_continued_at_the_byte_where_it_broke(get, hub, waits):
    hub.faults.cut_at["model.safetensors"] = [900_000, 950_000]
    get()
    assert hub.asked[1:] == [
        ("model.safetensors", ""),
        ("model.safetensors", "bytes=900000-"),
        ("model.safetensors", "bytes=950000-"),
    ]
    assert waits == [1.0, 1.0], "bytes were received in between, so the attempts are counted anew"


def test_many_cuts_with_progress_are_no_failure(get, hub):
    hub.faults.cut_at["model.safetensors"] = list(range(100_000, 1_000_000, 100_000))
    get()


def test_a_download_that_was_given_up_at_90_percent_continues_there_the_next_time(get, hub, repository, client):
    hub.faults.cut_at["model.safetensors"] = [900_000] * ATTEMPTS
    with pytest.raises(Unavailable, match="what was downloaded is kept"):
        get()
    hub.asked.clear()
    get()
    assert hub.asked == [("model.safetensors", "bytes=900000-")]


def test_a_server_without_ranges_sends_all_again(get, hub):
    hub.faults.no_ranges = True
    hub.faults.cut_at["model.safetensors"] = [900_000]
    get()


def test_a_wrong_content_is_deleted_and_told(get, hub, tmp_path):
    hub.faults.other_content["model.safetensors"] = WEIGHTS[:-1] + b"x"
    with pytest.raises(Unavailable, match="model.safetensors of graft/tiny has another checksum"):
        get()
    assert {path.name for path in (tmp_path / "tiny").iterdir()} == {"config.json"}
    hub.faults.other_content.clear()
    get()


def test_a_wrong_small_file_is_told_too(get, hub):
    hub.faults.other_content["config.json"] = b"[]"
    with pytest.raises(Unavailable, match="config.json of graft/tiny has another checksum"):
        get()


def test_more_bytes_than_stated_are_not_stored(get, hub):
    hub.faults.other_content["model.safetensors"] = WEIGHTS + b"more"
    with pytest.raises(Unavailable, match="more than the 1,000,000 bytes"):
        get()


def test_a_slow_connection_is_waited_for(get, hub):
    hub.faults.slow = 0.01
    assert len(get()) >= 10


def test_a_download_can_be_cancelled_in_the_middle(get, hub, tmp_path):
    def stop(progress):
        if progress.done > 500_000:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        get(stop)
    assert not (tmp_path / "tiny" / "model.safetensors").exists()


def test_a_disk_without_room_is_told_before_anything_is_asked(get, hub, monkeypatch):
    monkeypatch.setattr(download_module, "SPARE_BYTES", 10**15)
    with pytest.raises(NoSpace, match=f"graft/tiny needs {size(1_000_002)} more"):
        get()
    assert hub.asked == []


def test_a_hub_that_serves_another_commit_is_refused(get, repository, hub):
    hub.repositories["graft/tiny"].files["config.json"] = b"[1]"  # a new commit; the old one is gone
    with pytest.raises(Exception, match="has no model graft/tiny, or not this revision"):
        get()


def test_drafts_of_a_week_ago_are_removed(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".model.safetensors.part").write_bytes(b"x")
    os.utime(tmp_path / "old" / ".model.safetensors.part", (1, 1))
    os.utime(tmp_path / "old", (1, 1))
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_client_is_of_one_model(hub):
    assert HubClient("graft/tiny").endpoint == hub.url
