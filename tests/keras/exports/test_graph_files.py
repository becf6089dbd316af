"""Models that have no form in Keras are taken home as several files and graph.json, with one runtime."""

import json
from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.exports.formats import Format
from core.exports.graph_files import write_graph
from core.exports.making import make_export
from core.files.home import run_folder
from core.models.inference.model_files import read_model
from core.recipes.hyperparameters import Solver
from core.recipes.patterns import Cascade, Pattern
from tests.keras.exports.test_assembling import train
from tests.keras.test_own_files import OTHER, SHORT, with_onnx  # noqa: F401  (a fixture)

pytestmark = pytest.mark.keras


def export(bench, run_id: str, format: Format):
    record = make_export(run_id, format, settings=bench.settings, registry=bench.registry, report=lambda stage: None)
    return record, run_folder(bench.settings, run_id).export(format)


def test_a_cascade_without_its_members_is_a_graph_of_litert_files(full_bench):
    run_id = train(full_bench, "confidence")
    full_bench.registry.delete_models_of(["r-cheap", "r-costly"])
    record, folder = export(full_bench, run_id, Format.LITERT)
    assert not record.refused and record.check.difference < 1e-5 and record.file == "graph.json"
    graph = json.loads((folder / "graph.json").read_text())
    assert graph["answer"]["kind"] == "confidence" and graph["temperature"] == 1.0
    assert {path.suffix for path in folder.iterdir()} & {".npz", ".keras", ".onnx"} == set()
    assert "`graph.json` was run by `predict.py`" in (folder / "README.md").read_text()
    refused, _ = export(full_bench, run_id, Format.ONNX)
    assert "has no form in ONNX" in refused.refused


@pytest.mark.parametrize("solver", [Solver.LOGISTIC_REGRESSION, Solver.GRADIENT_BOOSTING])
def test_an_onnx_network_with_its_head_is_a_graph_of_onnx_files(solver, with_onnx):  # noqa: F811
    numbers = replace(SHORT, solver=solver)
    with_onnx.train("r-one", numbers, backbone="own", pattern=Pattern.STANDALONE_EXTRACTOR)
    record, folder = export(with_onnx, "r-one", Format.ONNX)
    assert not record.refused and record.check.agreement == 1.0
    assert {path.name for path in folder.glob("*.onnx")} == {"prefix.onnx", "head.onnx"}
    assert "onnxruntime" in (folder / "requirements.txt").read_text()


def test_networks_of_two_runtimes_have_no_form(with_onnx):  # noqa: F811
    fusion = {"pattern": Pattern.CASCADE, "cascade": Cascade.FUSION, "members": (OTHER.name,)}
    with_onnx.train("r-one", SHORT, backbone="own", **fusion)
    files = read_model(run_folder(with_onnx.settings, "r-one").model)
    for format in (Format.ONNX, Format.LITERT):
        with pytest.raises(InvalidInput, match=f"has no form in {'ONNX' if format is Format.ONNX else 'LiteRT'}"):
            write_graph(files, with_onnx.settings.home, format)
