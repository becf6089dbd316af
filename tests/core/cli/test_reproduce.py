"""The command line's verbs that build on finished runs."""

import json
import sys
from types import SimpleNamespace

import pytest

from core.__main__ import main
from tests.core.workbench.test_launch import combine


@pytest.fixture
def finished(home, finished, monkeypatch):
    """Runs that can be combined at once."""
    monkeypatch.setitem(sys.modules, "core.models.cascades.combine", SimpleNamespace(combine=combine))
    return finished


def test_an_ensemble_is_one_object_with_its_accuracy_and_parents(finished, capsys):
    assert main(["ensemble", *finished[:2], "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["status"], made["decision"]) == ("FINISHED", "new") and made["accuracy"] > 0
    assert main(["show", made["run"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lineage"]["parents"] == finished[:2]
    assert main(["ensemble", *finished[:2]]) == 0
    assert "combined before" in capsys.readouterr().out
    assert main(["show", made["run"]]) == 0
    told = capsys.readouterr().out
    assert f"Ensemble, {finished[0]}, {finished[1]}" in told and "best epoch" not in told


def test_a_confidence_cascade_says_what_was_chosen(finished, capsys):
    assert main(["confidence", *finished[:2], "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["recipe"]["members"] == finished[:2] and "choice" in made


@pytest.mark.parametrize(
    ("command", "words"),
    [(["ensemble", 0], "two to fifty"), (["confidence", 0, 0], "Received twice"), (["ensemble", 0, "r-x"], "r-x")],
)
def test_what_cannot_be_combined_is_one_sentence(finished, capsys, command, words):
    assert main([finished[part] if isinstance(part, int) else part for part in command]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_reproduce_shows_both_figures_of_every_metric(finished, capsys):
    assert main(["ensemble", *finished[:2], "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert main(["reproduce", made["run"]]) == 0
    told = capsys.readouterr().out
    assert "Both runs are identical to the last bit." in told and "test accuracy" in told and "(+0)" in told
