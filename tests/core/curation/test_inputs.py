"""Whose features are used."""

import numpy as np
import pytest

from core.curation import inputs
from core.curation.inputs import CHEAPEST, choose_backbone, features_for
from core.errors import Unavailable
from tests.core.curation.conftest import clustered, quiet


def test_without_stored_features_the_cheapest_backbone_is_taken(dataset, registry, settings):
    assert choose_backbone(dataset, registry, settings).name == CHEAPEST


def test_the_most_accurate_stored_backbone_is_taken(dataset, registry, settings, store):
    store(dataset, clustered(dataset), "mobilenet_v1")
    assert choose_backbone(dataset, registry, settings).name == "mobilenet_v1"
    store(dataset, clustered(dataset), "efficientnet_lite1")
    assert choose_backbone(dataset, registry, settings).name == "efficientnet_lite1"


def test_features_of_some_splits_do_not_count(dataset, registry, settings, store, bench):
    from core.backbones import get
    from tests.stored_features import store_features

    store_features(bench, dataset.id, get("efficientnet_lite2"), clustered(dataset))  # none of the test photos
    assert choose_backbone(dataset, registry, settings).name == CHEAPEST


def test_rows_are_of_length_one_in_the_order_of_the_photos(dataset, registry, settings, store):
    row = clustered(dataset)
    store(dataset, row)
    found = features_for(dataset, registry=registry, settings=settings, progress=quiet)
    assert list(found.photos) == registry.photos(dataset.id)
    expected = np.array([row(photo) / np.linalg.norm(row(photo)) for photo in found.photos])
    assert found.rows == pytest.approx(expected, abs=1e-5)


def test_features_that_are_no_numbers_become_zeros(dataset, registry, settings, store):
    store(dataset, lambda photo: [np.nan if photo.class_name == "rose" else 1.0, 2.0])
    found = features_for(dataset, registry=registry, settings=settings, progress=quiet)
    zero = {photo.class_name for photo, row in zip(found.photos, found.rows, strict=True) if not row.any()}
    assert zero == {"rose"}


def test_where_no_features_can_be_computed_the_reason_is_kept(dataset, registry, settings, monkeypatch):
    def refuse(*_, **__):
        raise Unavailable("There is no network.")

    monkeypatch.setattr(inputs, "features_of", refuse)
    found = features_for(dataset, registry=registry, settings=settings, progress=quiet)
    assert found.rows is None and found.backbone is None and found.problem == "There is no network."
