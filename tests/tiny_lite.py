"""The smallest LiteRT network: one dense layer on the pixels, written without TensorFlow."""

import json
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from core.files.atomic import digest_of
from core.models.heads.dense import Layer, write_dense


def write_dense_network(path: Path, weights: np.ndarray, bias: np.ndarray, side: int) -> None:
    """Pixels float32 (1, side, side, 3) -> pixels @ weights + bias.

    Args:
        weights: (side * side * 3, outputs). bias: (outputs,).
    """
    model = schema.ModelT()
    model.version, model.description = 3, "tiny"
    model.buffers = [_buffer(None), _buffer(weights.T), _buffer(bias)]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    model.operatorCodes = [code]
    graph = schema.SubGraphT()
    graph.name = "main"
    graph.tensors = [
        _tensor("photo", (1, side, side, 3), 0),
        _tensor("weights", weights.T.shape, 1),
        _tensor("bias", bias.shape, 2),
        _tensor("output", (1, len(bias)), 0),
    ]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    graph.operators, graph.inputs, graph.outputs = [operator], [0], [3]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def _buffer(values: np.ndarray | None) -> Any:
    buffer = schema.BufferT()
    if values is not None:
        buffer.data = np.frombuffer(np.ascontiguousarray(values, np.float32).tobytes(), np.uint8)
    return buffer


def _tensor(name: str, shape: tuple[int, ...], buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(shape), buffer
    tensor.type, tensor.hasRank = schema.TensorType.FLOAT32, True
    return tensor


def give_network(folder: Path, *, classes: int, side: int = 32, seed: int = 0) -> None:
    """Puts a network that runs, and a head, in place of the stand-ins in a model's folder."""
    rng, features = np.random.default_rng(seed), 16
    write_dense_network(
        folder / "prefix.tflite", rng.normal(size=(side * side * 3, features)) / 3000, np.zeros(16), side
    )
    write_dense(folder / "head.npz", [Layer(0.2 * rng.normal(size=(features, classes)), np.zeros(classes), "softmax")])
    card = json.loads((folder / "card.json").read_text())
    card["answer"]["inputs"][0]["input_size"] = side
    for entry in card["engines"]:
        entry["sha256"] = digest_of(folder / entry["file"])
    (folder / "card.json").write_text(json.dumps(card))
