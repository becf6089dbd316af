"""What belongs to nothing in a home is found and named."""

import json
import os
import shutil
import time

import pytest

from core.__main__ import main
from core.files.home import dataset_folder, datasets_folder, features_folder, run_folder, runs_folder, uploads_folder
from core.files.locks import try_acquire
from core.runs.values import Status
from core.workbench.orphans import orphans, told
from tests.factories import make_run


@pytest.fixture
def home(bench, settings, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    return settings


def test_a_home_in_order_has_none(bench, home):
    assert orphans(home, bench.registry) == {}
    assert told({}) == "none"


def test_everything_that_belongs_to_nothing_is_named(bench, home, finished_runs, dataset, capsys):
    (runs_folder(home) / "r-stranger").mkdir()
    (datasets_folder(home) / "d-stranger").mkdir()
    shutil.rmtree(run_folder(home, finished_runs[0].id).path)
    (uploads_folder(home) / "upload-lost").write_bytes(b"PK")
    draft = home.home / ".card.json.12345678.part"
    draft.write_text("{")
    old = time.time() - 7200
    os.utime(draft, (old, old))
    (features_folder(home) / ".partial-abc").mkdir()  # perhaps being computed
    shutil.move(dataset_folder(home, dataset).path, home.home / "moved")
    assert orphans(home, bench.registry) == {
        "run folders without a run": ["r-stranger"],
        "runs without a folder": [finished_runs[0].id],
        "dataset folders without a dataset": ["d-stranger"],
        "datasets without a folder": [dataset],
        "uploads that nothing uses": ["upload-lost"],
        "drafts of killed processes": [".card.json.12345678.part"],
    }
    assert main(["doctor", "--json"]) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert not checks["Orphans"]["good"]
    assert "run folders without a run: r-stranger" in checks["Orphans"]["found"]


def test_what_is_in_use_is_none(bench, home, dataset):
    upload = uploads_folder(home) / "upload-going-on"
    waiting = bench.registry.add_run(make_run(99, dataset=bench.registry.dataset(dataset)))
    assert waiting.status is Status.SCHEDULED
    with try_acquire(upload):
        assert orphans(home, bench.registry) == {}


def test_of_very_many_the_first_three_are_named():
    assert told({"runs without a folder": list("abcde")}) == "runs without a folder: a, b, c and 2 more"
