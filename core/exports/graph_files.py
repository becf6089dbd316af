"""An inference graph as LiteRT or ONNX files and ``graph.json``: for models that have no form in Keras.

Those are quantized models, ONNX networks that a person added, and combinations whose members were deleted. The networks
are the files that Graft predicts with; heads are converted, so that one runtime is all that is needed. The script that
is taken home runs a confidence cascade as Graft does: the costly model only where it is needed.
"""

import json
from pathlib import Path

import numpy as np

from core.errors import InvalidInput
from core.exports import heads
from core.exports.assembling import PhotoInput
from core.exports.formats import FORMATS, Format
from core.exports.takeaway import GRAPH
from core.exports.writing import write_onnx
from core.features.engines import open_engine
from core.features.export import export_model
from core.features.litert import LiteRTEngine, open_interpreter
from core.models.heads.dense import DenseHead
from core.models.heads.load import load_head
from core.models.inference.model_files import ModelFiles, link
from core.models.inference.nodes import Head, Network, Node, every_node, renamed, to_dict

SUFFIXES = {Format.LITERT: ".tflite", Format.ONNX: ".onnx"}
"""Of the networks that the runtime of a format runs."""


def write_graph(model: ModelFiles, folder: Path, format: Format) -> tuple[PhotoInput, ...]:
    """Writes the files of a model's inference graph, and ``graph.json`` (nodes as on its card, and the temperature).

    Returns:
        Its inputs.

    Raises:
        InvalidInput: the runtime of ``format`` does not run one of the networks, or it has no graph. Unavailable: a
            file is missing or damaged, or a head has no form in this format.
    """
    model.verify()
    networks = [one for one in every_node(model.node) if isinstance(one, Network)]
    suffix = SUFFIXES.get(format)
    other = next((one.file for one in networks if Path(one.file).suffix != suffix), None)
    if other is not None:
        raise InvalidInput(f"{model.title} has the network {other}, which has no form in {FORMATS[format].title}.")
    for one in networks:
        link(model.folder / one.file, folder / one.file)
    names = {one.file: one.file for one in networks}
    for node in every_node(model.node):
        if isinstance(node, Head) and node.file not in names:
            names[node.file] = _head(node, model, folder, format)
    content = {"temperature": model.temperature, "answer": to_dict(renamed(model.node, names.__getitem__))}
    (folder / GRAPH).write_text(json.dumps(content, indent=1))
    return tuple(dict.fromkeys(PhotoInput(size=one.input_size, fit=one.fit) for one in networks))


def _head(node: Head, model: ModelFiles, folder: Path, format: Format) -> str:
    """The head in the format; the name of its file."""
    path = model.folder / node.file
    if path.suffix == SUFFIXES[format]:
        return link(path, folder / node.file).name
    target = folder / f"{path.stem}{SUFFIXES[format]}"
    head = heads.head_model(path, sum(_width(one, model) for one in node.inputs))
    if format is Format.LITERT:
        export_model(head, target)
    else:
        write_onnx(head, target)
    return target.name


def _width(node: Node, model: ModelFiles) -> int:
    """Numbers a photo that a node gives."""
    if isinstance(node, Network):
        engine = open_engine(model.folder / node.file)
        return int(engine(np.zeros((1, node.input_size, node.input_size, 3), np.uint8)).shape[-1])
    if isinstance(node, Head):
        head = load_head(model.folder / node.file)
        if isinstance(head, DenseHead):
            return int(head.layers[-1].kernel.shape[1])
        if isinstance(head, LiteRTEngine):
            return int(open_interpreter(model.folder / node.file, 1).get_output_details()[0]["shape"][-1])
    return len(model.class_names)
