"""An ONNX file as values: nodes in the order of their computation, weights by name, input and outputs.

Numbers of fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from math import prod

from core.backbones.onnx.wire import BrokenProtobufError, Field, fields, integers

FLOAT, FLOAT16 = 1, 10
"""Element types of ``TensorProto.DataType`` that an input can have."""

_FLOATS = {1: "float32", 10: "float16", 11: "float64", 16: "bfloat16"}
_TYPES = _FLOATS | {
    2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool", 12: "uint32",
    13: "uint64", 14: "complex64", 15: "complex128",
}  # fmt: skip


def type_name(number: int) -> str:
    """The name of an element type: ``float32``."""
    return _TYPES.get(number, f"type {number}")


@dataclass(frozen=True, kw_only=True)
class OnnxTensor:
    """A weight, or a constant: its description without its values.

    Args:
        external: whether its values lie in another file.
    """

    name: str
    shape: tuple[int, ...]
    data_type: int
    external: bool = False

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class OnnxNode:
    """One operation.

    Args:
        op: its type, ``Conv``. domain: "" for ONNX's own operators.
        inputs, outputs: names of tensors; an input that is left out is "".
        numbers: its attributes that are whole numbers, by name. tensors: those that are tensors.
        has_subgraph: whether an attribute is a graph (``If``, ``Loop``, ``Scan``).
        raw: the field of the graph that it was read from.
    """

    op: str
    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: dict[str, tuple[int, ...]]
    tensors: tuple[OnnxTensor, ...]
    has_subgraph: bool
    raw: memoryview


@dataclass(frozen=True, kw_only=True)
class OnnxPort:
    """An input or output of the graph.

    Args:
        data_type: its element type, 0 where it is no tensor. shape: None for a dimension that is not fixed; None as a
            whole where the file does not say.
    """

    name: str
    data_type: int
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True, kw_only=True)
class OnnxModel:
    """An ONNX file.

    Args:
        nodes: in the order of their computation. weights: by name; weight_fields: the fields they were read from.
        inputs: without those that are weights.
        opsets: version by domain. functions: names of the functions that it defines.
        metadata: its ``metadata_props``. graph_name: of the graph.
        ir_version, producer: as they stand in the file.
    """

    nodes: tuple[OnnxNode, ...]
    weights: dict[str, OnnxTensor]
    inputs: tuple[OnnxPort, ...]
    outputs: tuple[OnnxPort, ...]
    opsets: dict[str, int]
    functions: tuple[str, ...]
    metadata: dict[str, str]
    ir_version: int
    producer: str
    has_sparse_weights: bool = False
    weight_fields: dict[str, memoryview] = field(default_factory=dict, repr=False)

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators, 0 where the file does not say."""
        return self.opsets.get("", self.opsets.get("ai.onnx", 0))

    @cached_property
    def producers(self) -> dict[str, OnnxNode]:
        """The node that computes a tensor, by the tensor's name."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def names(self) -> set[str]:
        """All names of tensors."""
        ports = {port.name for port in (*self.inputs, *self.outputs)}
        return ports | set(self.weights) | {name for node in self.nodes for name in (*node.inputs, *node.outputs)}


def read_onnx(data: bytes | memoryview) -> OnnxModel:
    """The model in these bytes.

    Raises:
        BrokenProtobufError: they are no ONNX file.
    """
    top = list(fields(data))
    graphs = [one for one in top if one.number == 7]
    if len(graphs) != 1:
        raise BrokenProtobufError("it has no graph" if not graphs else "it has several graphs")
    graph = list(fields(graphs[0].view))
    weight_fields = {_tensor(one.view).name: one for one in graph if one.number == 5}
    ports = [_port(one.view) for one in graph if one.number == 11]
    return OnnxModel(
        nodes=_ordered([_node(one) for one in graph if one.number == 1]),
        weights={name: _tensor(one.view) for name, one in weight_fields.items()},
        inputs=tuple(port for port in ports if port.name not in weight_fields),
        outputs=tuple(_port(one.view) for one in graph if one.number == 12),
        opsets=dict(_opset(one.view) for one in top if one.number == 8),
        functions=tuple(_text(one.view, 1) for one in top if one.number == 25),
        metadata=dict(_entry(one.view) for one in top if one.number == 14),
        ir_version=next((one.integer for one in top if one.number == 1), 0),
        producer=" ".join(one.text for one in top if one.number in (2, 3)).strip(),
        has_sparse_weights=any(one.number == 15 for one in graph),
        weight_fields={name: one.raw for name, one in weight_fields.items()},
    )


def _ordered(nodes: list[OnnxNode]) -> tuple[OnnxNode, ...]:
    """The nodes in the order of their computation; that of the file where it is one."""
    producer = {name: index for index, node in enumerate(nodes) for name in node.outputs if name}
    needs = {
        index: sorted({producer[name] for name in node.inputs if name in producer}) for index, node in enumerate(nodes)
    }
    if all(before < index for index, all_before in needs.items() for before in all_before):
        return tuple(nodes)
    try:
        return tuple(nodes[index] for index in TopologicalSorter(needs).static_order())
    except CycleError:
        raise BrokenProtobufError("its nodes form a circle") from None


def _node(one: Field) -> OnnxNode:
    parts = list(fields(one.view))
    attributes = [list(fields(part.view)) for part in parts if part.number == 5]
    return OnnxNode(
        op=next((part.text for part in parts if part.number == 4), ""),
        name=next((part.text for part in parts if part.number == 3), ""),
        domain=next((part.text for part in parts if part.number == 7), ""),
        inputs=tuple(part.text for part in parts if part.number == 1),
        outputs=tuple(part.text for part in parts if part.number == 2),
        numbers=dict(_numbers(attribute) for attribute in attributes),
        tensors=tuple(tensor for attribute in attributes for tensor in _tensors(attribute)),
        has_subgraph=any(part.number in (6, 11) for attribute in attributes for part in attribute),
        raw=one.raw,
    )


def _numbers(attribute: list[Field]) -> tuple[str, tuple[int, ...]]:
    name = next((part.text for part in attribute if part.number == 1), "")
    single = [part.integer for part in attribute if part.number == 3]
    several = [value for part in attribute if part.number == 8 for value in integers(part)]
    return name, tuple(several or single)


def _tensors(attribute: list[Field]) -> Iterator[OnnxTensor]:
    for part in attribute:
        if part.number in (5, 10):
            yield _tensor(part.view)
        elif part.number in (22, 23):  # sparse: values and indices
            yield from (_tensor(inner.view) for inner in fields(part.view) if inner.number in (1, 2))


def _tensor(data: memoryview) -> OnnxTensor:
    shape: list[int] = []
    name, data_type, external = "", 0, False
    for part in fields(data):
        match part.number:
            case 1:
                shape += integers(part)
            case 2:
                data_type = part.integer
            case 8:
                name = part.text
            case 13:
                external = True
            case 14:
                external = external or part.integer != 0
    return OnnxTensor(name=name, shape=tuple(shape), data_type=data_type, external=external)


def _port(data: memoryview) -> OnnxPort:
    parts = list(fields(data))
    name = next((part.text for part in parts if part.number == 1), "")
    for kind in (part for part in parts if part.number == 2):
        for tensor in (part for part in fields(kind.view) if part.number == 1):
            inner = list(fields(tensor.view))
            data_type = next((part.integer for part in inner if part.number == 1), 0)
            shapes = [_shape(part.view) for part in inner if part.number == 2]
            return OnnxPort(name=name, data_type=data_type, shape=shapes[0] if shapes else None)
    return OnnxPort(name=name, data_type=0, shape=None)


def _shape(data: memoryview) -> tuple[int | None, ...]:
    return tuple(_side(one.view) for one in fields(data) if one.number == 1)


def _side(data: memoryview) -> int | None:
    value = next((part.integer for part in fields(data) if part.number == 1), None)
    return value if value is not None and value > 0 else None


def _opset(data: memoryview) -> tuple[str, int]:
    parts = list(fields(data))
    return _text(data, 1), next((part.integer for part in parts if part.number == 2), 0)


def _entry(data: memoryview) -> tuple[str, str]:
    return _text(data, 1), _text(data, 2)


def _text(data: memoryview, number: int) -> str:
    return next((part.text for part in fields(data) if part.number == number), "")
