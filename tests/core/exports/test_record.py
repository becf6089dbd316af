from dataclasses import replace

import pytest

from core.exports.formats import Format
from core.exports.record import ExportCheck, ExportRecord, read_record, state_of
from tests.factories import make_model

CHECK = ExportCheck(photos=30, of=40, difference=2e-7, agreement=1.0)


@pytest.mark.parametrize("check", [None, CHECK])
def test_a_record_is_read_as_it_was_written(check, tmp_path):
    record = ExportRecord(run_id="r-one", format=Format.ONNX, model="abc@1.0", file="model.onnx", check=check)
    record.write(tmp_path)
    assert read_record(tmp_path) == record
    assert record.to_json()["title"] == "ONNX" and record.to_json()["limit"] == 2e-3


@pytest.mark.parametrize("content", ["", "[]", '{"format": "onnx"}', '{"format": "x", "check": null}'])
def test_a_damaged_record_is_none(content, tmp_path):
    assert read_record(tmp_path) is None
    (tmp_path / "export.json").write_text(content)
    assert read_record(tmp_path) is None


def test_a_temperature_makes_an_export_outdated():
    model = make_model()
    calibrated = replace(model, card=model.card | {"calibration": {"temperature": 2.0, "model_sha256": model.sha256}})
    assert state_of(calibrated) != state_of(model)
    assert state_of(replace(calibrated, sha256="other")) == state_of(calibrated)  # its card is its main file
