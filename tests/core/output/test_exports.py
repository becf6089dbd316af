from pathlib import Path

from core.exports.background import ExportState
from core.exports.formats import Format
from core.exports.record import ExportCheck, ExportRecord
from core.output.exports import export_row, imported_row
from tests.factories import make_dataset, make_run

CHECK = ExportCheck(photos=30, of=40, difference=2.5e-7, agreement=1.0)


def test_a_finished_export_has_its_check_and_its_folder():
    record = ExportRecord(run_id="r-one", format=Format.ONNX, model="x", check=CHECK)
    row = export_row(ExportState(format=Format.ONNX, state="ready", record=record), Path("/there"))
    assert (row["format"], row["state"], row["folder"], row["refused"]) == ("onnx", "ready", "/there", "")
    assert row["largest_difference"] == 2.5e-7 and row["check"]["of"] == 40


def test_a_failed_export_says_why_and_nothing_of_an_earlier_one():
    record = ExportRecord(run_id="r-one", format=Format.ONNX, model="x", check=CHECK)
    row = export_row(ExportState(format=Format.ONNX, state="failed", message="No space.", record=record), None)
    assert (row["refused"], row["largest_difference"], row["folder"]) == ("No space.", None, "")
    assert export_row(ExportState(format=Format.ONNX, state="none"), None)["refused"] == "The export was cancelled."


def test_an_imported_model_is_a_run_of_a_dataset():
    run, dataset = make_run(test_accuracy=0.9), make_dataset()
    assert imported_row(run, dataset) == {
        "run": run.id, "name": run.name, "dataset": dataset.id, "dataset_name": dataset.name, "test_accuracy": 0.9,
    }  # fmt: skip
