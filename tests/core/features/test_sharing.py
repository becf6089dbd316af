"""Several machines on one store: an entry is computed by one of them, and found by the others."""

import json
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest

from core.artifacts import bringing
from core.artifacts.patience import patiently
from core.features import shared_pass, sharing
from core.features.shards import name_of
from core.features.sharing import forget_shared
from core.features.store import is_stored, key_of
from core.files.folders import MANIFEST
from core.files.home import dataset_folder, features_folder
from tests.core.features.test_compute import Counting, ask, stored
from tests.core.features.test_photo_pass import PhotoByPhoto, with_pixels, write
from tests.factories import make_dataset, make_photos
from tests.machines import two_machines
from tests.tiny import TINY

__all__ = ["stored"]  # a fixture


@pytest.fixture
def machines(tmp_path, registry, settings, stored, monkeypatch):
    """Both have the photos."""
    monkeypatch.setattr(shared_pass, "POLL_SECONDS", 0.02)
    dataset, _ = stored
    found = two_machines(tmp_path / "machines", registry)
    for machine in found:
        source, target = (dataset_folder(one, dataset.id).path for one in (settings, machine.settings))
        shutil.copytree(source, target)
        (target / MANIFEST).touch()  # what says that a folder holds the whole dataset
    yield found
    bringing._registry_of.cache_clear()


@pytest.fixture(autouse=True)
def parents(tmp_path):
    (tmp_path / "machines").mkdir()


def test_ten_recipes_on_one_backbone_over_two_machines_compute_it_once(machines, stored):
    dataset, photos = stored
    engine, found = Counting(seconds=0.02), []
    train = [photo for photo in photos if photo.split == "train"]

    def recipe(machine):
        found.append(np.array(ask(machine.settings, dataset, photos, engine=engine).array))

    threads = [threading.Thread(target=recipe, args=[machine]) for machine in machines * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 10 and all(np.array_equal(one, found[0]) for one in found)
    assert engine.seen == len(train) + 1  # and the first photo once more, for the shape


def test_what_it_cost_is_known_on_the_other_machine(machines, stored):
    dataset, photos = stored
    first = ask(machines[0].settings, dataset, photos, engine=Counting(seconds=0.02))
    second = ask(machines[1].settings, dataset, photos, engine=Counting())
    assert first.cost.wall_seconds == second.cost.wall_seconds > 0


def test_who_waits_goes_on_when_the_other_machine_dies(machines, stored):
    dataset, photos = stored
    registry, key = machines[0].registry, key_of(dataset, TINY, "train")
    lease = registry.take(name_of(key), "dead", 3600)
    calls = []

    def waiting():
        calls.append(1)
        if len(calls) == 3:
            registry.release(lease)  # as when it lapses

    engine = Counting()
    ask(machines[1].settings, dataset, photos, engine=engine, waiting=waiting)
    assert len(calls) == 3 and engine.seen


def test_a_stop_gives_the_lease_back(machines, stored):
    dataset, photos = stored

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(machines[0].settings, dataset, photos, progress=stop)
    assert machines[0].registry.held_leases("features/") == []
    assert ask(machines[1].settings, dataset, photos).array.shape[0]


def test_a_store_that_is_away_delays_no_other_run(machines, stored, tmp_path):
    dataset, photos = stored
    (tmp_path / "machines" / "store").rename(tmp_path / "away")
    assert ask(machines[0].settings, dataset, photos).array.shape[0]
    assert machines[0].registry.artifacts() == []


def test_the_store_is_waited_for_where_it_has_them(machines, stored, tmp_path, monkeypatch):
    monkeypatch.setattr("core.artifacts.patience.RETRY_SECONDS", 0.01)
    dataset, photos = stored
    ask(machines[0].settings, dataset, photos)
    store = tmp_path / "machines" / "store"
    store.rename(tmp_path / "away")
    engine = Counting()

    def waiting():
        if not store.exists():
            (tmp_path / "away").rename(store)

    ask(machines[1].settings, dataset, photos, engine=engine, waiting=waiting)
    assert engine.seen == 0 and patiently(lambda: 1, lambda: None) == 1


def test_they_go_with_their_dataset_or_their_backbone(machines, stored):
    dataset, photos = stored
    first = machines[0]
    for forgotten in ({"dataset": dataset.digest}, {"weights": TINY.identity}):
        ask(first.settings, dataset, photos)
        forget_shared(first.settings, first.registry, dataset="ff" * 32)
        forget_shared(first.settings, first.registry, weights="another")
        assert [one.name for one in first.registry.artifacts()] == [name_of(key_of(dataset, TINY, "train"))]
        forget_shared(first.settings, first.registry, **forgotten)
        assert first.registry.artifacts() == [] == first.registry.doomed_blobs()
        shutil.rmtree(features_folder(first.settings))


def test_a_cache_of_this_machine(machines, stored, tmp_path):
    dataset, photos = stored
    settings = replace(machines[0].settings, cache=tmp_path / "cache")
    ask(settings, dataset, photos)
    assert is_stored(key_of(dataset, TINY, "train"), settings)
    assert (tmp_path / "cache" / "features").is_dir() and not features_folder(machines[0].settings).exists()


def test_a_machine_copies_the_rows_that_another_one_computed_for_the_version_before(machines, registry, settings):
    photos = with_pixels(make_photos(per_class=10))
    before, after = make_dataset(photos), make_dataset(photos[1:], id="d-flowers2", version=2)
    first, second = machines
    for machine, dataset in ((first, before), (second, after)):
        shutil.rmtree(dataset_folder(machine.settings, dataset.id).path, ignore_errors=True)
        write(machine.settings, dataset, photos)
        registry.add_dataset(dataset, photos if dataset is before else photos[1:])
    there = dataset_folder(second.settings, after.id)
    (there.path / MANIFEST).touch()
    there.lineage.write_text(json.dumps({"dataset": before.id}))
    ask(first.settings, before, photos, engine=PhotoByPhoto())
    engine = PhotoByPhoto()
    found = ask(second.settings, after, photos[1:], engine=engine)
    assert engine.seen == 1 and len(found.array) == after.split_sizes["train"]
    assert not features_folder(first.settings).joinpath(found.key.name).exists()


def test_at_home_no_registry_is_asked(settings, stored, monkeypatch):
    monkeypatch.setattr(sharing, "registry_of", None)
    assert ask(settings, *stored).array.shape[0]
