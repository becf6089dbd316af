"""Parameters and multiply-adds of an ONNX network, node by node."""

from collections.abc import Mapping, Sequence
from math import prod

from core.backbones.onnx.model import OnnxModel, OnnxNode, OnnxTensor
from core.backbones.onnx.points import WEIGHTED, Point
from core.backbones.onnx.rewriting import needed

_NUMBERS = (1, 2, 3, 10, 11, 16)
"""Element types of weights: floats, and the integers of quantized ones. Others are shapes and indices."""

_PASSES_ON = ("Cast", "DequantizeLinear", "Identity", "Reshape", "Transpose", "Unsqueeze", "Squeeze")
"""Operations after which a weight has as many values as before."""


def weighted_outputs(model: OnnxModel, output: str) -> list[str]:
    """The tensors whose shapes ``costs_of_blocks`` needs: outputs of convolutions and products, and what is multiplied
    in attention."""
    nodes = [node for node in needed(model, [output]) if node.op in WEIGHTED]
    first = [node.inputs[0] for node in nodes if node.op == "MatMul" and _matrix(model, node) is None]
    return [*(node.outputs[0] for node in nodes), *(name for name in first if name in model.producers)]


def costs_of_blocks(
    model: OnnxModel, ends: Sequence[Point], shapes: Mapping[str, tuple[int, ...]]
) -> list[tuple[int, int]]:
    """Parameters and multiply-adds of every block, as ``core.features.networks`` counts them.

    Args:
        ends: of the blocks. shapes: of all ``weighted_outputs``, for one photo.
    """
    costs, done, counted = [], -1, set[str]()
    path = {id(node) for node in needed(model, [ends[-1].tensor])} if ends else set()
    for end in ends:
        parameters = operations = 0
        for node in (node for node in model.nodes[done + 1 : end.index + 1] if id(node) in path):
            weights = [one for one in _weights(model, node) if one[0] not in counted]
            counted |= {name for name, _ in weights}
            parameters += sum(tensor.size for _, tensor in weights)
            operations += _multiply_adds(model, node, shapes)
        costs.append((parameters, operations))
        done = end.index
    return costs


def _weights(model: OnnxModel, node: OnnxNode) -> list[tuple[str, OnnxTensor]]:
    """The weights that a node reads, by name, and the constants that it is itself."""
    read = [(name, model.weights[name]) for name in dict.fromkeys(node.inputs) if name in model.weights]
    own = [(node.outputs[0], tensor) for tensor in node.tensors]
    return [(name, tensor) for name, tensor in (*read, *own) if tensor.data_type in _NUMBERS and tensor.shape]


def _multiply_adds(model: OnnxModel, node: OnnxNode, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Of a convolution: its kernel once per position; of a dense layer: its matrix once per row; of two products of
    the photo (attention): one row and column per value."""
    if node.op not in WEIGHTED:
        return 0
    output = shapes[node.outputs[0]]
    tensor = _matrix(model, node)
    if tensor is None:
        return prod(output) * shapes[node.inputs[0]][-1] if node.inputs[0] in shapes else 0
    if "Conv" in node.op:
        return prod(output[2:]) * tensor.size
    columns = tensor.shape[0] if node.op == "Gemm" and node.numbers.get("transB") == (1,) else tensor.shape[-1]
    return prod(output) // max(columns, 1) * tensor.size


def _matrix(model: OnnxModel, node: OnnxNode) -> OnnxTensor | None:
    """The weight that a node multiplies with; None where it multiplies two tensors of the photo."""
    return _weight_of(model, node.inputs[1]) or (_weight_of(model, node.inputs[0]) if node.op == "MatMul" else None)


def _weight_of(model: OnnxModel, name: str) -> OnnxTensor | None:
    """The weight behind a name, which may have been cast or reshaped; None where it is computed from the photo."""
    if name in model.weights:
        return model.weights[name]
    node = model.producers.get(name)
    if node is None:
        return None
    if node.op == "Constant" and node.tensors:
        return node.tensors[0]
    return _weight_of(model, node.inputs[0]) if node.op in _PASSES_ON else None
