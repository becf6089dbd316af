"""An array is put together from shards, whole or not at all."""

import json
import shutil
from dataclasses import asdict

import numpy as np
import pytest

from core.artifacts import bringing
from core.artifacts.publishing import publish
from core.errors import NoSpace
from core.features.assembling import FIRST, OF, assemble
from core.features.reusing import PHOTOS
from core.features.shards import ShardSet
from core.features.store import evict, folder_of, is_stored, key_of, shards_folder
from core.files.home import features_folder
from tests.factories import make_dataset
from tests.machines import two_machines
from tests.tiny import TINY

KEY = key_of(make_dataset(), TINY, "train")
SHARDS = ShardSet(key=KEY, values="ab12", photos=4, count=3)
ARRAY = np.arange(30, dtype=np.float32).reshape(10, 3)
IDENTITIES = np.arange(320, dtype=np.uint8).reshape(10, 32)


@pytest.fixture
def machines(tmp_path, registry):
    yield two_machines(tmp_path, registry)
    bringing._registry_of.cache_clear()


def write(number, settings, photos=True):
    """A shard as ``compute_rows`` leaves it, which cost a second for each of its numbers."""
    first = SHARDS.first_row(number)
    rows = ARRAY[first : first + SHARDS.photos]
    folder = SHARDS.folder(number, settings)
    folder.mkdir(parents=True)
    np.save(folder / "features.npy", rows)
    if photos:
        np.save(folder / PHOTOS, IDENTITIES[first : first + SHARDS.photos])
    cost = {"wall_seconds": 1.0 + number, "cpu_seconds": 2.0}
    own = {
        "key": asdict(KEY),
        "shape": rows.shape,
        "engine": "LiteRT",
        "backbone": "tiny",
        FIRST: first,
        OF: len(ARRAY),
    }
    (folder / "meta.json").write_text(json.dumps(own | {"cost": cost}))
    return folder


def go_on():
    """Nothing stops it."""


def put(machine, *numbers):
    for number in numbers:
        folder = write(number, machine.settings)
        assert publish(machine.settings, machine.registry, SHARDS.artifact(number), folder, 1)


def test_shards_of_this_machine_and_of_another_become_one_array(machines):
    here, there = machines
    put(there, 0, 2)
    put(here, 1)
    assert assemble(SHARDS, here.settings, here.registry, go_on)
    folder = folder_of(KEY, here.settings)
    assert np.array_equal(np.load(folder / "features.npy"), ARRAY)
    assert np.array_equal(np.load(folder / PHOTOS), IDENTITIES)
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["cost"] == {"wall_seconds": 1.0 + 2.0 + 3.0, "cpu_seconds": 6.0}
    assert meta["shape"] == [10, 3] and set(meta) == {"key", "shape", "engine", "backbone", "cost"}
    assert not shards_folder(KEY, here.settings).exists()
    shutil.rmtree(folder)
    assert assemble(SHARDS, here.settings, here.registry, go_on), "those that were here are fetched"


def test_one_that_is_missing_leaves_the_others_that_nobody_else_has(machines):
    here, _ = machines
    write(0, here.settings)
    put(here, 1)
    assert not assemble(SHARDS, here.settings, here.registry, go_on)
    assert not is_stored(KEY, here.settings) and not list(features_folder(here.settings).glob(".*.part"))
    assert SHARDS.folder(0, here.settings).exists()
    write(2, here.settings)
    assert assemble(SHARDS, here.settings, here.registry, go_on)


def test_what_was_published_counts_so_that_all_know_the_same_cost(machines):
    here, there = machines
    put(there, 0, 1, 2)
    own = write(0, here.settings) / "meta.json"
    own.write_text(json.dumps(json.loads(own.read_text()) | {"cost": {"wall_seconds": 99.0, "cpu_seconds": 99.0}}))
    assert assemble(SHARDS, here.settings, here.registry, go_on)
    assert json.loads((folder_of(KEY, here.settings) / "meta.json").read_text())["cost"]["cpu_seconds"] == 6.0


def test_a_stop_leaves_nothing_half_and_the_next_call_goes_on(machines):
    here, there = machines
    put(there, 0, 1, 2)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assemble(SHARDS, here.settings, here.registry, stop)
    assert not is_stored(KEY, here.settings)
    assert assemble(SHARDS, here.settings, here.registry, go_on)
    assert np.array_equal(np.load(folder_of(KEY, here.settings) / "features.npy"), ARRAY)


def test_whose_rows_they_are_is_left_open_where_a_shard_does_not_say_so(machines):
    here, _ = machines
    for number in range(3):
        write(number, here.settings, photos=number != 1)
    assert assemble(SHARDS, here.settings, here.registry, go_on)
    assert not (folder_of(KEY, here.settings) / PHOTOS).exists()


def test_there_is_room_for_the_array_or_nothing_is_begun(machines, monkeypatch):
    here, there = machines
    put(there, 0, 1, 2)
    monkeypatch.setattr("core.features.store.shutil.disk_usage", lambda _path: shutil._ntuple_diskusage(10, 10, 10))
    with pytest.raises(NoSpace):
        assemble(SHARDS, here.settings, here.registry, go_on)
    assert not is_stored(KEY, here.settings)


def test_shards_that_nobody_went_on_with_for_a_week_are_removed(machines, monkeypatch):
    here, _ = machines
    write(0, here.settings)
    evict(here.settings)
    assert shards_folder(KEY, here.settings).exists()
    monkeypatch.setattr("core.features.store._ABANDONED_SECONDS", -1)
    evict(here.settings)
    assert not shards_folder(KEY, here.settings).exists()
