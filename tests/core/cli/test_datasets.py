"""``import`` and ``datasets``: what is asked, what is said, progress."""

import io
import json
import sys
from dataclasses import replace

import pytest

from core.__main__ import main
from core.cli import datasets
from core.cli.datasets import ProgressPrinter
from core.datasets import ImportProgress
from core.datasets.layout import LayoutChoice
from core.datasets.layouts import readings
from core.files.home import datasets_folder
from tests.core.datasets.uploads_of import first_layout
from tests.photo_files import archive, classes


@pytest.fixture
def pets(tmp_path):
    return str(archive(tmp_path / "pets.zip", classes(cat=6, dog=6)))


@pytest.fixture
def ambiguous(monkeypatch):
    def read(files, empty_folders=(), contents=None):
        less = replace(
            first_layout(files[1:]), id="aside", title="One aside", unlabelled=files[:1], notes=("One is aside.",)
        )
        return LayoutChoice(
            layouts=(replace(first_layout(files), id="folders", title="Folders are classes"), less),
            question="Is the first one a cat?",
        )

    monkeypatch.setattr(readings, "read_layouts", read)


def test_an_ambiguous_upload_is_asked_about_with_the_alternatives(home, pets, ambiguous, capsys):
    assert main(["import", pets]) == 1
    printed = capsys.readouterr()
    assert printed.err == "Is the first one a cat? Nothing was stored.\n"
    assert printed.out.splitlines() == [
        f"{pets} can be read in 2 ways:",
        "1. Folders are classes",
        "   2 classes: cat (6) and dog (6)",
        "   split: drawn by Graft, 70/15/15",
        "   choose it with: --layout folders",
        "2. One aside",
        "   2 classes: cat (5) and dog (6)",
        "   split: drawn by Graft, 70/15/15",
        "   1 unlabelled, kept aside",
        "   One is aside.",
        "   choose it with: --layout aside",
    ]
    assert not list(datasets_folder(home).glob("d-*"))


def test_the_question_as_data(home, pets, ambiguous, capsys):
    assert main(["import", pets, "--json"]) == 1
    asked = json.loads(capsys.readouterr().out)
    assert asked["question"] == "Is the first one a cat?"
    assert [layout["id"] for layout in asked["layouts"]] == ["folders", "aside"]
    assert asked["layouts"][1] == {
        "id": "aside", "title": "One aside", "classes": {"cat": 5, "dog": 6}, "splits": {}, "unlabelled": 1,
        "rejected": 0, "notes": ["One is aside."],
    }  # fmt: skip


def test_the_chosen_layout_is_imported_and_unlabelled_photos_are_counted(call, pets, ambiguous):
    done = call("import", pets, "--layout", "aside")
    assert (done["classes"], done["unlabelled"], done["notes"][0]) == ({"cat": 5, "dog": 6}, 1, "One is aside.")
    assert call("datasets")["datasets"][0]["unlabelled"] == 1


def test_a_dataset_says_whether_it_is_fit(call, pets):
    done = call("import", pets)
    assert not done["fit"] and [problem["kind"] for problem in done["problems"]] == ["few photos", "few test photos"]


def test_a_layout_that_does_not_exist_is_named(call, pets, ambiguous):
    assert "no layout 'no'" in call("import", pets, "--layout", "no", code=1)


def test_a_preview_stores_nothing(call, home, pets, capsys):
    seen = call("import", pets, "--preview")
    assert (seen["question"], seen["layouts"][0]["classes"]) == ("", {"cat": 6, "dog": 6})
    assert not datasets_folder(home).exists()
    assert main(["import", pets, "--preview"]) == 0
    assert "nothing was stored" in capsys.readouterr().out


def test_a_preview_of_an_ambiguous_upload_shows_every_way(call, pets, ambiguous):
    assert len(call("import", pets, "--preview")["layouts"]) == 2
    (chosen,) = call("import", pets, "--preview", "--layout", "aside")["layouts"]
    assert chosen["id"] == "aside"


def test_a_name_that_is_not_used_is_said(call, pets, capsys):
    call("import", pets)
    assert main(["import", pets, "--name", "beasts"]) == 0
    assert "as 'pets' (version 1). Nothing was added, and the name 'beasts' was not used." in capsys.readouterr().out


@pytest.fixture
def clock(monkeypatch):
    now = {"at": 0.0}
    monkeypatch.setattr(datasets.time, "monotonic", lambda: now["at"])
    return now


def test_progress_is_a_line_every_few_seconds_where_stderr_is_no_terminal(clock, capsys):
    printer = ProgressPrinter()
    for second in range(12):
        clock["at"] = float(second)
        printer(ImportProgress(stage="Decoding photos", done=second, total=99))
    printer.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Decoding photos: 5 of 99 photos", "Decoding photos: 10 of 99 photos"]


def test_progress_on_a_terminal_is_one_line_that_is_cleared(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    printer = ProgressPrinter()
    printer(ImportProgress(stage="Reading the upload"))
    printer(ImportProgress(stage="Storing"))
    printer.close()
    assert "\n" not in terminal.getvalue() and terminal.getvalue().split("\r")[-2].strip() == ""
