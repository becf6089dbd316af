"""Stored features: whole or not at all, shared under locks, the longest unused ones go first."""

import json
import os
from dataclasses import replace

import pytest

from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from core.errors import NoSpace
from core.features import store
from core.features.store import FeatureKey, evict, folder_of, forget, is_stored, key_of, make_room, stored_features
from core.files.home import features_folder, features_lock
from core.files.locks import acquire
from core.settings import Settings
from tests import tiny_tokens
from tests.factories import make_dataset, make_photos

KEY = FeatureKey(dataset="d1", split="train", weights="sha256:w", cut="top", size=224)


def keep(settings: Settings, key: FeatureKey, size: int, used_at: float) -> None:
    folder = folder_of(key, settings)
    folder.mkdir(parents=True)
    (folder / "features.npy").write_bytes(b"\0" * size)
    (folder / "meta.json").write_text(json.dumps({"key": vars(key)}))
    os.utime(folder / "meta.json", (used_at, used_at))


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "d2"},
        {"split": "test"},
        {"weights": "w2"},
        {"cut": "block5"},
        {"cut": "block5.pool"},
        {"size": 240},
        {"view": 1},
        {"dtype": "float16"},
    ],
)
def test_another_question_has_another_key(change):
    assert replace(KEY, **change).name != KEY.name


def test_the_same_question_has_the_same_key_in_every_process():
    assert KEY.name == FeatureKey(**vars(KEY)).name
    assert len(KEY.name) == 32 and KEY.name.isalnum()


def test_only_the_longest_unused_go_when_the_limit_is_reached(tmp_path):
    settings = Settings(home=tmp_path, features_limit_bytes=250)
    keys = [replace(KEY, view=view) for view in range(3)]
    for age, key in enumerate(keys):
        keep(settings, key, 100, used_at=1000 - age)
    assert evict(settings) == 100
    assert [is_stored(key, settings) for key in keys] == [True, True, False]


def test_use_saves_from_eviction(tmp_path):
    settings = Settings(home=tmp_path, features_limit_bytes=100)
    old, new = KEY, replace(KEY, view=1)
    keep(settings, old, 100, used_at=1)
    keep(settings, new, 100, used_at=2)
    store.touch(folder_of(old, settings))
    evict(settings)
    assert is_stored(old, settings) and not is_stored(new, settings)


def test_what_is_being_read_stays(tmp_path):
    settings = Settings(home=tmp_path, features_limit_bytes=0)
    keep(settings, KEY, 100, used_at=1)
    reader = acquire(features_lock(settings, KEY.name), shared=True)
    assert evict(settings) == 0 and is_stored(KEY, settings)
    reader.release()
    assert evict(settings) == 100 and not is_stored(KEY, settings)


def test_deleting_a_dataset_takes_its_features_and_no_others(tmp_path):
    settings = Settings(home=tmp_path)
    other = replace(KEY, dataset="d2")
    keep(settings, KEY, 70, used_at=1)
    keep(settings, other, 30, used_at=1)
    assert forget(settings, dataset="d1", dry=True) == 70 and is_stored(KEY, settings)
    assert forget(settings, dataset="d1") == 70
    assert [one.name for one in stored_features(settings)] == [other.name]


def test_a_full_disk_is_named_before_anything_is_written(tmp_path):
    settings = Settings(home=tmp_path)
    features_folder(settings).mkdir()
    with pytest.raises(NoSpace, match="MB left"):
        make_room(settings, 10**18)


def test_leftovers_of_a_killed_eviction_are_swept(tmp_path):
    settings = Settings(home=tmp_path)
    (features_folder(settings) / ".evicted-abc").mkdir(parents=True)
    fresh, abandoned = features_folder(settings) / ".partial-new", features_folder(settings) / ".partial-old"
    fresh.mkdir(), abandoned.mkdir()
    os.utime(abandoned, (1, 1))
    evict(settings)
    assert sorted(path.name for path in features_folder(settings).iterdir()) == [".partial-new"]


def test_a_chosen_pooling_is_part_of_the_key_where_tokens_are_pooled(settings):
    own = tiny_tokens.added(settings, "vit")
    mean = with_input(own, pooling=Pooling.MEAN)
    dataset = make_dataset(make_photos())
    for cut, same in (("top", False), ("block1.pool", False), ("block1", True), ("classes", True)):
        keys = [key_of(dataset, one, "train", cut=cut).name for one in (own, mean)]
        assert (keys[0] == keys[1]) is same, cut
