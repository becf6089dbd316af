"""Putting again what the store lost, from a machine that still has it."""

import pytest

from core.artifacts import bringing, parts
from core.artifacts.fetching import Altered
from core.artifacts.repair import Repair, repair
from core.files.here import dataset_here
from core.runs.values import Status
from tests.factories import fill
from tests.machines import stored


@pytest.fixture
def filled(machines):
    first, second = machines
    found = fill(first.registry, first.settings)
    parts.publish_missing(first.settings, first.registry, lambda name: None)
    yield first, second, found
    bringing._registry_of.cache_clear()


def test_an_intact_store_is_left_alone(filled, store):
    first, _, _ = filled
    assert repair(first.settings, first.registry) == Repair(checked=len(stored(store)), repaired=0)


def test_lost_and_altered_blobs_are_put_again(filled, store):
    first, second, found = filled
    listing = first.registry.artifact(f"datasets/{found.dataset.id}").digest
    paths = sorted(path for path in store.rglob("*") if path.is_file() and path.name != listing)
    paths[0].unlink()
    paths[1].write_bytes(b"?")
    (store / "blobs" / listing[:2] / listing).write_bytes(b"?")
    with pytest.raises(Altered, match="core artifacts --repair"):
        dataset_here(second.settings, found.dataset.id)
    assert repair(second.settings, second.registry).repaired == 0  # it has nothing
    assert repair(first.settings, first.registry).repaired == 3
    assert dataset_here(second.settings, found.dataset.id).path.is_dir()


def test_what_differs_from_what_was_published_is_not_put(filled, store):
    first, _, found = filled
    run = found.with_status(Status.FINISHED)[0]
    folder, names = parts.names_in(first.home, f"runs/{run.id}/results")
    (folder / names[0]).write_bytes(b"another")
    before = stored(store)
    assert repair(first.settings, first.registry).repaired == 0 and stored(store) == before
