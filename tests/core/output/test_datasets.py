"""Datasets as JSON."""

from core.output.datasets import dataset_row, datasets_json, imported_json
from tests.findings import store_findings


def test_a_dataset_has_its_classes_splits_and_problems(bench, filled):
    row = dataset_row(bench, filled.dataset)
    assert row["dataset"] == filled.dataset.id and row["name"] == "flowers" and row["version"] == 1
    assert set(row["classes"]) == set(filled.dataset.class_names) and set(row["splits"]) >= {"train", "test"}
    assert row["fit"] == (row["problems"] == [])
    assert datasets_json(bench) == {"datasets": [row]}
    assert not row["checked"]
    store_findings(filled.dataset, bench.settings)
    assert dataset_row(bench, filled.dataset)["checked"]


def test_an_import_that_brought_nothing_new_says_so(bench, filled):
    new = imported_json(bench, filled.dataset, None, "flowers")
    assert not new["already_there"] and new["message"] == "" and new["accepted"] == filled.dataset.photo_count
    assert new["rejected"] == [{"file": "rose/notes.txt", "reason": "it is not a photo"}]
    again = imported_json(bench, filled.dataset, filled.dataset, "other")
    assert again["already_there"] and "the name 'other' was not used" in again["message"]
