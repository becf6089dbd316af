"""The process that reads and tries an ONNX file for the first time: ``python -m core.features.onnx_inspection``.

A task comes as one JSON line on stdin (``path``, ``name`` for messages, ``output``: the last tensor to use or "",
``size``: of the input where it is free, ``scaling``, ``target``: where to write the file that is stored, ``photos``:
JPEGs by path and class). One JSON object is the answer: what was found, or ``reason``. The kernel limits memory, time
and what is written, so that a hostile file costs a sentence. ``core.features.onnx_file`` starts it.
"""

import json
import mmap
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from core.backbones.onnx.counting import costs_of_blocks, weighted_outputs
from core.backbones.onnx.model import FLOAT16, OnnxModel
from core.backbones.onnx.points import Point, Trunk, single_tensors_of, token_pool, trunk_of
from core.backbones.onnx.refusals import ImageInput, image_input, read_checked
from core.backbones.onnx.rewriting import Ending, with_outputs, with_pixels
from core.backbones.own_files import MOST_BYTES
from core.backbones.scalings import PRESETS
from core.backbones.table import scaling_of
from core.backbones.values import Scaling
from core.errors import InvalidInput
from core.features.onnx_child import first_line, limit_memory, onnx_errors, open_session
from core.features.scaling_check import Compared, compare
from core.features.views import View
from core.text.units import listed, visible

SECONDS = 300.0
MOST_METADATA = 20_000
"""Characters of the metadata that are kept."""
TOKENS_DIMENSIONS = 3
"""Of tokens: photo, token, channel."""


@dataclass(frozen=True, kw_only=True)
class _Network:
    """A checked file with everything that one run of it said."""

    model: OnnxModel
    source: ImageInput
    size: int
    output: str
    points: tuple[Point, ...]
    shapes: Mapping[str, tuple[int, ...]]
    trunk: Trunk

    @property
    def names(self) -> list[str]:
        """Of the blocks: ``stem``, ``block1`` ..."""
        return ["stem", *(f"block{number}" for number in range(1, len(self.trunk.blocks)))]

    def shape_of(self, point: Point) -> tuple[int, ...]:
        """(height, width, channels) of a map, (tokens, channels) of tokens."""
        shape = self.shapes[point.tensor][1:]
        return shape if len(shape) < 3 or point.channels_last else (*shape[1:], shape[0])

    @property
    def kind(self) -> str:
        return "map" if len(self.shape_of(self.trunk.blocks[-1])) == 3 else "tokens"

    @property
    def pool(self) -> str:
        """How the last block becomes the features, where the network does not do it."""
        if self.trunk.vector is not None:
            return ""
        return "map" if self.kind == "map" else token_pool(self.shape_of(self.trunk.blocks[-1])[0])

    @property
    def feature_size(self) -> int:
        """Length of the features."""
        if self.trunk.vector is None:
            return self.shape_of(self.trunk.blocks[-1])[-1]
        return prod(self.shapes[self.trunk.vector.tensor])

    @property
    def classes(self) -> int | None:
        """Length of the network's output where that is a vector."""
        shape = self.shapes[self.points[-1].tensor]
        return prod(shape) if max(shape) == prod(shape) else None


def main() -> None:
    task = json.loads(sys.stdin.buffer.readline())
    path = Path(task["path"])
    _limit(path.stat().st_size)
    try:
        answer = inspect(task)
    except InvalidInput as refusal:
        answer = {"reason": str(refusal)}
    except MemoryError:
        answer = {"reason": f"{task['name']} needs more memory than an ONNX file may take."}
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _limit(file_bytes: int) -> None:
    limit_memory(min(file_bytes, MOST_BYTES))
    most = 2 * min(file_bytes, MOST_BYTES) + 2**20
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)


