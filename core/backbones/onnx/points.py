"""Where an ONNX network can be cut: the tensors through which everything goes, and where its classification begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

from core.backbones.onnx.model import OnnxModel, OnnxNode
from core.errors import InvalidInput

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul")
"""Operations that hold nearly all weights and computation."""

_DENSE = ("Gemm", "MatMul")
_ACTIVATIONS = ("Softmax", "LogSoftmax", "Sigmoid", "ArgMax")
"""Last operations that only a classifier has."""

_CLASS_COUNTS = (1000, 1001, 11221, 11821, 21841, 21843)
"""Numbers of classes of ImageNet-1k (with and without a background) and of ImageNet-21k."""

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)

MOST_BLOCKS = 24


@dataclass(frozen=True, kw_only=True)
class Point:
    """A tensor through which everything goes that depends on the input.

    Args:
        tensor: its name. index: of the node that computes it, in the model's order.
        channels_last: whether a tensor of four dimensions is NHWC.
    """

    tensor: str
    index: int
    channels_last: bool


def single_tensors_of(model: OnnxModel, output: str, *, channels_last: bool) -> tuple[Point, ...]:
    """The points between the input and the tensor ``output``, which is the last of them.

    Args:
        channels_last: whether the input is NHWC.
    """
    path = _path(model, output)
    source = model.inputs[0].name
    last_use: dict[str, int] = {}
    for index, node in path:
        last_use |= dict.fromkeys(node.inputs, index)
    last_use[output] = len(model.nodes)
    layout = {source: channels_last}
    points, alive = [], {source}
    for index, node in path:
        layout |= dict.fromkeys(node.outputs, _is_last(node, layout))
        alive = {name for name in (*alive, *node.outputs) if last_use.get(name, -1) > index}
        if len(alive) == 1:
            tensor = next(iter(alive))
            if tensor in node.outputs:
                points.append(Point(tensor=tensor, index=index, channels_last=layout[tensor]))
    return tuple(points)


def _path(model: OnnxModel, output: str) -> list[tuple[int, OnnxNode]]:
    """The nodes that depend on the input and that ``output`` depends on, with their indices."""
    from_input = {model.inputs[0].name}
    for node in model.nodes:
        if not from_input.isdisjoint(node.inputs):
            from_input |= set(node.outputs)
    if output not in from_input:
        raise InvalidInput(f"The output {output!r} does not depend on the photo.")
    needed, path = {output}, []
    for index, node in reversed(list(enumerate(model.nodes))):
        if not needed.isdisjoint(node.outputs) and not from_input.isdisjoint(node.inputs):
            needed |= {name for name in node.inputs if name in from_input}
            path.append((index, node))
    return path[::-1]


def _is_last(node: OnnxNode, layout: Mapping[str, bool]) -> bool:
    """Whether the output of a node is NHWC: a convolution's never is, others keep what their input has."""
    if node.op == "Transpose":
        return node.numbers.get("perm") == _TO_LAST
    if node.op in ("Conv", "ConvTranspose", "BatchNormalization", "MaxPool", "AveragePool", "GlobalAveragePool"):
        return False
    return next((layout[name] for name in node.inputs if name in layout), False)


def ends_of_blocks(model: OnnxModel, points: Sequence[Point]) -> tuple[Point, ...]:
    """Of points that follow one another the last before the next weights are used: after ``Add`` and ``Relu``, not
    between; and at most ``MOST_BLOCKS`` of them, evenly."""
    ends = []
    for point, following in zip(points, (*points[1:], None), strict=True):
        stop = len(model.nodes) if following is None else following.index + 1
        between = model.nodes[point.index + 1 : stop]
        if following is None or any(node.op in WEIGHTED for node in between):
            ends.append(point)
    if len(ends) <= MOST_BLOCKS:
        return tuple(ends)
    return tuple(ends[round(number * (len(ends) - 1) / (MOST_BLOCKS - 1))] for number in range(MOST_BLOCKS))


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """What remains of a network without its classification.

    Args:
        blocks: the ends of its blocks, feature maps or tokens, from input to output.
        vector: the features that the network makes of the last block itself; None where it makes none, and they are
            pooled.
        left_out: the operations after it, as ``<type> <name>``.
        classes: length of the network's output where that is a classification; None where it is not.
    """

    blocks: tuple[Point, ...]
    vector: Point | None
    left_out: tuple[str, ...]
    classes: int | None


