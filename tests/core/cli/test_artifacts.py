"""``core artifacts``: what the store has, publishing and repair."""

import shutil

import pytest

from core.__main__ import main
from tests.factories import fill


@pytest.fixture
def store(tmp_path, monkeypatch):
    folder = tmp_path / "store"
    folder.mkdir()
    monkeypatch.setenv("GRAFT_ARTIFACTS", folder.as_uri())
    return folder


def test_without_a_store_it_says_what_to_set(call):
    assert "Set it to file:///folder" in call("artifacts", code=1)


def test_a_home_is_published_and_repaired(call, registry, settings, store, capsys):
    fill(registry, settings)
    before = call("artifacts")
    assert before["kinds"] == [] and before["only_here"]
    after = call("artifacts", "--publish")
    assert after["published"] == len(before["only_here"]) and after["only_here"] == [] and after["to_delete"] == 0
    assert {row["kind"] for row in after["kinds"]} >= {"datasets", "results"}
    assert main(["artifacts"]) == 0
    assert "datasets" in capsys.readouterr().out
    shutil.rmtree(store / "blobs")
    repaired = call("artifacts", "--repair")
    assert repaired["repaired"] == repaired["checked"] > 0


def test_a_store_that_is_away_is_one_sentence(call, registry, settings, store):
    fill(registry, settings)
    store.rmdir()
    assert "Mount it on this machine" in call("artifacts", "--publish", code=1)
