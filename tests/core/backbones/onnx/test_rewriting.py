"""Rewritten files compute what the original does, from raw pixels, up to every cut."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from core.backbones.onnx.model import read_onnx
from core.backbones.onnx.points import Point, single_tensors_of
from core.backbones.onnx.rewriting import Ending, unused_prefix, up_to, with_outputs, with_pixels
from core.backbones.scalings import PRESETS, preset
from core.backbones.values import Scaling
from tests.onnx_files import computed, model_of, node, residual, tensor, tokens

PIXELS = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3)).astype(np.float32)


def as_wanted(scaling: Scaling) -> np.ndarray:
    """What the network itself wants, computed another way: float64, NHWC."""
    found = (PIXELS.astype(np.float64) / 255 - scaling.mean) / scaling.deviation
    return (found[..., ::-1] if scaling.bgr else found).astype(np.float32)


def points_of(made, channels_last=False) -> dict[str, Point]:
    model = read_onnx(made.SerializeToString())
    return {one.tensor: one for one in single_tensors_of(model, model.outputs[0].name, channels_last=channels_last)}


def endings(made, **kinds) -> list[Ending]:
    points = points_of(made)
    return [Ending(name=name, point=points[tensor], kind=kind) for name, (tensor, kind) in kinds.items()]


@pytest.mark.parametrize("scaling", [one.scaling for one in PRESETS], ids=[one.name for one in PRESETS])
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_stored_network_takes_raw_pixels_in_every_scaling_and_layout(scaling, channels_last):
    made = residual(channels_last=channels_last)
    points = points_of(made, channels_last)
    ends = [
        Ending(name="block1", point=points["one"], kind="map"),
        Ending(name="top", point=points["flat"], kind="vector"),
        Ending(name="classes", point=points["logits"], kind="logits"),
    ]
    stored = with_pixels(read_onnx(made.SerializeToString()), ends, scaling)
    onnx.checker.check_model(onnx.load_from_string(stored))
    wanted = as_wanted(scaling) if channels_last else as_wanted(scaling).transpose(0, 3, 1, 2)
    one, flat, probabilities = computed(made, wanted, ["one", "flat", "probabilities"])
    found = computed(stored, PIXELS)
    size = max(1.0, float(np.abs(one).max()))
    np.testing.assert_allclose(found[0], one.transpose(0, 2, 3, 1), atol=1e-5 * size)
    np.testing.assert_allclose(found[1], flat, atol=1e-5 * size)
    np.testing.assert_allclose(found[2], probabilities, atol=1e-5)


@pytest.mark.parametrize("opset", [11, 17, 21])
def test_a_prefix_is_a_part_of_the_stored_network(opset):
    made = residual(opset=opset)
    ends = endings(made, stem=("stem", "map"), block1=("one", "map"), top=("flat", "vector"))
    stored = with_pixels(read_onnx(made.SerializeToString()), ends, preset("imagenet").scaling)
    stem, one, flat = computed(stored, PIXELS)
    prefix = up_to(stored, "block1", 32)
    np.testing.assert_array_equal(computed(prefix, PIXELS)[0], one)
    assert "two_w" not in read_onnx(prefix).weights
    (pooled,) = computed(up_to(stored, "stem", 32, pool="map"), PIXELS)
    np.testing.assert_allclose(pooled, stem.mean((1, 2)), atol=1e-5)
    assert read_onnx(up_to(stored, "top", 32)).inputs[0].shape == (1, 32, 32, 3)
    np.testing.assert_allclose(computed(up_to(stored, "top", 32), PIXELS)[0], flat, atol=1e-6)


def test_tokens_are_pooled_over_all_of_them_or_to_the_first():
    made = tokens()
    points = points_of(made)
    ends = [
        Ending(name="block1", point=points["first"], kind="tokens"),
        Ending(name="top", point=points["second"], kind="tokens", pool="first"),
    ]
    stored = with_pixels(read_onnx(made.SerializeToString()), ends, preset("zero_to_one").scaling)
    first, top = computed(stored, PIXELS)
    assert first.shape == (1, 17, 8)
    (second,) = computed(made, as_wanted(preset("zero_to_one").scaling).transpose(0, 3, 1, 2))
    np.testing.assert_allclose(top, second[:, 0], atol=1e-5)
    (mean,) = computed(up_to(stored, "block1", 32, pool="tokens"), PIXELS)
    np.testing.assert_allclose(mean, first.mean(1), atol=1e-5)


def test_a_network_of_half_precision_is_fed_and_read_as_float32():
    nodes = [node("Conv", ["photo", "w"], "y", kernel_shape=[1, 1])]
    weight = tensor("w", 2, 3, 1, 1)
    values = onnx.numpy_helper.to_array(weight).astype(np.float16)
    made = model_of(nodes, [onnx.numpy_helper.from_array(values, "w")], data_type=TensorProto.FLOAT16)
    made.graph.output.append(onnx.helper.make_tensor_value_info("y", TensorProto.FLOAT16, ("n", 2, 32, 32)))
    stored = with_pixels(read_onnx(made.SerializeToString()), endings(made, stem=("y", "map")), Scaling())
    (found,) = computed(stored, PIXELS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, PIXELS / 255 @ values[:, :, 0, 0].T.astype(np.float32), atol=1e-2)


def test_inner_tensors_become_outputs():
    made = residual()
    wanted = as_wanted(Scaling()).transpose(0, 3, 1, 2)
    data = with_outputs(read_onnx(made.SerializeToString()), ["stem", "flat"])
    for found, expected in zip(computed(data, wanted), computed(made, wanted, ["stem", "flat"]), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_stored_network_can_be_stored_again():
    made = residual()
    stored = with_pixels(read_onnx(made.SerializeToString()), endings(made, top=("flat", "vector")), Scaling())
    assert unused_prefix(read_onnx(stored)) == "graft1/"