def trunk_of(
    model: OnnxModel, points: Sequence[Point], shapes: Mapping[str, tuple[int, ...]], *, chosen: bool = False
) -> Trunk:
    """The network without the classification at its end.

    Args:
        points: of ``single_tensors_of``. shapes: of all points for one photo.
        chosen: whether a person chose the last point, so that nothing is left out.

    Raises:
        InvalidInput: no feature map, tokens or vector remains.
    """
    usable = [point for point in points if shapes[point.tensor][:1] == (1,) and _rank(shapes[point.tensor])]
    if not usable:
        raise InvalidInput("No tensor of the network is a feature map, tokens or a vector of one photo.")
    last = len(usable) - 1
    end = last if chosen else _end_of_features(model, usable, shapes)
    tensor = usable[end].tensor
    weighted = _first_weighted(model, points[-1].tensor)
    maps = [point for point in usable[: end + 1] if _rank(shapes[point.tensor]) > 1 and point.index >= weighted]
    if not maps:
        raise InvalidInput("The network has no feature map and no tokens before its features.")
    rank = _rank(shapes[maps[-1].tensor])
    maps = [point for point in maps if _rank(shapes[point.tensor]) == rank]
    vector = usable[end] if _rank(shapes[tensor]) == 1 else None
    classes = shapes[usable[last].tensor][1] if end < last and _rank(shapes[usable[last].tensor]) == 1 else None
    after = model.nodes[usable[end].index + 1 : points[-1].index + 1]
    return Trunk(
        blocks=ends_of_blocks(model, maps),
        vector=vector,
        left_out=tuple(f"{node.op} {node.name or node.outputs[0]}" for node in after),
        classes=classes,
    )


def _first_weighted(model: OnnxModel, output: str) -> int:
    """The index of the first node with weights that the photo goes through."""
    return next((index for index, node in _path(model, output) if node.op in WEIGHTED), len(model.nodes))


def token_pool(tokens: int) -> str:
    """How tokens become a vector where the network does not say it: ``first``, the class token, where the others fill
    a square of patches; else their mean, ``tokens``."""
    return "first" if isqrt(tokens - 1) ** 2 == tokens - 1 and isqrt(tokens) ** 2 != tokens else "tokens"


def _rank(shape: Sequence[int]) -> int:
    """1 for a vector of one photo (n, d), also with positions of size 1; 2 for tokens, 3 for a map; 0 for others."""
    if len(shape) == 4:
        return 1 if sorted(shape)[:3] == [1, 1, 1] else 3
    return {2: 1, 3: 2}.get(len(shape), 0)


def _end_of_features(model: OnnxModel, usable: Sequence[Point], shapes: Mapping[str, tuple[int, ...]]) -> int:
    """The index of the last point before the classification.

    That begins with the last dense layer; or with the last convolution, where the network ends in classes (a softmax,
    or as many values as ImageNet has classes) without one.
    """
    last = len(usable) - 1
    if _rank(shapes[usable[last].tensor]) != 1:
        return last
    vectors = last
    while vectors and _rank(shapes[usable[vectors - 1].tensor]) == 1:
        vectors -= 1
    for index in range(last, vectors, -1):
        if _has(model, usable, index, _DENSE):
            return index - 1
    if vectors and _has(model, usable, vectors, _DENSE):
        return vectors - 1
    classifies = any(_has(model, usable, index, _ACTIVATIONS) for index in range(vectors, last + 1))
    if not classifies and max(shapes[usable[last].tensor]) not in _CLASS_COUNTS:
        return last
    for index in range(last, 0, -1):
        if _has(model, usable, index, WEIGHTED):
            return index - 1
    return last


def _has(model: OnnxModel, usable: Sequence[Point], index: int, operations: Sequence[str]) -> bool:
    """Whether one of these operations lies between a point and the one before."""
    begin = usable[index - 1].index + 1 if index else 0
    return any(node.op in operations for node in model.nodes[begin : usable[index].index + 1])
