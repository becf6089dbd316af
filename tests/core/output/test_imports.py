"""Imports in the background as JSON."""

import json

from core.datasets import ImportProgress
from core.datasets.values import Rejection
from core.jobs.background_imports import ImportJob, KnownUpload
from core.output.imports import import_row


def test_a_running_import_has_progress_and_no_dataset(bench):
    job = ImportJob(
        id="1", title="flowers", state="running", progress=ImportProgress(stage="Decoding", done=3, total=9)
    )
    row = json.loads(json.dumps(import_row(bench, job)))
    assert (row["progress"]["stage"], row["progress"]["done"], row["dataset"]) == ("Decoding", 3, None)


def test_an_import_that_is_done_has_its_dataset_also_where_it_was_known(bench, filled):
    done = ImportJob(id="1", title="flowers", state="done", dataset_id=filled.dataset.id)
    row = import_row(bench, done)
    assert row["dataset"]["dataset"] == filled.dataset.id and not row["dataset"]["already_there"]
    upload = KnownUpload(notes=("read by folders",), skipped=1, rejections=(Rejection(file="a", reason="b"),))
    known = ImportJob(id="1", title="x", state="done", dataset_id=filled.dataset.id, known=upload, message="Known.")
    row = import_row(bench, known)["dataset"]
    assert row["already_there"] and row["message"] == "Known." and row["notes"] == ["read by folders"]
    assert row["rejected"] == [{"file": "a", "reason": "b"}]


def test_a_dataset_that_was_deleted_since_is_none(bench):
    assert import_row(bench, ImportJob(id="1", title="x", state="done", dataset_id="d-gone"))["dataset"] is None
