"""A finished model in fewer bits: its inference graph with quantized networks. Runs without TensorFlow.

The networks are LiteRT files, which ai-edge-quantizer rewrites; heads stay as they are. ``Precision.INT8`` is
calibrated on photos: the smallest and largest value of every tensor are measured (Jacob et al. 2018, section 3), and
weights have one scale a channel. Operations that the quantizer cannot do in 8 bits stay in 32.
"""

import io
import logging
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import Unavailable
from core.features.views import View
from core.files.atomic import digest_of
from core.models.inference.model_files import ModelFiles, adopt_file
from core.models.inference.nodes import Network, Node, every_node, renamed
from core.recipes.hyperparameters import Precision

CALIBRATION_PHOTOS = 100
"""Training photos that the ranges of values are measured on; further ones could only widen them."""

_SIGNATURE, _INPUT, _OUTPUT = "serving_default", "photo", "output"


def why_not(model: ModelFiles) -> str:
    """Why a model cannot be quantized, as a sentence; "" where it can."""
    networks = [one for one in every_node(model.node) if isinstance(one, Network)]
    if any(Path(one.file).suffix != ".tflite" for one in networks):
        return f"Only LiteRT networks can be quantized, and {model.title} contains an ONNX network."
    return ""


def quantize(
    model: ModelFiles,
    folder: Path,
    precision: Precision,
    photos: Sequence[View],
    check: Callable[[], None] = lambda: None,
) -> Node:
    """Writes the quantized files of a model into ``folder``; returns its graph with their names.

    Args:
        photos: training photos to calibrate on (``Precision.INT8``). check: called between photos; may raise to stop.

    Raises:
        Unavailable: a network cannot be quantized.
    """
    if problem := why_not(model):
        raise Unavailable(problem)
    names: dict[str, str] = {}
    for one in every_node(model.node):
        if isinstance(one, Network) and one.file not in names:
            squares = _Squares(photos, one, check)
            names[one.file] = _quantized(model.folder / one.file, folder, precision, squares)
    for file, digest in model.digests.items():
        if file not in names:
            names[file] = adopt_file(model.folder / file, digest, folder)
    return renamed(model.node, names.__getitem__)


class _Squares:
    """Photos as input of one network, rendered while they are read; may be read several times, as the quantizer does.

    One a photo: ``{_INPUT: float32 (1, size, size, 3)}``.
    """

    def __init__(self, photos: Sequence[View], network: Network, check: Callable[[], None]) -> None:
        self._photos, self._network, self._check = photos, network, check

    def __len__(self) -> int:
        return len(self._photos)

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        for photo in self._photos:
            self._check()
            square = photo.square(self._network.input_size, self._network.fit)
            yield {_INPUT: square[None].astype(np.float32)}


def _quantized(source: Path, folder: Path, precision: Precision, squares: _Squares) -> str:
    """Writes one quantized network; returns its name."""
    draft = folder / f".{source.name}"
    try:
        with _quiet():
            draft.write_bytes(_rewritten(_with_signature(source.read_bytes()), precision, squares))
    except (ValueError, RuntimeError, LookupError, TypeError, struct.error) as error:
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise Unavailable(f"{source.name} cannot be quantized to {precision} ({first}).") from error
    name = f"{source.stem.split('-')[0]}-{precision}-{digest_of(draft)[:12]}{source.suffix}"
    draft.rename(folder / name)
    return name


def _rewritten(content: bytes, precision: Precision, squares: _Squares) -> bytes:
    from ai_edge_quantizer import quantizer

    one = quantizer.Quantizer(bytearray(content))
    one.load_quantization_recipe(_recipe(precision))
    ranges = None
    if one.need_calibration:
        ranges = one.calibrate({_SIGNATURE: squares}, num_threads=1)
    return bytes(one.quantize(ranges, enable_progress_report=False).quantized_model)


def _recipe(precision: Precision) -> Any:
    """What the quantizer is to do. Inputs and outputs stay in 32 bits, so that the files fit where exact ones did."""
    from ai_edge_quantizer import qtyping, recipe
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.recipe_manager import RecipeManager

    manager = RecipeManager()
    if precision is Precision.FLOAT16:
        weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
        manager.add_quantization_config(
            regex=".*",
            operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
            algorithm_key=AlgorithmName.FLOAT_CASTING,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=weights,
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            ),
        )
        return manager.get_quantization_recipe()
    ready = recipe.static_wi8_ai8() if precision is Precision.INT8 else recipe.weight_only_wi8_afp32()
    manager.load_quantization_recipe(ready)
    for border in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
        manager.add_quantization_config(
            regex=".*", operation_name=border, algorithm_key=AlgorithmName.NO_QUANTIZE
        )  # fmt: skip
    return manager.get_quantization_recipe()


def _with_signature(content: bytes) -> bytes:
    """The file with a name for its input and its output, by which the quantizer feeds it."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(content), 0))
    graph = model.subgraphs[0]
    signature, photo, output = schema.SignatureDefT(), schema.TensorMapT(), schema.TensorMapT()
    photo.name, photo.tensorIndex = _INPUT, int(graph.inputs[0])
    output.name, output.tensorIndex = _OUTPUT, int(graph.outputs[0])
    signature.signatureKey, signature.subgraphIndex = _SIGNATURE, 0
    signature.inputs, signature.outputs = [photo], [output]
    model.signatureDefs = [signature]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantizer reports to standard output and error what means nothing to the user."""
    level = logging.getLogger().level
    with (
        warnings.catch_warnings(),
        redirect_stderr(io.StringIO()),
        redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.getLogger().setLevel(logging.ERROR)
        try:
            yield
        finally:
            logging.getLogger().setLevel(level)
