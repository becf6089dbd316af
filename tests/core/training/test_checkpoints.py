"""A checkpoint is whole or not there, whatever is killed or full."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections import namedtuple

import pytest

from core.errors import NoSpace
from core.settings import REPOSITORY
from core.training import checkpoints
from core.training.checkpoints import STATE, Checkpoints


def save(store: Checkpoints, epoch: int, best: int | None = None, content: bytes | None = None):
    return store.save(epoch, lambda path: path.write_bytes(content or b"%d" % epoch), {"row": epoch}, best)


@pytest.fixture
def store(tmp_path) -> Checkpoints:
    return Checkpoints(tmp_path / "checkpoints")


def test_there_is_none_before_the_first(store):
    assert store.latest() is None
    assert store.at(1) is None


def test_the_last_two_and_the_best_stay(store):
    for epoch in range(1, 8):
        save(store, epoch, best=3 if epoch >= 3 else epoch)
    assert store.epochs() == [3, 6, 7]
    assert store.latest().epoch == 7
    assert store.latest().meta["row"] == 7
    assert store.at(3).state.read_bytes() == b"3"


def test_a_damaged_one_is_passed_over(store):
    save(store, 1)
    save(store, 2)
    (store.folder / "000002" / STATE).write_bytes(b"torn")
    assert store.latest().epoch == 1


@pytest.mark.parametrize("meta", ["", "{", "{}"])
def test_one_without_a_readable_description_is_passed_over(store, meta):
    save(store, 1)
    save(store, 2)
    (store.folder / "000002" / "meta.json").write_text(meta)
    assert store.latest().epoch == 1


def test_an_epoch_that_was_damaged_can_be_saved_again(store):
    save(store, 1)
    (store.folder / "000001" / STATE).write_bytes(b"torn")
    save(store, 1)
    assert store.latest().epoch == 1


def test_what_a_killed_save_left_goes_with_the_next_save(store):
    save(store, 1)
    (store.folder / ".000007.part").mkdir()
    (store.folder / ".000007.part" / STATE).write_bytes(b"half")
    assert store.epochs() == [1]
    save(store, 2)
    assert sorted(path.name for path in store.folder.iterdir()) == ["000001", "000002"]


def test_a_disk_that_fills_up_while_saving_costs_only_the_new_one(store):
    save(store, 1)

    def write(path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NoSpace, match="epoch 2 could not be saved. Epoch 1 is kept"):
        store.save(2, write, {})
    assert store.latest().epoch == 1
    assert [path.name for path in store.folder.iterdir()] == ["000001"]


def test_a_full_disk_is_noticed_before_writing(store, monkeypatch):
    save(store, 1)
    usage = namedtuple("usage", "total used free")(10**9, 10**9 - 10**6, 10**6)
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(NoSpace):
        store.save(2, lambda path: pytest.fail("must not be written"), {})
    assert store.latest().epoch == 1


def test_other_errors_are_not_called_a_full_disk(store):
    def write(path):
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        store.save(1, write, {})
    assert list(store.folder.iterdir()) == []


def test_an_extension_takes_over_the_last_and_the_best(store, tmp_path):
    for epoch in (1, 2, 3):
        save(store, epoch, best=1)
    child = Checkpoints(tmp_path / "child")
    assert child.inherit(store, best=1).epoch == 3
    assert child.epochs() == [1, 3]
    for epoch in (4, 5, 6):
        save(child, epoch, best=1)
    assert child.epochs() == [1, 5, 6]
    assert store.epochs() == [1, 2, 3] and store.latest().state.read_bytes() == b"3"


def test_nothing_is_inherited_from_a_run_without_checkpoints(store, tmp_path):
    assert Checkpoints(tmp_path / "child").inherit(store, best=None) is None


SAVES_FOREVER = """
import sys, time
from pathlib import Path
from core.training.checkpoints import Checkpoints
def write(path):
    with path.open("wb") as file:
        for _ in range(20):
            file.write(bytes(100_000)); file.flush()
for epoch in range(1, 100_000):
    Checkpoints(Path(sys.argv[1])).save(epoch, write, {})
    print(epoch, flush=True)
"""


def test_a_kill_while_saving_never_costs_the_checkpoint_before(store):
    for kill in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVES_FOREVER, store.folder], stdout=subprocess.PIPE, cwd=REPOSITORY, text=True
        )
        saved = [int(child.stdout.readline()) for _ in range(2)]
        time.sleep(0.003 * kill)
        os.kill(child.pid, signal.SIGKILL)
        saved += [int(line) for line in child.stdout.read().split()]
        child.wait()
        assert store.latest().epoch >= saved[-1]
        assert store.latest().state.stat().st_size == 2_000_000


def test_an_earlier_attempt_that_still_writes_spares_the_draft_of_a_later_one(tmp_path):
    first, second = (Checkpoints(tmp_path / "checkpoints", attempt) for attempt in (1, 2))
    drafts = []

    def write(path):
        drafts.append(path.parent.name)
        path.write_bytes(b"second")
        save(first, 3)  # it stood still, and goes on now
        assert path.exists()

    second.save(3, write, {})
    assert drafts == [".000003.2.part"]
    assert second.latest().state.read_bytes() == b"second"
    (tmp_path / "checkpoints" / ".000009.1.part").mkdir()
    save(second, 4)
    assert sorted(path.name for path in second.folder.iterdir()) == ["000003", "000004"]
