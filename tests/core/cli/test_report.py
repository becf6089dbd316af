"""Reports, tables and temperatures from the command line."""

import csv
import json

import pandas as pd
import pytest

from core.__main__ import main
from tests.findings import store_findings


@pytest.fixture
def call(home, capsys):
    """What a command prints for people."""

    def call(*arguments, code=0):
        assert main([str(one) for one in arguments]) == code
        printed = capsys.readouterr()
        return printed.err.strip() if code else printed.out.strip()

    return call


def test_a_report_is_one_file_and_its_path_and_size_are_printed(call, finished, tmp_path):
    target = tmp_path / "report.html"
    printed = call("report", *finished, "-o", target)
    assert printed.startswith(str(target)) and printed.endswith(" MB)")
    assert target.read_text().startswith("<!doctype html>")


def test_json_says_the_same(call, finished, tmp_path):
    target = tmp_path / "report.html"
    printed = json.loads(call("report", *finished, "-o", target, "--json"))
    assert printed == {"report": str(target), "bytes": target.stat().st_size, "runs": finished}


def test_a_file_that_is_there_is_only_overwritten_when_asked(call, finished, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("mine")
    assert "exists already. Add --force" in call("report", *finished, "-o", target, code=1)
    assert target.read_text() == "mine"
    call("report", *finished, "-o", target, "--force")
    assert target.read_text() != "mine"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("report.pdf", "must end in .html"),
        ("nowhere/report.html", "There is no folder"),
        ("folder.html", "is a folder"),
        ("r" * 300 + ".html", "cannot be written (File name too long). Choose another folder or a shorter name."),
    ],
)
def test_a_target_that_cannot_be_one_is_refused_before_anything_is_computed(call, finished, tmp_path, name, words):
    (tmp_path / "folder.html").mkdir()
    assert words in call("report", *finished, "-o", tmp_path / name, code=1)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_report_without_a_name_is_told_what_was_received(call, finished):
    assert call("report", *finished, "-o", "", code=1) == "The file must end in .html or .htm. Received: ''"


def test_a_run_named_twice_is_in_a_report_once(call, finished, tmp_path):
    printed = json.loads(call("report", *finished, *finished, "-o", tmp_path / "report.html", "--json"))
    assert printed["runs"] == finished


def test_a_table_in_which_nothing_would_stand_is_refused_with_the_reason(call, registry, finished, tmp_path):
    untrained = registry.queue()[0].id
    reasons = {"epochs": "no epochs were trained in these runs", "answers": "none of these runs has predictions"}
    for name, why in reasons.items():
        said = call("table", name, untrained, "-o", tmp_path / "table.csv", code=1)
        assert said.startswith(f"The table {name} would be empty: {why}") and not (tmp_path / "table.csv").exists()


def test_a_report_of_an_unknown_run_leaves_no_file(call, finished, tmp_path):
    assert "r-nobody" in call("report", "r-nobody", "-o", tmp_path / "report.html", code=1)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("name", ["leaderboard", "costs", "epochs", "answers"])
def test_a_table_is_the_same_as_csv_and_as_parquet(call, finished, tmp_path, name):
    for ending in ("csv", "parquet"):
        assert "rows were written to" in call("table", name, *finished, "-o", tmp_path / f"{name}.{ending}")
    with (tmp_path / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    frame = pd.read_parquet(tmp_path / f"{name}.parquet")
    assert len(rows) == len(frame) > 0
    assert list(rows[0]) == list(frame.columns)
    assert set(frame["run"]) == set(finished)


def test_text_a_spreadsheet_would_run_is_made_harmless(call, finished, registry, tmp_path):
    registry.annotate(finished[0], name="=1+1")
    call("table", "leaderboard", *finished, "-o", tmp_path / "t.csv")
    with (tmp_path / "t.csv").open() as file:
        assert "'=1+1" in {row["name"] for row in csv.DictReader(file)}


def test_an_unknown_table_or_ending_is_refused(call, finished, tmp_path):
    assert "There is no table 'money'" in call("table", "money", *finished, "-o", tmp_path / "t.csv", code=1)
    assert "must end in .csv or .parquet" in call("table", "costs", *finished, "-o", tmp_path / "t.xls", code=1)


def test_a_model_is_calibrated_and_taken_back(call, finished, registry):
    printed = call("calibrate", finished[0])
    assert "temperature" in printed and "validation: calibration error" in printed and "log-loss" in printed
    assert registry.model(finished[0]).card["calibration"]["temperature"] > 0
    assert "predicts without a temperature again" in call("calibrate", finished[0], "--undo")
    assert "calibration" not in registry.model(finished[0]).card
    assert "is not calibrated" in call("calibrate", finished[0], "--undo", code=1)


def test_calibrating_as_json_says_what_was_fitted(call, finished):
    found = json.loads(call("calibrate", finished[0], "--json"))
    assert found["run"] == finished[0]
    assert found["calibration"]["validation_loss_after"] <= found["calibration"]["validation_loss_before"]


def test_flagged_photos_are_left_out_of_reports_and_tables(call, filled, finished, registry, settings, tmp_path):
    photos = registry.photos(filled.dataset.id, split="test")
    store_findings(filled.dataset, settings, suspects=photos[:2])
    words = f"On {len(photos) - 2} of {len(photos)} test photos, without 2 suspect test photos."
    assert words in call("report", *finished, "-o", tmp_path / "report.html", "--without", "suspects")
    assert photos[0].file in (tmp_path / "report.html").read_text()
    told = call("table", "answers", *finished, "-o", tmp_path / "table.csv", "--without", "suspects", "--json")
    assert json.loads(told)["subset"]["suspects"] == 2
    with (tmp_path / "table.csv").open() as file:
        assert not {row["photo"] for row in csv.DictReader(file)} & {photo.digest for photo in photos[:2]}
    assert "Received: 'dark'" in call("report", *finished, "-o", tmp_path / "r.html", "--without", "dark", code=1)
