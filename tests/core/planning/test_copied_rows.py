"""A plan counts the rows of features that are copied, which are those that would be."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from core.features.reusing import record_photos
from core.features.store import folder_of, key_of
from core.planning import copied_rows
from core.planning.copied_rows import CopiedRows
from core.planning.decide import Decision, Plan
from core.planning.estimates import Estimator
from core.recipes.hyperparameters import Hyperparameters, ViewSettings
from core.recipes.recipe import Recipe
from tests.core.features.test_photo_pass import NEW, after, before, write
from tests.tiny import use_tiny

__all__ = ["after", "before", "write"]  # fixtures


@pytest.fixture
def tiny(monkeypatch):
    return use_tiny(monkeypatch, keras=False)


def store(settings, dataset, photos, backbone, split, engine="LiteRT", known=True, **options):
    """Features of a split, as a pass leaves them."""
    key = key_of(dataset, backbone, split, **options)
    own = [photo for photo in photos if photo.split == split]
    folder = folder_of(key, settings)
    folder.mkdir(parents=True)
    np.save(folder / "features.npy", np.zeros((len(own), 8), np.float32))
    cost = {"wall_seconds": 1.0, "cpu_seconds": 1.0}
    meta = {"key": asdict(key), "shape": [len(own), 8], "engine": engine, "backbone": backbone.name, "cost": cost}
    (folder / "meta.json").write_text(json.dumps(meta))
    if known:
        record_photos(folder, own)


@pytest.fixture
def both(registry, before, after):
    for dataset, photos in (before, after):
        registry.add_dataset(dataset, photos)
    return before, after


def counted(registry, settings, dataset, tiny, split="train", **options):
    return CopiedRows(registry, settings).count([key_of(dataset, tiny, split, **options)], dataset)


def test_photos_are_counted_in_whatever_split_of_the_other_dataset_they_are(registry, settings, both, tiny):
    (before, photos), (after, _) = both
    train = after.split_sizes["train"]
    assert counted(registry, settings, after, tiny) == 0
    store(settings, before, photos, tiny, "train")
    assert counted(registry, settings, after, tiny) == train - NEW - 1
    store(settings, before, photos, tiny, "test")
    assert counted(registry, settings, after, tiny) == train - NEW, "one photo was a test photo before"
    assert counted(registry, settings, after, tiny, "test") == after.split_sizes["test"]


def test_other_settings_engines_that_compute_batches_and_unknown_photos_do_not_count(registry, settings, both, tiny):
    (before, photos), (after, _) = both
    store(settings, before, photos, tiny, "train", which=ViewSettings(1, 0))
    store(settings, before, photos, tiny, "train", cut="block1.pool")
    store(settings, before, photos, tiny, "train", engine="TensorFlow")
    store(settings, before, photos, tiny, "test", known=False)
    assert counted(registry, settings, after, tiny) == 0
    assert counted(registry, settings, after, tiny, which=ViewSettings(1, 0)) == after.split_sizes["train"] - NEW - 1
    assert counted(registry, settings, after, replace(tiny, input_size=32)) == 0


def test_of_several_cuts_the_one_with_fewest_counts(registry, settings, both, tiny):
    (before, photos), (after, _) = both
    store(settings, before, photos, tiny, "train")
    keys = [key_of(after, tiny, "train", cut=cut) for cut in ("top", "block1.pool")]
    found = CopiedRows(registry, settings)
    assert found.count(keys[:1], after) == after.split_sizes["train"] - NEW - 1
    assert found.count(keys, after) == found.count([], after) == 0


def test_a_plan_on_a_new_version_takes_less_and_as_if_alone_the_same(registry, settings, both, tiny):
    (before, photos), (after, _) = both

    def plan():
        recipe = Recipe(backbone=tiny.name, hyperparameters=Hyperparameters(epochs=1, views=1))
        wanted = Plan(dataset_id=after.id, recipe=recipe, fingerprint="f", decision=Decision.NEW, because="")
        return Estimator(registry, settings).estimate(wanted, after)

    anew = plan()
    for split in ("train", "validation", "test"):
        store(settings, before, photos, tiny, split)
    copied = plan()
    saved = anew.estimate_seconds - copied.estimate_seconds
    assert saved > 0 and copied.saves_seconds - anew.saves_seconds == pytest.approx(saved)
    assert copied.work.alone == pytest.approx(anew.work.alone)
    assert sum(one.copied for one in copied.work.shared) == after.photo_count - NEW
    assert not copied.features_stored and copied.disk_bytes == anew.disk_bytes, "copies take space of their own"
    assert copied.work.times(2.0).shared[-1].copied_seconds == pytest.approx(2 * copied.work.shared[-1].copied_seconds)


def test_nearly_stored_means_that_few_photos_are_left_and_an_engine_is_there(
    registry, settings, both, tiny, monkeypatch
):
    (before, photos), (after, _) = both
    monkeypatch.setattr(copied_rows, "needs_export", lambda *_: False)
    store(settings, before, photos, tiny, "validation")
    found = CopiedRows(registry, settings)
    assert found.is_nearly_stored(tiny, after, "validation") and not found.is_nearly_stored(tiny, after, "train")
    assert found.is_nearly_stored(tiny, before, "validation"), "these are stored"
    monkeypatch.setattr(copied_rows, "needs_export", lambda *_: True)
    assert not found.is_nearly_stored(tiny, after, "validation")
