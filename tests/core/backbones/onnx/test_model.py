"""An ONNX file as values, compared with what the package ``onnx`` reads."""

import pytest
from onnx import helper, numpy_helper

from core.backbones.onnx.model import FLOAT, OnnxPort, read_onnx, type_name
from core.backbones.onnx.wire import BrokenProtobufError
from tests.onnx_files import model_of, node, residual, tensor


def read(model):
    return read_onnx(model.SerializeToString())


def test_nodes_weights_and_ports_are_those_of_the_file():
    made = residual()
    found = read(made)
    assert [one.op for one in found.nodes] == [one.op_type for one in made.graph.node]
    assert [one.inputs for one in found.nodes] == [tuple(one.input) for one in made.graph.node]
    assert {name: one.shape for name, one in found.weights.items()} == {
        one.name: tuple(one.dims) for one in made.graph.initializer
    }
    assert found.inputs == (OnnxPort(name="photo", data_type=FLOAT, shape=(None, 3, 32, 32)),)
    assert [port.name for port in found.outputs] == ["probabilities"]
    assert found.opset == 17
    assert found.producer == "tests"
    assert found.nodes[0].numbers["pads"] == (1, 1, 1, 1)
    assert found.producers["stem"].op == "Relu"


def test_a_weight_that_is_an_input_too_is_no_input():
    made = residual()
    made.graph.input.append(helper.make_tensor_value_info("fc_w", 1, (5, 8)))
    assert [port.name for port in read(made).inputs] == ["photo"]


def test_nodes_in_another_order_are_put_into_that_of_their_computation():
    made = residual()
    ordered = [one.name for one in read(made).nodes]
    nodes = list(reversed(made.graph.node))
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    assert [one.name for one in read(made).nodes] == ordered


def test_nodes_in_a_circle_are_an_error():
    made = model_of([node("Add", ["photo", "b"], "a"), node("Relu", ["a"], "b")], [], outputs={"b": (1,)})
    with pytest.raises(BrokenProtobufError, match="circle"):
        read(made)


def test_metadata_and_functions_are_read():
    made = residual()
    helper.set_model_props(made, {"mean": "[0.5]", "author": "me"})
    function = helper.make_function("mine", "Twice", ["x"], ["y"], [node("Add", ["x", "x"], "y")], [])
    made.functions.append(function)
    found = read(made)
    assert found.metadata == {"mean": "[0.5]", "author": "me"}
    assert found.functions == ("Twice",)


def test_a_constant_and_an_external_weight_are_seen():
    constant = node("Constant", [], "c", value=numpy_helper.from_array(numpy_helper.to_array(tensor("x", 2, 2)), "x"))
    made = model_of([constant, node("Add", ["photo", "c"], "y")], [tensor("w", 3)], outputs={"y": (1,)})
    made.graph.initializer[0].data_location = 1
    entry = made.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    found = read(made)
    assert found.nodes[0].tensors[0].shape == (2, 2)
    assert found.weights["w"].external
    assert not found.nodes[0].tensors[0].external


@pytest.mark.parametrize("data", [b"", b"not a protobuf", b"\x08\x04"])
def test_what_is_no_model_is_an_error(data):
    with pytest.raises(BrokenProtobufError):
        read_onnx(data)


def test_types_have_names():
    assert [type_name(number) for number in (1, 2, 10, 99)] == ["float32", "uint8", "float16", "type 99"]
