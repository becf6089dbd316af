"""Collections as JSON."""

import json

from core.curation.collection import PhotoFilter, make_collection
from core.output.collections import collection_json, collections_json


def test_only_collections_are_listed_with_their_filter(bench, filled):
    assert collections_json(bench) == {"collections": []}
    chosen = PhotoFilter(classes=("rose", "tulip"))
    made, _ = make_collection(filled.dataset, "two", chosen, registry=bench.registry, settings=bench.settings)
    (row,) = json.loads(json.dumps(collections_json(bench)))["collections"]
    assert row == json.loads(json.dumps(collection_json(bench, made))) and row["filter"]["classes"] == ["rose", "tulip"]
    assert collection_json(bench, filled.dataset)["filter"] is None
