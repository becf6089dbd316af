"""Where ONNX networks are cut, and what of them classifies."""

import numpy as np
import pytest

from core.backbones.onnx.model import read_onnx
from core.backbones.onnx.points import MOST_BLOCKS, single_tensors_of, token_pool, trunk_of
from core.errors import InvalidInput
from tests.onnx_files import class_map, computed, model_of, node, residual, tensor, tokens


def analysed(made, output=None, *, channels_last=False, chosen=False):
    model = read_onnx(made.SerializeToString())
    points = single_tensors_of(model, output or model.outputs[0].name, channels_last=channels_last)
    names = [point.tensor for point in points]
    shape = (1, 32, 32, 3) if channels_last else (1, 3, 32, 32)
    values = computed(made, np.zeros(shape, np.float32), names)
    shapes = {name: value.shape for name, value in zip(names, values, strict=True)}
    return points, trunk_of(model, points, shapes, chosen=chosen)


def test_points_are_the_tensors_that_everything_goes_through():
    points, _ = analysed(residual())
    assert [point.tensor for point in points] == [
        "stem_conv", "stem", "one_add", "one", "two_add", "two", "mean", "flat", "logits", "probabilities",
    ]  # fmt: skip


def test_the_dense_layer_is_left_out_and_blocks_end_before_the_next_weights():
    _, trunk = analysed(residual())
    assert [point.tensor for point in trunk.blocks] == ["stem", "one", "two"]
    assert trunk.vector is not None
    assert trunk.vector.tensor == "flat"
    assert trunk.left_out == ("Gemm gemm_logits", "Softmax softmax_probabilities")
    assert trunk.classes == 5


def test_a_network_without_softmax_has_classes_too():
    _, trunk = analysed(residual(softmax=False))
    assert trunk.left_out == ("Gemm gemm_logits",)


def test_what_comes_before_the_first_weights_is_no_block():
    points, trunk = analysed(residual(channels_last=True), channels_last=True)
    assert points[0].tensor == "nchw"
    assert [point.tensor for point in trunk.blocks] == ["stem", "one", "two"]
    assert not any(point.channels_last for point in trunk.blocks)


def test_a_map_of_classes_is_left_out_with_its_convolution():
    _, trunk = analysed(class_map())
    assert [point.tensor for point in trunk.blocks] == ["a"]
    assert trunk.vector is None
    assert trunk.classes == 4


def test_a_network_that_ends_in_its_mean_is_kept_whole():
    _, trunk = analysed(residual(), "flat")
    assert trunk.left_out == ()
    assert trunk.vector is not None
    assert trunk.classes is None


def test_a_chosen_last_layer_is_the_end():
    _, trunk = analysed(residual(), "logits", chosen=True)
    assert trunk.vector is not None
    assert trunk.vector.tensor == "logits"
    _, trunk = analysed(residual(), "one", chosen=True)
    assert (trunk.vector, trunk.blocks[-1].tensor) == (None, "one")


def test_blocks_of_tokens_are_whole_attentions():
    points, trunk = analysed(tokens())
    assert [point.tensor for point in trunk.blocks] == ["tokens", "first", "second"]
    assert "first_scores" not in [point.tensor for point in points]


def test_many_blocks_are_taken_evenly_first_and_last_included():
    nodes, weights, below = [], [], "photo"
    for number in range(60):
        nodes.append(node("Conv", [below, f"w{number}"], f"t{number}", kernel_shape=[1, 1]))
        weights.append(tensor(f"w{number}", 3, 3, 1, 1))
        below = f"t{number}"
    _, trunk = analysed(model_of(nodes, weights, outputs={below: (1, 3, 32, 32)}))
    names = [point.tensor for point in trunk.blocks]
    assert len(names) == MOST_BLOCKS == len(set(names))
    assert (names[0], names[-1]) == ("t0", "t59")


def test_an_output_that_does_not_see_the_photo_is_refused():
    made = model_of([node("Relu", ["photo"], "x"), node("Relu", ["w"], "y")], [tensor("w", 3)], outputs={"y": (3,)})
    with pytest.raises(InvalidInput, match="does not depend on the photo"):
        single_tensors_of(read_onnx(made.SerializeToString()), "y", channels_last=False)


@pytest.mark.parametrize(
    ("count", "pool"), [(197, "first"), (196, "tokens"), (50, "first"), (49, "tokens"), (201, "tokens")]
)
def test_a_class_token_is_one_more_than_a_square(count, pool):
    assert token_pool(count) == pool
