"""The process that reads an ONNX file for the first time: what it finds, and its limits."""

import json
import subprocess
import sys

import numpy as np
import pytest
from onnx import helper

from core.backbones.scalings import preset
from core.errors import InvalidInput
from core.features.onnx_inspection import inspect, scaled
from core.settings import REPOSITORY
from tests.onnx_files import class_map, residual, tokens


def found(tmp_path, made, **task):
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return inspect({"path": str(path), "name": "net.onnx", **task})


def test_blocks_features_and_what_is_left_out_are_told(tmp_path):
    told = found(tmp_path, residual())
    assert [block["name"] for block in told["blocks"]] == ["stem", "block1", "block2"]
    assert [block["shape"] for block in told["blocks"]] == [[16, 16, 8]] * 3
    assert told["left_out"] == ["Gemm gemm_logits", "Softmax softmax_probabilities"]
    assert (told["feature_size"], told["classes"], told["last"]) == (8, 5, "flat")
    assert (told["size"], told["any_size"], told["channels_last"]) == (32, False, False)
    assert sum(block["parameters"] for block in told["blocks"]) == 216 + 8 + 2 * 576


def test_the_cost_of_what_follows_the_last_block_belongs_to_it(tmp_path):
    told = found(tmp_path, residual(), output="logits")
    assert told["feature_size"] == 5
    assert told["blocks"][-1]["parameters"] == 576 + 45


def test_a_free_size_is_the_one_asked_for(tmp_path):
    told = found(tmp_path, residual(shape=("n", 3, "h", "w")), size=64)
    assert (told["size"], told["any_size"]) == (64, True)
    assert told["blocks"][0]["shape"] == [32, 32, 8]


def test_tokens_and_maps_of_classes(tmp_path):
    told = found(tmp_path, tokens())
    assert [block["shape"] for block in told["blocks"]] == [[17, 8]] * 3
    assert (told["pool"], told["feature_size"], told["classes"]) == ("first", 8, None)
    told = found(tmp_path, class_map())
    assert (told["pool"], told["feature_size"], told["classes"]) == ("map", 6, 4)


def test_metadata_is_kept_up_to_a_limit(tmp_path):
    made = residual()
    helper.set_model_props(made, {"mean": "[0.5]", "long": "x" * 30_000})
    assert found(tmp_path, made)["metadata"] == {"mean": "[0.5]"}


@pytest.mark.parametrize(
    ("output", "reason"),
    [("fc", r"net\.onnx has no layer or tensor 'fc'\. Its last ones are .* and softmax_probabilities")],
)
def test_an_unknown_last_layer_lists_the_last_ones(tmp_path, output, reason):
    with pytest.raises(InvalidInput, match=reason):
        found(tmp_path, residual(), output=output)


def test_a_layer_is_found_by_the_name_of_its_node_too(tmp_path):
    assert found(tmp_path, residual(), output="relu_one")["last"] == "one"


def test_a_network_of_tokens_ends_between_blocks_only(tmp_path):
    assert found(tmp_path, tokens(), output="first")["last"] == "first"
    refused = "cannot end at 'first_.*', which is in the middle of a block: .* among others, at .*first and second"
    for inside in ("first_scores", "matmul_first_q"):
        with pytest.raises(InvalidInput, match=refused):
            found(tmp_path, tokens(), output=inside)


def test_a_network_that_onnxruntime_cannot_run_is_refused(tmp_path):
    made = residual()
    made.graph.node[-2].input[1] = "stem_w"
    with pytest.raises(InvalidInput, match=r"onnxruntime cannot run net\.onnx: "):
        found(tmp_path, made)


def test_pixels_are_scaled_as_their_preset_says():
    square = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    bgr = scaled(square, preset("bgr").scaling)
    np.testing.assert_allclose(bgr, square[..., ::-1].astype(np.float32) - [103.939, 116.779, 123.68], atol=1e-3)
    np.testing.assert_allclose(scaled(square, preset("minus_one_to_one").scaling), square / 127.5 - 1, atol=1e-5)


def asked(task: dict) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "core.features.onnx_inspection"],
        cwd=REPOSITORY,
        input=json.dumps(task).encode() + b"\n",
        capture_output=True,
        check=False,
        timeout=100,
    )


def test_the_process_answers_with_a_reason(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"")
    assert json.loads(asked({"path": str(path), "name": "x.onnx"}).stdout) == {"reason": "x.onnx is empty."}


def test_a_network_that_needs_too_much_memory_is_a_reason(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(residual(shape=("n", 3, "h", "w")).SerializeToString())
    done = asked({"path": str(path), "name": "x.onnx", "size": 16_000})
    assert b"x.onnx" in done.stdout or done.returncode
