"""Own networks on the command line: shown, added, and what is asked before anything is started."""

import json

import pytest

from core.__main__ import main
from tests.added import without_processes
from tests.onnx_files import residual


@pytest.fixture
def path(home, tmp_path):
    found = tmp_path / "My Net.onnx"
    found.write_bytes(residual().SerializeToString())
    return found


@pytest.fixture
def started(monkeypatch):
    """Requests whose process would have been started."""
    return without_processes(monkeypatch)


def test_a_file_is_shown_with_check_photos_under_every_scaling(call, path, capsys):
    found = call("backbones", "show", str(path))["file"]
    assert (found["kind"], found["size"], found["classes"], len(found["compared"])) == ("onnx_file", 32, 5, 5)
    assert main(["backbones", "show", str(path)]) == 0
    text = capsys.readouterr().out
    assert "choose --scaling" in text and "minus_one_to_one" in text and "stem, block1 and block2" in text
    assert main(["backbones", "show", str(path), "--scaling", "bgr", "--last-layer", "one"]) == 0
    text = capsys.readouterr().out
    assert "after one" in text and "zero_to_one" not in text


def test_an_addition_without_a_scaling_is_a_question(call, path, started, capsys):
    assert main(["backbones", "add", str(path)]) != 0
    told = capsys.readouterr().err
    assert "does not say how the pixels of a photo are scaled" in told
    assert "backbones show" in told
    assert started == []


@pytest.mark.parametrize(
    ("options", "answers"),
    [
        (["--scaling", "imagenet"], {"scaling": "imagenet"}),
        (
            ["--mean", ".5", ".4", ".3", "--deviation", "1", "1", "1", "--bgr", "--last-layer", "one"],
            {"mean": [0.5, 0.4, 0.3], "deviation": [1, 1, 1], "bgr": True, "last_layer": "one"},
        ),
        (
            ["--scaling", "bgr", "--licence", "MIT", "--trained-on", "fish"],
            {"scaling": "bgr", "licence": "MIT", "trained_on": "fish"},
        ),
    ],
)
def test_options_are_the_answers_of_the_request(call, path, started, options, answers):
    assert call("backbones", "add", str(path), *options)["name"] == "my-net"
    (folder,) = started
    request = json.loads(folder.request.read_text())
    assert request["answers"] == answers | {"file_name": "My Net.onnx"}
    assert (request["kind"], request["name"]) == ("onnx_file", "my-net")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add", "gone.keras"], "There is no file gone.keras"),
        (["show", "gone.onnx"], "There is no file gone.onnx"),
        (["add", "{path}", "--bgr"], "--bgr belongs to --mean and --deviation"),
        (["add", "{path}", "--scaling", "bgr", "--last-layer", "none"], "has no layer or tensor 'none'"),
        (["add", "{path}", "--mean", "124", "116", "104", "--deviation", "58", "57", "57"], "divide numbers"),
    ],
)
def test_what_cannot_be_added_is_a_sentence_before_anything_starts(path, started, arguments, reason, capsys):
    assert main(["backbones", *(part.replace("{path}", str(path)) for part in arguments)]) != 0
    assert reason in capsys.readouterr().err
    assert started == []
