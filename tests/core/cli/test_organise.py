"""Keeping order from the command line."""

import io

from core.__main__ import main
from core.files.home import registry_file, run_folder
from core.runs.values import Status
from tests.factories import fill


def test_stars_and_tags_narrow_the_list_of_runs(call, finished):
    call("star", *finished)
    assert call("star", finished[0], "--off")["runs"][0]["starred"] is False
    assert {row["run"] for row in call("runs", "--starred")["runs"]} == set(finished[1:])
    call("tag", *finished[1:3], "--add", "night", "to show")
    assert call("tag", finished[1], "--remove", "night")["runs"][0]["tags"] == ["to show"]
    assert [row["run"] for row in call("runs", "--tag", "night")["runs"]] == [finished[2]]
    assert "--add TAG" in call("tag", finished[0], code=1)


def test_archived_runs_leave_the_list_until_asked_for(call, finished):
    everything = len(call("runs")["runs"])
    call("archive", finished[0])
    assert len(call("runs")["runs"]) == everything - 1
    assert finished[0] in [row["run"] for row in call("runs", "--archived")["runs"] if row["archived"]]
    assert call("show", finished[0])["archived"] is True
    call("archive", finished[0], "--off")
    assert len(call("runs")["runs"]) == everything


def test_words_are_found_in_any_case_and_any_unicode_form(call, finished):
    call("rename", finished[0], "Äpfel und Birnen")
    for text in ("äpfel", "BIRNEN a\u0308pfel"):
        assert [row["run"] for row in call("runs", "--search", text)["runs"]] == [finished[0]]
    assert call("runs", "--search", "zebra")["runs"] == []
    assert "up to 200 letters" in call("runs", "--search", "x" * 201, code=1)


def test_a_run_is_renamed_and_gets_notes(call, finished, monkeypatch):
    assert call("rename", finished[0], "The *keeper*")["runs"][0]["name"] == "The *keeper*"
    assert call("note", finished[0], "**steady**")["runs"][0]["notes"] == "**steady**"
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe\n"))
    assert call("note", finished[0], "-")["runs"][0]["notes"] == "from a pipe\n"
    assert "needs a name" in call("rename", finished[0], " ", code=1)


def test_a_champion_is_made_and_taken_back_and_its_name_is_a_run(call, finished):
    first = call("alias", "flowers", "--set", finished[0], "--why", "steady", "--who", "Ada")
    assert first["aliases"] == {"champion": finished[0]}
    assert {name: first["history"][0][name] for name in ("who", "why", "run_id")} == {
        "who": "Ada", "why": "steady", "run_id": finished[0],
    }  # fmt: skip
    call("alias", "flowers", "--set", finished[1])
    assert call("show", "flowers@champion")["run"] == finished[1]
    compared = call("compare", "flowers@champion", finished[2])
    assert {row["run"] for row in compared["runs"]} == {finished[1], finished[2]}
    assert call("alias", "flowers", "--roll-back", "--why", "slow")["aliases"] == {"champion": finished[0]}
    assert call("alias", "flowers", "--drop")["aliases"] == {}
    assert len(call("alias", "flowers")["history"]) == 4
    assert "No run of flowers version 1 is 'champion'" in call("show", "flowers@champion", code=1)


def test_other_aliases_have_names_of_their_own(call, finished):
    call("alias", "flowers", "--name", "smallest", "--set", finished[2])
    assert call("alias", "flowers")["aliases"] == {"smallest": finished[2]}
    assert call("show", "flowers@smallest")["run"] == finished[2]
    assert "An alias is a word" in call("alias", "flowers", "--name", "No!", "--drop", code=1)


def test_a_run_of_another_dataset_is_not_its_champion(call, finished, registry, home):
    fill(registry, home, runs=1, name="fruit")
    assert "is not of fruit version 1" in call("alias", "fruit", "--set", finished[0], code=1)
    assert "One at a time" in call("alias", "fruit", "--set", finished[0], "--drop", code=1)


def test_a_deleted_champion_leaves_an_empty_alias(call, finished):
    call("alias", "flowers", "--set", finished[0])
    assert call("delete", "flowers@champion")["aliases"] == ["champion of flowers version 1"]
    assert call("alias", "flowers")["lost"] == {"champion": finished[0]}


def test_several_runs_are_deleted_with_one_sum(call, finished, home):
    gone = call("delete", *finished[:3])
    assert (gone["runs"], gone["models"], gone["deleted"]) == (3, 3, finished[:3]) and gone["bytes"] > 0
    assert not any(run_folder(home, run_id).path.exists() for run_id in finished[:3])


def test_weights_alone_are_deleted_and_the_run_is_still_shown(call, finished, home):
    gone = call("delete", "--weights", *finished[:2])
    assert (gone["kind"], gone["runs"], gone["models"]) == ("model", 0, 2)
    assert call("show", finished[0])["model"] is None and call("show", finished[0])["accuracy"] is not None
    assert call("delete", "--model", finished[2])["models"] == 1
    refused = call("predict", "--model", finished[0], str(registry_file(home)), code=1)
    assert "were deleted. Train it again to get one" in refused


def test_one_that_runs_keeps_the_others(call, finished, registry):
    (running,) = registry.runs(status=Status.RUNNING)
    assert running.id in call("delete", *finished, running.id, code=1)
    assert set(finished) <= {run.id for run in registry.runs()}


def test_deleting_needs_to_know_what(call, finished):
    assert "Name runs" in call("delete", code=1)
    assert "Name runs" in call("delete", finished[0], "--dataset", "flowers", code=1)
    assert "Name runs" in call("delete", "--weights", "--dataset", "flowers", code=1), "the record was to stay"
    assert call("show", finished[0])["run"] == finished[0]


def test_on_a_terminal_it_asks_first_and_names_the_champion(call, finished, monkeypatch, capsys, registry):
    call("alias", "flowers", "--set", finished[0])
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "n")
    assert main(["delete", *finished[:2]]) == 1
    assert "2 runs and 2 models, " in asked[0] and "Among them: the champion of flowers version 1" in asked[0]
    assert "Nothing was deleted" in capsys.readouterr().err and registry.run(finished[0])


def test_what_is_printed_can_be_read(call, finished, capsys):
    call("star", finished[0])
    call("alias", "flowers", "--set", finished[0], "--why", "steady")
    for arguments, words in (
        (["star", finished[0]], "starred"),
        (["alias", "flowers"], "champion of flowers version 1: "),
        (["delete", finished[1]], " freed."),
    ):
        assert main(arguments) == 0
        assert words in capsys.readouterr().out
