"""Taking a model home by the workbench: what can be had, what is there, where it goes."""

import zipfile

import pytest

from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from core.exports import background
from core.exports.formats import Format
from core.exports.record import ExportRecord, state_of
from core.files.home import dataset_folder, run_folder, uploads_folder


@pytest.fixture
def run_id(finished_runs) -> str:
    return finished_runs[0].id


@pytest.fixture
def started(monkeypatch) -> list:
    found: list = []
    monkeypatch.setattr(background, "start_process", lambda *arguments: found.append(arguments))
    return found


def publish(bench, run_id: str, format: Format = Format.ONNX, **changes) -> None:
    folder = run_folder(bench.settings, run_id).export(format)
    folder.mkdir(parents=True)
    (folder / ("bundle.zip" if format is Format.BUNDLE else "model.onnx")).write_bytes(b"content")
    model = bench.registry.model(run_id)
    ExportRecord(run_id=run_id, format=format, model=state_of(model), **changes).write(folder)


def reason(bench, run_id: str, format: Format) -> str:
    return {one.format: one.impossible for one in bench.export_offers(run_id)}[format]


def test_every_format_is_offered_where_the_test_photos_are(bench, run_id, started):
    assert {one.impossible for one in bench.export_offers(run_id)} == {""}
    assert bench.export(run_id, Format.ONNX).format is Format.ONNX and len(started) == 1


def test_what_is_ready_is_not_exported_again(bench, run_id, started):
    publish(bench, run_id)
    assert bench.export(run_id, Format.ONNX).state == "ready" and started == []


def test_what_has_no_form_is_refused_before_anything_starts(bench, run_id, started):
    model = bench.registry.model(run_id)
    card = model.card | {"engines": [{"file": "prefix.onnx", "sha256": "0"}]}
    bench.registry.replace_card(model.id, card=card, sha256=model.sha256, size_bytes=1)
    with pytest.raises(InvalidInput, match="has an ONNX network, which has no form in Keras. Take it as ONNX"):
        bench.export(run_id, Format.KERAS)
    assert started == [] and reason(bench, run_id, Format.BUNDLE) == reason(bench, run_id, Format.ONNX) == ""
    both = model.card | {"engines": [{"file": f"prefix.{one}", "sha256": "0"} for one in ("onnx", "tflite")]}
    bench.registry.replace_card(model.id, card=both, sha256=model.sha256, size_bytes=1)
    assert "Take the bundle" in reason(bench, run_id, Format.ONNX)


def test_without_the_test_photos_only_a_bundle_can_be_had(bench, run_id, dataset):
    for path in dataset_folder(bench.settings, dataset).photos.glob("*.jpg"):
        path.unlink()
    assert "test photos are not in this home" in reason(bench, run_id, Format.LITERT)
    assert reason(bench, run_id, Format.BUNDLE) == ""


def test_an_export_is_copied_whole_and_never_over_another(bench, run_id, tmp_path):
    publish(bench, run_id)
    publish(bench, run_id, Format.BUNDLE)
    place = bench.take_export(run_id, Format.ONNX, tmp_path / "new" / "folder")
    assert place.name == f"{run_id}-onnx" and (place / "model.onnx").read_bytes() == b"content"
    assert bench.take_export(run_id, Format.BUNDLE, tmp_path).name == f"{run_id}-bundle.zip"
    with pytest.raises(Conflict, match="exists already"):
        bench.take_export(run_id, Format.ONNX, tmp_path / "new" / "folder")
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unavailable, match="cannot be written"):
        bench.take_export(run_id, Format.ONNX, tmp_path / "file")


def test_a_download_is_one_zip_with_one_folder(bench, run_id):
    publish(bench, run_id)
    publish(bench, run_id, Format.BUNDLE)
    uploads_folder(bench.settings).mkdir(exist_ok=True)
    name, file = bench.export_download(run_id, Format.ONNX)
    assert name == f"{run_id}-onnx.zip" and not list(uploads_folder(bench.settings).iterdir())
    with file, zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {f"{run_id}-onnx/model.onnx", f"{run_id}-onnx/export.json"}
    name, file = bench.export_download(run_id, Format.BUNDLE)
    with file:
        assert (name, file.read()) == (f"{run_id}-bundle.zip", b"content")


def test_what_is_not_there_or_was_refused_says_so(bench, run_id):
    with pytest.raises(NotFound, match="no current export to ONNX"):
        bench.exported(run_id, Format.ONNX)
    publish(bench, run_id, refused="It differs by 0.2.")
    with pytest.raises(Unavailable, match=r"ONNX is not offered for this model\. It differs by 0\.2\."):
        bench.exported(run_id, Format.ONNX)
    with pytest.raises(NotFound):
        bench.export("r-gone", Format.ONNX)


def test_exports_go_with_the_weights(bench, run_id):
    publish(bench, run_id)
    assert bench.delete_weights([run_id]).bytes > 0
    assert not run_folder(bench.settings, run_id).exports.exists()
