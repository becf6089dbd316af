"""Forgetting: blobs go when nothing needs them, and never while a publication does."""

from dataclasses import replace

import pytest

from core.artifacts import garbage
from core.artifacts.fetching import fetch
from core.artifacts.garbage import collect, forget
from core.artifacts.publishing import publish
from core.errors import Unavailable
from core.registry.artifacts import Artifact
from core.registry.schema import leases
from tests.machines import read, stored, write


def put(machine, name, **files):
    return publish(machine.settings, machine.registry, name, write(machine.home / name, **files), 1)


def test_a_blob_that_two_share_goes_with_the_second(machines, store):
    first, _ = machines
    put(first, "datasets/d-1", one=b"1", both=b"2")
    put(first, "datasets/d-2", both=b"2")
    assert len(stored(store)) == 4
    forget(first.settings, first.registry, ["datasets/d-1"])
    assert len(stored(store)) == 2
    forget(first.settings, first.registry, ["datasets/d-2", "datasets/d-3"])
    assert stored(store) == set()


def test_a_newer_version_deletes_what_only_the_former_needed(machines, store):
    first, _ = machines
    put(first, "datasets/d-1", one=b"1", two=b"2")
    before = stored(store)
    put(first, "datasets/d-1", one=b"new")
    assert len(stored(store)) == 3 and len(stored(store) & before) == 1


def test_what_a_killed_publication_put_is_deleted_when_its_lease_lapses(machines, blobs, store):
    first, _ = machines
    lease = first.registry.take("publish/1", "killed", 60)
    blobs.put("ab" * 32, b"half")
    first.registry.expect_blobs(lease.name, ["ab" * 32])
    assert collect(first.registry, blobs) == 0 and stored(store)
    with first.registry.writing() as connection:
        connection.execute(leases.update().values(expires_at=1.0))
    assert collect(first.registry, blobs) == 1 and not stored(store)
    assert first.registry.lost_publications() == []


def test_a_publication_under_way_keeps_its_blobs(machines, blobs, store):
    first, second = machines
    put(first, "datasets/d-1", one=b"1")
    digests = stored(store)
    second.registry.take("publish/2", "second", 60)
    assert second.registry.expect_blobs("publish/2", digests) == []
    forget(first.settings, first.registry, ["datasets/d-1"])
    assert stored(store) == digests
    second.registry.publish_artifact(
        Artifact(name="datasets/d-2", token=1, digest=max(digests), size_bytes=1, files=1), "publish/2"
    )
    assert collect(first.registry, blobs) == 0 and stored(store) == digests


def test_a_blob_that_is_being_deleted_is_put_again_by_the_next_publication(machines, store, monkeypatch):
    first, second = machines
    put(first, "datasets/d-1", one=b"1")
    monkeypatch.setattr(garbage, "collect", lambda *_: 0)  # killed between the two steps
    forget(first.settings, first.registry, ["datasets/d-1"])
    assert len(first.registry.doomed_blobs()) == 2
    put(second, "datasets/d-2", one=b"1")
    assert fetch(first.settings, first.registry, "datasets/d-2", first.home / "copy")
    assert read(first.home / "copy") == {"one.bin": b"1"}


def test_two_do_not_delete_at_once(machines, blobs):
    first, second = machines
    second.registry.take("artifacts/collection", "another", 60)
    assert garbage.delete_doomed(first.registry, blobs) is None


def test_a_store_that_is_away_is_said_and_the_next_collection_deletes(machines, blobs, store):
    first, _ = machines
    put(first, "datasets/d-1", one=b"1")
    store.rename(store.with_name("away"))
    with pytest.raises(Unavailable):
        forget(first.settings, first.registry, ["datasets/d-1"])
    assert first.registry.artifacts() == []
    store.with_name("away").rename(store)
    assert collect(first.registry, blobs) == 2 and not stored(store)


def test_at_home_nothing_is_forgotten(machines):
    first, _ = machines
    put(first, "datasets/d-1", one=b"1")
    forget(replace(first.settings, artifacts=""), first.registry, ["datasets/d-1"])
    assert first.registry.artifact("datasets/d-1")


def test_every_holder_has_a_name_of_its_own():
    assert garbage.holder() != garbage.holder()
