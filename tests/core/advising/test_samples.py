"""Nested samples and their features."""

import numpy as np
import pytest

from core.advising.samples import SampleFeatures, nested
from core.features.compute import features_of
from tests.core.advising.conftest import ClassesEngine


@pytest.fixture
def sample(dataset, contenders, registry, settings, asked):
    """Features of the first contender, by the tests' engine."""
    one = contenders[0]
    train, validation = (nested(registry.photos(dataset.id, split=split)) for split in ("train", "validation"))

    def made(cuts=("top",), engine=None):
        own = engine or (lambda cut: ClassesEngine(registry, dataset, one, cut, asked))
        return SampleFeatures(dataset, one.backbone, cuts, train, validation, settings, engine=own)

    return made


def test_a_small_sample_has_every_class_and_a_larger_one_the_same_photos(dataset, registry):
    photos = registry.photos(dataset.id, split="train")
    order = nested(photos)
    assert sorted(order, key=lambda one: one.digest) == sorted(photos, key=lambda one: one.digest)
    assert {photo.class_name for photo in order[:4]} == set(dataset.class_names)
    counts = [sum(photo.class_name == name for photo in order[:40]) for name in dataset.class_names]
    assert max(counts) - min(counts) <= 1
    assert nested(list(reversed(photos))) == order and nested(photos, seed=1) != order


def test_features_are_computed_for_the_photos_that_are_asked_for_once(sample, asked):
    features = sample()
    first = features.rows("top", "train", 10)
    assert len(asked) == 10 and features.computed == 10
    more = features.rows("top", "train", 15)
    assert len(asked) == 15 and (more[:10] == first).all()
    assert len(features.rows("top", "train", 5)) == 5 and len(asked) == 15


def test_cuts_are_computed_together(sample, asked, contenders):
    cuts = contenders[0].cuts
    features = sample(cuts)
    widths = {cut: features.rows(cut, "validation", 6).shape[1] for cut in cuts}
    assert len(asked) == 6 and widths["top"] == contenders[0].backbone.feature_size


def test_what_is_stored_is_read(sample, asked, dataset, contenders, registry, settings):
    one = contenders[0]
    for split in ("train", "validation"):
        photos = registry.photos(dataset.id, split=split)
        engine = ClassesEngine(registry, dataset, one, "top", asked)
        features_of(photos, dataset=dataset, backbone=one.backbone, settings=settings, engine=lambda made=engine: made)
    expected = sample()
    asked.clear()

    def refuse(_):
        raise AssertionError("nothing is to be computed")

    stored = sample(engine=refuse)
    assert stored.is_stored
    rows = stored.rows("top", "train", 12)
    again = ClassesEngine(registry, dataset, one, "top", asked)
    wanted = np.stack([again._row(photo) for photo in expected.train[:12]])
    assert rows == pytest.approx(wanted, abs=1e-5)


def test_cuts_that_are_not_stored_are_computed_alone(sample, asked, dataset, contenders, registry, settings):
    one = contenders[0]
    for split in ("train", "validation"):
        photos = registry.photos(dataset.id, split=split)
        engine = ClassesEngine(registry, dataset, one, "top", asked)
        features_of(photos, dataset=dataset, backbone=one.backbone, settings=settings, engine=lambda made=engine: made)
    cuts = (one.cuts[0], "top")
    features = sample(cuts)
    assert not features.is_stored
    asked.clear()
    assert len(features.rows("top", "train", 8)) == 8 and not asked
    assert len(features.rows(one.cuts[0], "train", 8)) == 8 and len(asked) == 8
