"""What cannot be used is refused in one sentence, before anything is executed."""

import re

import pytest
from onnx import TensorProto, helper

from core.backbones.onnx.refusals import image_input, read_checked
from core.errors import InvalidInput
from tests.onnx_files import model_of, node, residual, tensor, tokens


def refused(model, reason: str) -> None:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(InvalidInput, match=re.escape(reason)) as caught:
        read_checked(data, "mine.onnx")
    assert str(caught.value).startswith("mine.onnx ")
    assert "\n" not in str(caught.value)


def changed(change) -> object:
    model = residual()
    change(model)
    return model


def external(model) -> None:
    weight = model.graph.initializer[0]
    weight.data_location = TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "../../secret"


def in_a_constant(model) -> None:
    outside = tensor("far", 2)
    external_model = residual()
    external(external_model)
    outside.CopyFrom(external_model.graph.initializer[0])
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=outside))


def custom(model) -> None:
    model.graph.node[1].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def contributed(model) -> None:
    model.graph.node[1].domain, model.graph.node[1].op_type = "com.microsoft", "EPContext"


def conditional(model) -> None:
    inner = helper.make_graph([node("Relu", ["stem"], "x")], "inner", [], [helper.make_empty_tensor_value_info("x")])
    model.graph.node.append(
        helper.make_node("If", ["condition"], ["x"], name="if", then_branch=inner, else_branch=inner)
    )


def with_function(model) -> None:
    model.functions.append(helper.make_function("mine", "Twice", ["x"], ["y"], [node("Add", ["x", "x"], "y")], []))


def random_noise(model) -> None:
    model.graph.node.append(node("RandomNormalLike", ["stem"], "noise"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (external, "keeps the values of 1 tensor in another file (stem_w), and no other file is opened."),
        (in_a_constant, "keeps the values of 1 tensor in another file"),
        (custom, "uses operators that are not ONNX's own (com.example.Relu). Export it without custom operators."),
        (contributed, "uses operators that are not ONNX's own (com.microsoft.EPContext)"),
        (conditional, "has graphs inside its operations (If), which are not checked."),
        (with_function, "defines functions of its own (Twice)"),
        (random_noise, "draws random numbers (RandomNormalLike)"),
        (lambda model: model.graph.ClearField("node"), "has a graph without operations, so it is no network."),
        (lambda model: model.graph.ClearField("initializer"), "has no weights"),
    ],
)
def test_a_network_that_reaches_outside_is_refused(change, reason):
    refused(changed(change), reason)


def two_inputs():
    ports = [helper.make_tensor_value_info(name, 1, (1, 3, 32, 32)) for name in ("photo", "other")]
    return model_of([node("Add", ["photo", "other"], "y")], [tensor("w", 3)], inputs=ports, outputs={"y": (1,)})


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (two_inputs(), "has 2 inputs (photo and other); a network of photos has one."),
        (
            residual(data_type=TensorProto.UINT8),
            "takes uint8 as input 'photo'; an image as float32 or float16 is needed.",
        ),
        (
            residual(shape=(1, 1, 28, 28)),
            "has an input 'photo' of shape (1, 1, 28, 28), which is no batch of RGB images",
        ),
        (residual(shape=(1, 3)), "which is no batch of RGB images"),
        (residual(shape=(8, 3, 32, 32)), "takes 8 images at once."),
        (residual(shape=(1, 3, 32, 64)), "takes images of 32 x 64 pixels; squares are needed."),
        (residual(opset=6), "uses version 6 of ONNX's operators"),
        (b"PNG and more", "is no ONNX file that can be read"),
        (residual().SerializeToString()[:-50], "is no ONNX file that can be read"),
    ],
)
def test_a_network_of_something_else_is_refused(model, reason):
    refused(model, reason)


@pytest.mark.parametrize(
    ("model", "last", "side"),
    [
        (residual(), False, 32),
        (residual(channels_last=True), True, 32),
        (residual(shape=("n", 3, "h", "w")), False, None),
        (residual(shape=("n", "c", "h", "w")), False, None),
        (residual(channels_last=True, shape=("n", "h", "w", "c")), True, None),
        (tokens(), False, 32),
    ],
)
def test_the_input_is_found_in_both_layouts_with_fixed_and_free_sizes(model, last, side):
    found = image_input(read_checked(model.SerializeToString(), "x"))
    assert (found.name, found.channels_last, found.side) == ("photo", last, side)
