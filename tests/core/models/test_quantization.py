"""Quantizing the files of a model, with the real quantizer and the real engine."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.errors import Unavailable
from core.features.views import View
from core.models.heads.dense import Layer, write_dense
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import engines_of, read_model
from core.models.inference.nodes import Head, Mean, Network, to_dict
from core.models.quantization import quantize, why_not
from core.recipes.hyperparameters import Precision
from tests.tiny_lite import write_dense_network

SIDE, FEATURES = 32, 16
PHOTOS = np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3), dtype=np.uint8)


def view(pixels: np.ndarray) -> View:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return View(file.getvalue())


@pytest.fixture
def model(tmp_path):
    """Two networks, of which each has a head; the mean of both."""
    folder = tmp_path / "r-one" / "model"
    folder.mkdir(parents=True)
    nodes, rng = [], np.random.default_rng(1)
    for number in range(2):
        weights = rng.normal(size=(SIDE * SIDE * 3, FEATURES)) / 3000
        write_dense_network(folder / f"prefix_{number}.tflite", weights, rng.normal(size=FEATURES) / 10, SIDE)
        write_dense(
            folder / f"head_{number}.npz", [Layer(0.2 * rng.normal(size=(FEATURES, 3)), np.zeros(3), "softmax")]
        )
        network = Network(file=f"prefix_{number}.tflite", input_size=SIDE)
        nodes.append(Head(file=f"head_{number}.npz", inputs=(network,)))
    node = Mean(inputs=tuple(nodes))
    card = {
        "title": "Two",
        "class_names": ["a", "b", "c"],
        "answer": to_dict(node),
        "engines": engines_of(folder, node),
    }
    (folder / "card.json").write_text(json.dumps(card))
    return read_model(folder)


def predictions(folder, node) -> np.ndarray:
    graph = InferenceGraph(folder, node, classes=3)
    return np.stack([graph(view(photo)) for photo in PHOTOS])


@pytest.mark.parametrize(
    ("precision", "smaller", "deviation"),
    [(Precision.FLOAT16, 1.9, 1e-3), (Precision.INT8_WEIGHTS, 3.5, 0.02), (Precision.INT8, 3.5, 0.05)],
)
def test_every_network_becomes_smaller_and_predicts_nearly_the_same(model, tmp_path, precision, smaller, deviation):
    folder = tmp_path / "small"
    folder.mkdir()
    node = quantize(model, folder, precision, [view(photo) for photo in PHOTOS])
    before, after = (sum(path.stat().st_size for path in one.glob("*.tflite")) for one in (model.folder, folder))
    assert before / after > smaller
    exact, found = predictions(model.folder, model.node), predictions(folder, node)
    assert exact.std(axis=0).max() > 0.02, "the photos differ for the model"
    assert 0 < np.abs(found - exact).max() < deviation


def test_its_files_are_named_by_content_and_heads_are_linked_not_copied(model, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    quantize(model, folder, Precision.FLOAT16, [])
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 4 and sum("float16" in name for name in names) == 2 and not any(n[0] == "." for n in names)
    (head,) = folder.glob("head_0-*.npz")
    assert head.samefile(model.folder / "head_0.npz")


def test_int8_measures_its_ranges_on_the_photos_that_it_is_given(model, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    dark = [view(photo // 64) for photo in PHOTOS]
    node = quantize(model, folder, Precision.INT8, dark)
    exact, found = predictions(model.folder, model.node), predictions(folder, node)
    assert np.abs(found - exact).max() > 0.05, "photos brighter than all of the calibration are cut off"


def test_it_can_be_stopped_between_two_photos(model, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    seen = []

    def check() -> None:
        seen.append(None)
        if len(seen) > 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        quantize(model, folder, Precision.INT8, [view(photo) for photo in PHOTOS], check)


def test_an_onnx_network_is_refused_before_anything_is_written(model, tmp_path):
    from dataclasses import replace

    onnx = replace(model, node=Network(file="network.onnx", input_size=SIDE))
    assert why_not(model) == ""
    assert "contains an ONNX network" in why_not(onnx)
    with pytest.raises(Unavailable, match="Only LiteRT networks"):
        quantize(onnx, tmp_path, Precision.INT8, [])


def test_a_damaged_network_gets_a_sentence(model, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    (model.folder / "prefix_0.tflite").write_bytes(b"no network")
    with pytest.raises(Unavailable, match="prefix_0.tflite cannot be quantized to float16"):
        quantize(model, folder, Precision.FLOAT16, [])
