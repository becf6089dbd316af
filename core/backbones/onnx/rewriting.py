"""Other ONNX files of a checked one: with more outputs, with pixels as input, or up to a cut only.

The file that is stored (``with_pixels``) takes raw RGB 0..255 (1, height, width, 3) and has an output for every block,
channels last; so a prefix (``up_to``) has the same input and output as an exported ``.tflite`` file of a Keras network.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import pack

from core.backbones.onnx.model import FLOAT, OnnxModel, OnnxNode, read_onnx
from core.backbones.onnx.points import Point
from core.backbones.onnx.refusals import image_input
from core.backbones.onnx.wire import bytes_field, number_field, repeated
from core.backbones.values import Scaling

INPUT = "photo"
_INT64 = 7


def with_outputs(model: OnnxModel, tensors: Sequence[str]) -> bytes:
    """The same network with these tensors as its outputs."""
    source = image_input(model)
    shape = _port_shape(model)
    return _written(
        model,
        nodes=[node.raw for node in needed(model, tensors)],
        weights=_weights_of(model, tensors),
        inputs=[_port(source.name, source.data_type, shape)],
        outputs=[_port(name) for name in tensors],
    )


@dataclass(frozen=True, kw_only=True)
class Ending:
    """An output of the stored file.

    Args:
        name: of the block, ``top`` or ``classes``. point: the tensor it is made of.
        kind: ``map``, ``tokens``, ``vector`` or ``logits``. pool: as of ``up_to``.
    """

    name: str
    point: Point
    kind: str
    pool: str = ""

    @property
    def sides(self) -> int:
        """Number of dimensions of one photo's output."""
        return 1 if self.pool else {"map": 3, "tokens": 2}.get(self.kind, 1)


def with_pixels(model: OnnxModel, endings: Sequence[Ending], scaling: Scaling) -> bytes:
    """The network of raw pixels, with these outputs."""
    prefix = unused_prefix(model)
    before, constants = _scaling_nodes(model, scaling, prefix)
    after: list[bytes] = []
    for one in endings:
        nodes, more = _output_nodes(model, one, f"{prefix}{one.name}")
        after += nodes
        constants += more
    tensors = [one.point.tensor for one in endings]
    side = image_input(model).side
    return _written(
        model,
        nodes=[*before, *(node.raw for node in needed(model, tensors)), *after],
        weights=[*constants, *_weights_of(model, tensors)],
        inputs=[_port(prefix + INPUT, FLOAT, (1, side, side, 3))],
        outputs=[_port(f"{prefix}{one.name}", FLOAT, (1, *[None] * one.sides)) for one in endings],
    )


def up_to(data: bytes, name: str, side: int, *, pool: str = "") -> bytes:
    """The part of a file of ``with_pixels`` up to the output ``name``, at one input size.

    Args:
        side: of the input in pixels. pool: ``"map"`` or ``"tokens"`` averages one over its positions, ``"first"`` takes
            the first token; "" for the output as it is.
    """
    model = read_onnx(data)
    output = model.inputs[0].name.removesuffix(INPUT) + name
    after: list[bytes] = []
    constants: list[bytes] = []
    result = output
    if pool:
        result = f"{output}/pooled"
        after, constants = _pooling_nodes(model, output, result, pool)
    return _written(
        model,
        nodes=[*(node.raw for node in needed(model, [output])), *after],
        weights=[*constants, *_weights_of(model, [output])],
        inputs=[_port(model.inputs[0].name, FLOAT, (1, side, side, 3))],
        outputs=[_port(result, FLOAT, (1, None) if pool else next(p.shape for p in model.outputs if p.name == output))],
    )


def needed(model: OnnxModel, tensors: Iterable[str]) -> list[OnnxNode]:
    """The nodes that these tensors depend on, in order."""
    wanted, found = set(tensors), []
    for node in reversed(model.nodes):
        if not wanted.isdisjoint(node.outputs):
            wanted |= set(node.inputs)
            found.append(node)
    return found[::-1]


def unused_prefix(model: OnnxModel) -> str:
    """A beginning of names that no tensor of the model has."""
    number = 0
    while any(name.startswith(f"graft{number}/") for name in model.names):
        number += 1
    return f"graft{number}/"


# --- nodes ---


def _scaling_nodes(model: OnnxModel, scaling: Scaling, prefix: str) -> tuple[list[bytes], list[bytes]]:
    """From raw pixels to the network's own input; the nodes and their constants."""
    source = image_input(model)
    factor = [1 / (255 * deviation) for deviation in scaling.deviation]
    offset = [-mean / deviation for mean, deviation in zip(scaling.mean, scaling.deviation, strict=True)]
    names = [f"{prefix}{INPUT}"]
    nodes: list[tuple[str, list[str], bytes]] = [
        ("Mul", [f"{prefix}factor"], b""),
        ("Add", [f"{prefix}offset"], b""),
    ]
    constants = [_floats(f"{prefix}factor", factor), _floats(f"{prefix}offset", offset)]
    if scaling.bgr:
        nodes.append(("Gather", [f"{prefix}channels"], _attribute("axis", 3)))
        constants.append(_integers(f"{prefix}channels", [2, 1, 0]))
    if not source.channels_last:
        nodes.append(("Transpose", [], _attribute("perm", (0, 3, 1, 2))))
    nodes.append(("Cast", [], _attribute("to", source.data_type)))
    written = []
    for number, (op, others, attribute) in enumerate(nodes):
        result = source.name if number == len(nodes) - 1 else f"{prefix}scaled{number}"
        written.append(_node(op, [names[-1], *others], result, attribute))
        names.append(result)
    return written, constants


