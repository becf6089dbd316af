"""A whole export: written, checked by its own predict.py, published with everything beside it; or refused."""

from dataclasses import replace

import numpy as np
import pytest

from core.datasets.decoding.fit import Fit
from core.errors import Cancelled, NotFound
from core.exports import bundle_reading, making
from core.exports.background import export_state
from core.exports.formats import Format
from core.exports.importing import import_bundle
from core.exports.making import make_export
from core.files.home import dataset_folder, export_drafts, registry_file, run_folder, runs_folder
from core.recipes.hyperparameters import Solver
from core.recipes.patterns import Pattern
from core.registry import Registry
from core.settings import Settings
from core.workbench import Workbench
from tests import tiny_tokens
from tests.keras.training_bench import NUMBERS

pytestmark = pytest.mark.keras

SHORT = replace(NUMBERS, epochs=2, fit=Fit.PAD)


def export(bench, format: Format, report=lambda stage: None):
    return make_export("r-one", format, settings=bench.settings, registry=bench.registry, report=report)


def test_an_export_is_checked_on_the_test_photos_and_has_everything_to_run(full_bench):
    full_bench.train("r-one", SHORT)
    Workbench(full_bench.settings, full_bench.registry).calibrate("r-one")
    stages: list[str] = []
    record = export(full_bench, Format.ONNX, stages.append)
    folder = run_folder(full_bench.settings, "r-one").export("onnx")
    assert not record.refused and record.check.difference < 1e-4
    assert record.check.photos == record.check.of == len(full_bench.answers("r-one")["digests"])
    assert {path.name for path in folder.iterdir()} == {
        "model.onnx", "labels.json", "labels.txt", "predict.py", "requirements.txt", "Dockerfile", "README.md",
        "SHA256SUMS", "export.json",
    }  # fmt: skip
    assert record.bytes == sum(path.stat().st_size for path in folder.iterdir() if path.name != "export.json")
    assert "A temperature of" in (folder / "README.md").read_text() and stages[0] == "Assembling"
    assert export_state(full_bench.registry.model("r-one"), Format.ONNX, settings=full_bench.settings).state == "ready"
    Workbench(full_bench.settings, full_bench.registry).uncalibrate("r-one")
    assert (
        export_state(full_bench.registry.model("r-one"), Format.ONNX, settings=full_bench.settings).state == "outdated"
    )


def test_a_file_with_preprocessing_inside_is_offered_too(full_bench):
    full_bench.train("r-one", replace(SHORT, solver=Solver.GRADIENT_BOOSTING), pattern=Pattern.STANDALONE_EXTRACTOR)
    record = export(full_bench, Format.LITERT_PIXELS)
    assert not record.refused and record.check.agreement == 1.0


@pytest.mark.parametrize("name", ["dinov2", "siglip"])
def test_a_network_of_tokens_is_exported(name, full_bench, monkeypatch):
    monkeypatch.setattr(tiny_tokens, "DEPTH", 2)  # most of the time goes into converting blocks that are alike
    backbone = tiny_tokens.register(full_bench.settings, full_bench.registry, name)
    full_bench.train("r-one", SHORT, backbone=backbone.name)
    for format in (Format.ONNX, Format.LITERT_PIXELS):
        record = export(full_bench, format)
        assert not record.refused and record.check.agreement == 1.0, format


def test_an_export_that_differs_is_refused_with_the_figure_and_leaves_only_its_record(full_bench, monkeypatch):
    full_bench.train("r-one", SHORT)
    folder = run_folder(full_bench.settings, "r-one")
    stored = np.load(folder.predictions("test"))
    values = dict(stored) | {"probabilities": np.roll(stored["probabilities"], 1, axis=1)}
    np.savez(folder.predictions("test"), **values)
    record = export(full_bench, Format.LITERT)
    assert "differ from the stored test predictions by up to" in record.refused
    assert [path.name for path in folder.export("litert").iterdir()] == ["export.json"]


def test_a_cancelled_export_leaves_nothing(full_bench):
    full_bench.train("r-one", SHORT)

    def stop(stage: str) -> None:
        raise Cancelled("The export was cancelled.")

    with pytest.raises(Cancelled):
        export(full_bench, Format.LITERT, stop)
    assert not run_folder(full_bench.settings, "r-one").exports.exists()
    assert export_drafts(full_bench.settings) == []


def test_weights_that_are_deleted_meanwhile_leave_no_export(full_bench, monkeypatch):
    full_bench.train("r-one", SHORT)

    def deletes(*arguments, **more):
        full_bench.registry.delete_models_of(["r-one"])
        return making.ExportRecord(run_id="r-one", format=Format.ONNX, model="")

    monkeypatch.setattr(making, "_made", deletes)
    with pytest.raises(NotFound):
        export(full_bench, Format.ONNX)
    assert not run_folder(full_bench.settings, "r-one").exports.exists()
    assert export_drafts(full_bench.settings) == []


def test_a_bundle_predicts_in_another_home_and_is_its_next_backbone(full_bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_reading, "dataset_digest", lambda *_, **__: full_bench.dataset.digest)
    full_bench.train("r-one", SHORT)
    export(full_bench, Format.BUNDLE)
    settings = Settings(home=tmp_path / "elsewhere")
    runs_folder(settings).mkdir(parents=True)
    registry = Registry.open(registry_file(settings))
    bundle = run_folder(full_bench.settings, "r-one").export("bundle") / "bundle.zip"
    import_bundle(bundle, settings=settings, registry=registry)
    workbench = Workbench(settings, registry)
    photo = next(dataset_folder(full_bench.settings, full_bench.dataset.id).photos.iterdir()).read_bytes()
    (here,) = workbench.predict(["r-one"], [("a.jpg", photo)])
    (there,) = Workbench(full_bench.settings, full_bench.registry).predict(["r-one"], [("a.jpg", photo)])
    assert [one.probability for one in here.predictions[0].classes] == [
        one.probability for one in there.predictions[0].classes
    ]
    sets = [one.predictions[0].prediction_set for one in (here, there)]
    assert sets[0] == sets[1] and sets[0].photos > 0, "a bundle carries the validation predictions"
    assert here.predictions[0].novelty.problem.startswith("Not measured: ")
    assert workbench.backbone("r-one").source.endswith("model.keras")
    reasons = {offer.format: offer.impossible for offer in workbench.export_offers("r-one")}
    assert "test photos are not in this home" in reasons[Format.ONNX] and not reasons[Format.BUNDLE]
    registry.close()
