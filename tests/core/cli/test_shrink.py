"""``core shrink``."""

import json

import pytest

from core import jobs
from core.__main__ import main
from core.files.home import run_folder
from tests.tiny_lite import give_network


@pytest.fixture
def source(home, finished, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda _settings: None)
    dataset = registry.dataset(registry.run(finished[0]).dataset_id)
    give_network(run_folder(home, finished[0]).model, classes=len(dataset.class_names))
    return finished[0]


def test_it_launches_the_precisions_that_are_named(source, capsys):
    assert main(["shrink", source, "--precision", "int8", "float16", "--no-wait", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["run"] == source and made["models"] == [] and made["recommended"] is None
    assert [one["status"] for one in made["runs"]] == ["SCHEDULED", "SCHEDULED"]
    assert [one["name"].rpartition(" · ")[2] for one in made["runs"]] == ["int8", "float16"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--precision", "int4"], "--precision must be one of: float16, int8_weights, int8. Received: int4"),
        (["--most-loss", "0"], "--most-loss must be above 0"),
    ],
)
def test_what_is_impossible_is_one_sentence(source, capsys, options, words):
    assert main(["shrink", source, *options]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