def _output_nodes(model: OnnxModel, ending: Ending, result: str) -> tuple[list[bytes], list[bytes]]:
    """From a tensor of the network to float32 with the channels last; the nodes and their constants."""
    cast = f"{result}/float"
    nodes = [_node("Cast", [ending.point.tensor], cast, _attribute("to", FLOAT))]
    ordered = f"{result}/ordered" if ending.pool else result
    constants: list[bytes] = []
    if ending.kind in ("vector", "logits"):
        shape = f"{result}/shape"
        constants.append(_integers(shape, [1, -1]))
        ordered = f"{result}/flat" if ending.kind == "logits" else ordered
        nodes.append(_node("Reshape", [cast, shape], ordered))
    elif ending.kind == "map" and not ending.point.channels_last:
        nodes.append(_node("Transpose", [cast], ordered, _attribute("perm", (0, 2, 3, 1))))
    else:
        nodes.append(_node("Identity", [cast], ordered))
    if ending.kind == "logits":
        nodes.append(_node("Softmax", [ordered], result, _attribute("axis", 1)))
    elif ending.pool:
        pooled, more = _pooling_nodes(model, ordered, result, ending.pool)
        nodes += pooled
        constants += more
    return nodes, constants


def _pooling_nodes(model: OnnxModel, tensor: str, result: str, pool: str) -> tuple[list[bytes], list[bytes]]:
    if pool == "first":
        index = f"{result}/first"
        return [_node("Gather", [tensor, index], result, _attribute("axis", 1))], [_integers(index, 0)]
    axes = [1, 2] if pool == "map" else [1]
    kept = _attribute("keepdims", 0)
    if model.opset < 18:
        return [_node("ReduceMean", [tensor], result, _attribute("axes", tuple(axes)) + kept)], []
    name = f"{result}/axes"
    return [_node("ReduceMean", [tensor, name], result, kept)], [_integers(name, axes)]


# --- messages ---


def _node(op: str, inputs: Sequence[str], output: str, attributes: bytes = b"") -> bytes:
    names = b"".join(bytes_field(1, name) for name in inputs)
    return bytes_field(1, names, bytes_field(2, output), bytes_field(3, output), bytes_field(4, op), attributes)


def _attribute(name: str, value: int | tuple[int, ...]) -> bytes:
    """A field of a node: an attribute of one whole number, or of several."""
    if isinstance(value, int):
        return bytes_field(5, bytes_field(1, name), number_field(3, value), number_field(20, 2))
    return bytes_field(5, bytes_field(1, name), repeated(8, value), number_field(20, 7))


def _floats(name: str, values: Sequence[float]) -> bytes:
    raw = pack(f"<{len(values)}f", *values)
    return bytes_field(
        5, number_field(1, len(values)), number_field(2, FLOAT), bytes_field(8, name), bytes_field(9, raw)
    )


def _integers(name: str, values: Sequence[int] | int) -> bytes:
    numbers = [values] if isinstance(values, int) else values
    shape = b"" if isinstance(values, int) else number_field(1, len(numbers))
    raw = pack(f"<{len(numbers)}q", *numbers)
    return bytes_field(5, shape, number_field(2, _INT64), bytes_field(8, name), bytes_field(9, raw))


def _port(name: str, data_type: int = FLOAT, shape: Sequence[int | None] | None = None) -> bytes:
    """A ``ValueInfoProto``; dimensions of None get names."""
    dims = b""
    if shape is not None:
        free = f"{name}/side"
        sides = [number_field(1, side) if side else bytes_field(2, f"{free}{at}") for at, side in enumerate(shape)]
        dims = bytes_field(2, *(bytes_field(1, side) for side in sides))
    tensor = bytes_field(1, number_field(1, data_type), dims)
    return bytes_field(1, name) + bytes_field(2, tensor)


def _port_shape(model: OnnxModel) -> list[int | None]:
    shape = model.inputs[0].shape
    assert shape is not None
    return [1, *shape[1:]]


def _weights_of(model: OnnxModel, tensors: Iterable[str]) -> list[memoryview]:
    used = {name for node in needed(model, tensors) for name in node.inputs}
    return [raw for name, raw in model.weight_fields.items() if name in used]


def _written(
    model: OnnxModel,
    *,
    nodes: Sequence[bytes | memoryview],
    weights: Sequence[bytes | memoryview],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
) -> bytes:
    """A model of these parts. Shapes of inner tensors are left out, since they may not be true any more."""
    ports = [*(bytes_field(11, one) for one in inputs), *(bytes_field(12, one) for one in outputs)]
    graph = bytes_field(7, *nodes, bytes_field(2, "graft"), *weights, *ports)
    opset = bytes_field(8, bytes_field(1, ""), number_field(2, model.opset or 1))
    return number_field(1, max(model.ir_version, 4)) + bytes_field(2, "graft") + graph + opset