def inspect(task: Mapping[str, Any]) -> dict[str, Any]:
    """What an ONNX file is; with ``target`` and ``scaling`` the file to be stored is written.

    Raises:
        InvalidInput: it cannot be used.
    """
    name = task["name"]
    model = read_checked(_bytes_of(Path(task["path"]), name), name)
    network = _tried(model, name, chosen=task.get("output") or "", size=task.get("size") or 224)
    answer = _described(network)
    scaling = scaling_of(task["scaling"]) if task.get("scaling") else None
    if task.get("photos"):
        answer["compared"] = _compared(network, task["photos"], scaling)
    if task.get("target"):
        assert scaling
        written = with_pixels(model, _endings(network, classes=bool(task.get("classes"))), scaling)
        Path(task["target"]).write_bytes(written)
    return answer


def _bytes_of(path: Path, name: str) -> memoryview:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise InvalidInput(f"{name} is empty.")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _tried(model: OnnxModel, name: str, *, chosen: str, size: int) -> _Network:
    """Runs the network once, with every tensor that is needed as an output."""
    source, output = image_input(model), _output(model, name, chosen)
    points = single_tensors_of(model, output, channels_last=source.channels_last)
    if not points:
        raise InvalidInput(f"{name} has no tensor between its input and {visible(output)!r}.")
    size = source.side or size
    tensors = list(dict.fromkeys([*(point.tensor for point in points), *weighted_outputs(model, output)]))
    black = np.zeros((1, size, size, 3), np.float32)
    found = _run(model, name, tensors, [black])
    shapes = {tensor: tuple(map(int, value.shape)) for tensor, value in zip(tensors, found[0], strict=True)}
    if chosen and len(shapes[output]) == TOKENS_DIMENSIONS:
        _refuse_inside_a_block(model, name, output, channels_last=source.channels_last)
    try:
        trunk = trunk_of(model, points, shapes, chosen=bool(chosen))
    except InvalidInput as refusal:
        raise InvalidInput(f"{name} cannot be used. {refusal}") from None
    return _Network(model=model, source=source, size=size, output=output, points=points, shapes=shapes, trunk=trunk)


def _refuse_inside_a_block(model: OnnxModel, name: str, chosen: str, *, channels_last: bool) -> None:
    """Raises InvalidInput where tokens are chosen past which others go on: attention, or beside a shortcut."""
    ends = [port.name for port in model.outputs]
    through = [point.tensor for end in ends for point in single_tensors_of(model, end, channels_last=channels_last)]
    if chosen not in (*ends, *through):
        last = listed([visible(tensor) for tensor in through[-4:]])
        raise InvalidInput(
            f"{name} cannot end at {visible(chosen)!r}, which is in the middle of a block: other tensors go past it. "
            f"It can end, among others, at {last}."
        )


def _output(model: OnnxModel, name: str, chosen: str) -> str:
    """The last tensor: the one that a person chose by its name or that of its node, else the first output."""
    if not chosen:
        return model.outputs[0].name
    if chosen in model.producers:
        return chosen
    for node in model.nodes:
        if node.name == chosen:
            return node.outputs[0]
    last = [node.name or node.outputs[0] for node in model.nodes[-5:]]
    raise InvalidInput(
        f"{name} has no layer or tensor {chosen!r}. Its last ones are {listed([visible(one) for one in last])}."
    )


