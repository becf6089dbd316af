"""Shards of an array: which rows they have, what they are called, and which belong together."""

import numpy as np
import pytest

from core.features import shards
from core.features.engines import PHOTO_BY_PHOTO
from core.features.shards import ShardSet, complete_set, is_sharded, name_of, published_sets, sets_at_work, values_of
from core.features.store import key_of
from core.registry.artifacts import Artifact
from tests.factories import make_dataset
from tests.tiny import TINY

KEY = key_of(make_dataset(), TINY, "train")


@pytest.fixture
def publish(registry):
    def publish(*names):
        for name in names:
            assert registry.expect_blobs("publish/x", ["blob", name]) == []
            registry.publish_artifact(Artifact(name=name, token=1, digest=name, size_bytes=9, files=3), "publish/x")

    return publish


def test_an_array_is_divided_by_a_fixed_number_of_photos():
    assert not is_sharded(8192) and is_sharded(8193)
    assert [ShardSet.of(KEY, "ab", rows).count for rows in (8193, 16384, 16385, 1_000_000)] == [2, 2, 3, 123]
    assert ShardSet.of(KEY, "ab", 20_000).first_row(2) == 16_384


def test_batches_hold_the_same_photos_as_in_one_pass_over_all():
    for batch in (1, 8, 64):  # LiteRT and ONNX Runtime, TensorFlow on the CPU, TensorFlow on a GPU
        assert shards.SHARD_PHOTOS % batch == 0


def test_values_of_engines_that_compute_photo_by_photo_are_known_by_their_bits():
    row = np.float32([1, 2, 3])
    other = np.nextafter(row, np.float32(9))
    for engine in PHOTO_BY_PHOTO:
        assert values_of(engine, row) == values_of(engine, row.copy()) != values_of(engine, other)
    assert values_of("LiteRT", row) != values_of("ONNX Runtime", row)
    assert values_of("TensorFlow", row) == values_of("TensorFlow", other), "batches change the last bits"


def test_the_names_are_the_index(registry, publish):
    one, other = (ShardSet.of(KEY, values, 20_000) for values in ("ab12", "cd34"))
    assert one.artifact(2) == f"{name_of(KEY)}/ab12-8192-3/00002"
    publish(one.artifact(0), one.artifact(2), other.artifact(0), name_of(key_of(make_dataset(), TINY, "test")))
    assert published_sets(registry, KEY) == {one: {0, 2}, other: {0}}
    assert complete_set(registry, KEY) is None
    publish(one.artifact(1))
    assert complete_set(registry, KEY) == one


def test_shards_of_another_size_are_another_set(registry, publish, monkeypatch):
    publish(*(ShardSet.of(KEY, "ab", 20_000).artifact(number) for number in range(2)))
    monkeypatch.setattr(shards, "SHARD_PHOTOS", 10_000)
    smaller = ShardSet.of(KEY, "ab", 20_000)
    assert smaller.count == 2 and complete_set(registry, KEY) is None
    publish(*(smaller.artifact(number) for number in range(2)))
    assert complete_set(registry, KEY) == smaller


def test_who_is_at_work_is_seen_by_the_leases(registry):
    one = ShardSet.of(KEY, "ab", 20_000)
    lease = registry.take(one.artifact(1), "a machine")
    registry.take(name_of(KEY), "a machine with the whole array")
    assert sets_at_work(registry, [KEY]) == {one: {1}}
    registry.release(lease)
    assert sets_at_work(registry, [KEY]) == {}
