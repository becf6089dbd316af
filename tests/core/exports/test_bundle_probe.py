"""Files from outside are opened in a process of their own."""

import json

import pytest

from core.errors import InvalidInput
from core.exports.bundle_probe import probe
from core.files.atomic import digest_of


def test_files_that_are_no_engine_are_refused_in_words(tmp_path):
    folder = tmp_path / "r-one" / "model"
    folder.mkdir(parents=True)
    (folder / "network.tflite").write_bytes(b"not a flatbuffer")
    entry = {"file": "network.tflite", "sha256": digest_of(folder / "network.tflite")}
    answer = {"kind": "network", "file": "network.tflite", "input_size": 8}
    (folder / "card.json").write_text(json.dumps({"class_names": ["a", "b"], "answer": answer, "engines": [entry]}))
    with pytest.raises(InvalidInput, match=r"The model of the bundle cannot be used: .*network\.tflite"):
        probe(folder)


def test_a_process_that_ends_is_a_refusal(tmp_path, monkeypatch):
    monkeypatch.setattr("core.exports.bundle_probe.sys.executable", "/bin/false")
    with pytest.raises(InvalidInput, match="ended the process"):
        probe(tmp_path)