def _run(model: OnnxModel, name: str, tensors: Sequence[str], photos: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """The values of these tensors for each photo, which are float32 (1, size, size, 3) as the network wants them."""
    source = image_input(model)
    try:
        session = open_session(with_outputs(model, tensors), 1)
        return [session.run(None, {source.name: _ordered(photo, source)}) for photo in photos]
    except MemoryError:
        raise
    except onnx_errors() as error:
        raise InvalidInput(f"onnxruntime cannot run {name}: {first_line(error)}") from None


def _ordered(photo: np.ndarray, source: ImageInput) -> np.ndarray:
    photo = photo if source.channels_last else np.ascontiguousarray(photo.transpose(0, 3, 1, 2))
    return photo.astype(np.float16 if source.data_type == FLOAT16 else np.float32)


def _endings(network: _Network, *, classes: bool) -> list[Ending]:
    ends = [
        Ending(name=name, point=point, kind=network.kind)
        for name, point in zip(network.names, network.trunk.blocks, strict=True)
    ]
    if network.trunk.vector is not None:
        ends.append(Ending(name="top", point=network.trunk.vector, kind="vector"))
    else:
        ends.append(Ending(name="top", point=network.trunk.blocks[-1], kind=network.kind, pool=network.pool))
    if classes:
        ends.append(Ending(name="classes", point=network.points[-1], kind=_probabilities(network)))
    return ends


def _probabilities(network: _Network) -> str:
    """``vector`` where the network's output are probabilities already, else ``logits``."""
    return "vector" if network.model.nodes[network.points[-1].index].op == "Softmax" else "logits"


def _described(network: _Network) -> dict[str, Any]:
    model, trunk = network.model, network.trunk
    ends = trunk.blocks if trunk.vector is None else (*trunk.blocks[:-1], trunk.vector)
    costs = costs_of_blocks(model, ends, network.shapes)
    last = trunk.vector or trunk.blocks[-1]
    return {
        "input": network.source.name,
        "channels_last": network.source.channels_last,
        "size": network.size,
        "any_size": network.source.side is None,
        "opset": model.opset,
        "producer": model.producer,
        "operations": len(model.nodes),
        "outputs": [port.name for port in model.outputs],
        "last": last.tensor,
        "left_out": list(trunk.left_out),
        "classes": network.classes if trunk.left_out else None,
        "blocks": [
            {
                "name": name,
                "tensor": point.tensor,
                "shape": list(network.shape_of(point)),
                "parameters": parameters,
                "multiply_adds": operations,
            }
            for name, point, (parameters, operations) in zip(network.names, trunk.blocks, costs, strict=True)
        ],
        "feature_size": network.feature_size,
        "pool": network.pool,
        "metadata": _short(model.metadata),
    }


def _short(metadata: Mapping[str, str]) -> dict[str, str]:
    kept, room = {}, MOST_METADATA
    for key, value in metadata.items():
        room -= len(key) + len(value)
        if room < 0:
            break
        kept[key] = value
    return kept


def _compared(network: _Network, photos: Mapping[str, str], scaling: Scaling | None) -> list[dict]:
    """The features of the check photos under every preset, or under the scaling that is known."""
    last = network.trunk.vector or network.trunk.blocks[-1]
    tensors = [last.tensor, network.points[-1].tensor]
    squares = [View(Path(path).read_bytes()).square(network.size) for path in photos]
    wanted = [("", scaling)] if scaling else [(one.name, one.scaling) for one in PRESETS]
    source = image_input(network.model)
    session = open_session(with_outputs(network.model, list(dict.fromkeys(tensors))), 1)

    def features(one: Scaling) -> tuple[np.ndarray, np.ndarray]:
        rows, outputs = [], []
        for square in squares:
            found = session.run(None, {source.name: _ordered(scaled(square, one)[None], source)})
            rows.append(_pooled(found[0], last, network))
            outputs.append(found[-1].reshape(-1))
        return np.stack(rows), np.stack(outputs)

    results: list[Compared] = []
    for name, one in wanted:
        rows, outputs = features(one)
        results.append(compare(name, rows, list(photos.values()), outputs if network.classes else None))
    return [one.to_json() for one in results]


def _pooled(value: np.ndarray, last: Point, network: _Network) -> np.ndarray:
    value = value[0].astype(np.float64)
    match network.pool:
        case "map":
            return np.asarray(value.mean((0, 1) if last.channels_last else (1, 2)))
        case "tokens":
            return np.asarray(value.mean(0))
        case "first":
            return np.asarray(value[0])
    return value.reshape(-1)


def scaled(square: np.ndarray, scaling: Scaling) -> np.ndarray:
    """uint8 (h, w, 3) -> float32, as ``Scaling`` says."""
    mean, deviation = (np.array(values, np.float32) for values in (scaling.mean, scaling.deviation))
    found: np.ndarray = (square.astype(np.float32) / 255 - mean) / deviation
    return found[..., ::-1] if scaling.bgr else found


if __name__ == "__main__":
    main()
