"""Photos to label next as JSON."""

import json

from core.curation.labelled import label_photos, set_aside
from core.datasets.pool import pool_of
from core.datasets.values import Rejection
from core.files.home import dataset_folder
from core.output.labelling import added_json, order_json, pool_json
from tests.core.advising.test_label_values import make_order
from tests.pools import fill_pool


def test_decided_photos_are_counted_and_no_longer_next(filled, settings):
    dataset = filled.dataset
    pool = fill_pool(settings, dataset, 5)
    label_photos(dataset, {pool[0]: "rose"}, settings=settings)
    set_aside(dataset, pool[1:2], settings=settings)
    found = pool_json(dataset, settings)
    assert (found["unlabelled"], found["labelled"], found["excluded"]) == (3, {"rose": 1}, 1)
    left_out = (Rejection(file="a.jpg", reason="is a copy of b.jpg, which has a class"),)
    shown = order_json(dataset, make_order(*pool, left_out=left_out), settings, 2)
    assert shown["left_out"] == [{"file": "a.jpg", "reason": "is a copy of b.jpg, which has a class"}]
    assert [one["digest"] for one in shown["photos"]] == pool[2:4] and shown["run"] is None
    assert json.loads(json.dumps(shown)) == shown


def test_what_was_added(filled, settings):
    fill_pool(settings, filled.dataset, 2)
    (part,) = pool_of(dataset_folder(settings, filled.dataset.id))
    found = added_json(filled.dataset, part, settings)
    assert found["added"] == ["pool-00.jpg", "pool-01.jpg"] and found["left_out"] == [] and found["unlabelled"] == 2
