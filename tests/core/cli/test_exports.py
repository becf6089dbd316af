"""``core export`` and ``core import-model``."""

import pytest

from core.exports import background
from core.exports.formats import Format
from core.exports.record import ExportCheck, ExportRecord, state_of
from core.files.home import run_folder


@pytest.fixture
def exporting(monkeypatch, settings, registry):
    """What the process would do, done at once; ``refused`` is what it writes."""
    said = {"refused": ""}

    def start(_module, job, *_) -> None:
        run_id, _, format = job.job_id.rpartition(".")
        folder = run_folder(settings, run_id).export(format)
        folder.mkdir(parents=True)
        (folder / ("bundle.zip" if format == "bundle" else "model.onnx")).write_bytes(b"content")
        check = None if format == "bundle" else ExportCheck(photos=30, of=40, difference=2.5e-7, agreement=1.0)
        record = ExportRecord(
            run_id=run_id, format=Format(format), model=state_of(registry.model(run_id)), file="model.onnx", bytes=7,
            check=check, refused=said["refused"],
        )  # fmt: skip
        record.write(folder)
        job.request.unlink()

    monkeypatch.setattr(background, "start_process", start)
    return said


def test_the_largest_difference_is_in_the_json(call, finished, exporting, tmp_path):
    (onnx, bundle) = call("export", finished[0], "--format", "onnx", "bundle", "-o", str(tmp_path / "out"))["exports"]
    assert (onnx["format"], onnx["largest_difference"], onnx["check"]["photos"]) == ("onnx", 2.5e-7, 30)
    assert onnx["folder"] == str(tmp_path / "out" / f"{finished[0]}-onnx")
    assert (bundle["largest_difference"], bundle["folder"]) == (
        None,
        str(tmp_path / "out" / f"{finished[0]}-bundle.zip"),
    )


def test_for_people_it_says_where_and_how_well(home, finished, exporting, capsys):
    from core.__main__ import main

    assert main(["export", finished[0], "--format", "onnx"]) == 0
    assert (
        "on 30 of 40 test photos the largest difference from the stored predictions is 2.5e-07"
        in capsys.readouterr().out
    )


def test_a_refused_format_is_an_error_with_the_figure(home, finished, exporting, capsys):
    from core.__main__ import main

    exporting["refused"] = "It differs by up to 2.0e-01."
    assert main(["export", finished[0], "--format", "onnx", "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.err == "ONNX: It differs by up to 2.0e-01.\n" and '"folder": ""' in printed.out


def test_a_wrong_format_or_model_is_one_line(call, finished):
    assert "There is no format 'onxx'. Did you mean 'onnx'?" in call("export", finished[0], "--format", "onxx", code=1)
    assert "There is no model 'r-gone'" in call("export", "r-gone", "--format", "onnx", code=1)


def test_a_file_that_is_no_bundle_is_one_line(call, tmp_path):
    (tmp_path / "notes.zip").write_text("x")
    assert "not a ZIP" in call("import-model", str(tmp_path / "notes.zip"), code=1)
