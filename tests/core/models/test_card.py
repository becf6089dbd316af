"""The card of a model names its files with their digests, and the registry's entry points at the right one."""

import json

import pytest

from core.files.atomic import digest_of
from core.models.card import keras_output, model_of, write_card
from core.models.inference.nodes import Network
from tests.factories import make_run

GRAPH = Network(file="network.tflite", input_size=8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "network.tflite").write_bytes(b"network")
    (tmp_path / "model.keras").write_bytes(b"keras")
    return tmp_path


def test_the_card_on_disk_is_the_returned_one_with_graph_files_and_versions(folder):
    card = write_card(folder, {"title": "One"}, GRAPH, model=folder / "model.keras", packages=["numpy"])
    assert json.loads((folder / "card.json").read_text()) == card
    assert card["answer"] == {"kind": "network", "file": "network.tflite", "input_size": 8, "fit": "squash"}
    assert card["engines"] == [{"file": "network.tflite", "sha256": digest_of(folder / "network.tflite")}]
    known = {"file": "model.keras", "sha256": digest_of(folder / "model.keras"), "bytes": 5}
    assert card["model"] == known | {"output": "probabilities"}
    assert list(card["versions"]) == ["numpy"]


def test_a_model_that_is_its_card_has_no_file_in_keras_and_needs_no_graph(folder):
    card = write_card(folder, {}, None, model=None, packages=[])
    assert (card["answer"], card["engines"], card["model"]) == (None, [], None)
    model = model_of(make_run(), card, folder / "card.json", folder)
    assert model.path == "card.json" and model.sha256 == digest_of(folder / "card.json")
    assert model.created_at == card["created_at"] and model.card is card


def test_a_card_says_what_model_keras_returns_also_an_older_one():
    sklearn, keras = {"recipe": {"pattern": "standalone_extractor"}}, {"recipe": {"pattern": "fine_tuning"}}
    assert keras_output(sklearn | {"model": {"file": "model.keras"}}) == "features"
    assert keras_output(sklearn | {"model": {"file": "model.keras", "output": "probabilities"}}) == "probabilities"
    assert keras_output(keras | {"model": {"file": "model.keras"}}) == "probabilities"
