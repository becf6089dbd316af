"""Whose features are used."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.curation import inputs
from core.curation.decisions import PhotoAction, decide
from core.curation.inputs import CHEAPEST, choose_backbone, features_for
from core.curation.versions import apply_decisions
from core.errors import Unavailable
from core.files.home import dataset_folder
from core.planning import copied_rows
from tests.core.curation.conftest import clustered, quiet
from tests.factories import make_dataset
from tests.stored_features import RowsEngine


def test_without_stored_features_the_cheapest_backbone_is_taken(dataset, registry, settings):
    assert choose_backbone(dataset, registry, settings).name == CHEAPEST


def test_the_most_accurate_stored_backbone_is_taken(dataset, registry, settings, store):
    store(dataset, clustered(dataset), "mobilenet_v1")
    assert choose_backbone(dataset, registry, settings).name == "mobilenet_v1"
    store(dataset, clustered(dataset), "efficientnet_lite1")
    assert choose_backbone(dataset, registry, settings).name == "efficientnet_lite1"


def test_of_a_new_version_the_backbone_of_the_version_before_is_taken(dataset, registry, settings, store, monkeypatch):
    monkeypatch.setattr(RowsEngine, "name", "LiteRT")  # it computes photo by photo
    monkeypatch.setattr(copied_rows, "needs_export", lambda *_: False)
    photos = [replace(photo, pixels=photo.digest) for photo in registry.photos(dataset.id)]
    known = make_dataset(photos, id="d-known", name="known", digest="a" * 64)
    registry.add_dataset(known, photos)
    shutil.copytree(dataset_folder(settings, dataset.id).path, dataset_folder(settings, known.id).path)
    store(known, clustered(known), "efficientnet_lite1")
    decide(known, [photos[0].digest], PhotoAction.EXCLUDE, "", registry=registry, settings=settings)
    made = apply_decisions(known, registry=registry, settings=settings)
    assert choose_backbone(made, registry, settings).name == "efficientnet_lite1"
    monkeypatch.setattr(copied_rows, "needs_export", lambda *_: True)  # nothing could compute a photo that is new
    assert choose_backbone(made, registry, settings).name == CHEAPEST


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
