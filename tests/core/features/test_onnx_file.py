"""A person's ONNX file: inspected, stored, cut."""

from dataclasses import replace

import numpy as np
import pytest

from core.backbones.scalings import preset
from core.backbones.values import Backbone
from core.errors import InvalidInput, Unavailable
from core.features import onnx_file
from core.features.onnx_file import STORED, ask, inspect_onnx, store_onnx, write_prefix
from tests.core.registry.test_backbones import an_added
from tests.onnx_files import computed, residual, tokens

PIXELS = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3)).astype(np.float32)


def written(tmp_path, made) -> object:
    path = tmp_path / "mine.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def row(found: dict) -> Backbone:
    return replace(
        an_added("mine").backbone,
        source="onnx_file:mine.onnx",
        input_size=32,
        blocks=tuple(block["name"] for block in found["blocks"]),
        block_shapes=tuple(tuple(block["shape"]) for block in found["blocks"]),
    )


def test_check_photos_are_computed_under_every_scaling(tmp_path):
    found = inspect_onnx(written(tmp_path, residual()), "mine.onnx", compare=True)
    names = [one["scaling"] for one in found["compared"]]
    assert names == ["zero_to_one", "minus_one_to_one", "imagenet", "bgr", "inside"]
    assert all(one["finite"] and one["photos"] == 20 for one in found["compared"])
    assert all(len(one["top"]) == 3 for one in found["compared"])


def test_of_a_known_scaling_they_are_computed_under_it(tmp_path):
    found = inspect_onnx(written(tmp_path, residual()), "x", scaling=preset("bgr").scaling, compare=True)
    (one,) = found["compared"]
    assert one["spread"] > 0


@pytest.mark.parametrize("made", [residual(), tokens()], ids=["map", "tokens"])
def test_every_cut_of_the_stored_network_is_a_part_of_it(tmp_path, made):
    scaling = preset("imagenet").scaling
    found = store_onnx(written(tmp_path, made), "x", tmp_path, output="", size=0, scaling=scaling, classes=False)
    stored, backbone = tmp_path / STORED, row(found)
    wanted = ((PIXELS / 255 - scaling.mean) / scaling.deviation).astype(np.float32).transpose(0, 3, 1, 2)
    tensors = [block["tensor"] for block in found["blocks"]]
    values = dict(zip(backbone.blocks, computed(made, wanted, tensors), strict=True))
    prefix = tmp_path / "prefix.onnx"
    for block, value in values.items():
        expected = value.transpose(0, 2, 3, 1) if value.ndim == 4 else value
        write_prefix(backbone, stored, block, prefix)
        np.testing.assert_allclose(computed(prefix.read_bytes(), PIXELS)[0], expected, rtol=1e-4, atol=1e-4)
        write_prefix(backbone, stored, f"{block}.pool", prefix)
        pooled = expected.mean((1, 2)) if value.ndim == 4 else expected[:, 0]
        np.testing.assert_allclose(computed(prefix.read_bytes(), PIXELS)[0], pooled, rtol=1e-4, atol=1e-4)
    write_prefix(backbone, stored, "top", prefix)
    np.testing.assert_allclose(computed(prefix.read_bytes(), PIXELS)[0], pooled, rtol=1e-4, atol=1e-4)


def test_the_classifier_is_stored_where_it_is_imagenet_s(tmp_path):
    made = residual(softmax=False)
    found = store_onnx(
        written(tmp_path, made), "x", tmp_path, output="", size=0, scaling=preset("inside").scaling, classes=True
    )
    prefix = tmp_path / "classes.onnx"
    write_prefix(row(found), tmp_path / STORED, "classes", prefix)
    (logits,) = computed(made, PIXELS.transpose(0, 3, 1, 2))
    expected = np.exp(logits - logits.max())
    np.testing.assert_allclose(computed(prefix.read_bytes(), PIXELS)[0], expected / expected.sum(), atol=1e-5)


def test_a_process_that_dies_is_a_sentence_about_the_file(tmp_path):
    with pytest.raises(InvalidInput, match=r"x\.onnx is damaged or malicious, or needs too much memory or time"):
        ask("core.features.onnx_inspection", {"name": "x.onnx", "path": str(tmp_path / "gone")})


def test_without_onnxruntime_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "ask", ask)
    (tmp_path / "onnxruntime.py").write_text("raise ModuleNotFoundError(\"No module named 'onnxruntime'\")")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Unavailable, match="onnxruntime is not installed: run `make setup`"):
        inspect_onnx(written(tmp_path, residual()), "x")
