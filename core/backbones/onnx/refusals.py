"""Which ONNX files cannot be used, one sentence each, found without executing anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.backbones.onnx.model import FLOAT, FLOAT16, OnnxModel, OnnxTensor, read_onnx, type_name
from core.backbones.onnx.wire import BrokenProtobufError
from core.errors import InvalidInput
from core.text.units import count, listed, visible

OLDEST_OPSET, NEWEST_OPSET = 7, 26
"""Of ONNX's own operators: what onnxruntime 1.32 runs."""

STANDARD = ("", "ai.onnx")
"""Domains of ONNX's own operators. Those of others run code of their own, or read files (``EPContext``)."""

_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial")


def read_checked(data: bytes | memoryview, name: str) -> OnnxModel:
    """The model in the bytes of the file ``name``, when it can be used.

    Raises:
        InvalidInput: it cannot; the reason in one sentence.
    """
    try:
        model = read_onnx(data)
    except BrokenProtobufError as error:
        raise InvalidInput(f"{name} is no ONNX file that can be read: {error}. Export the network again.") from None
    for reason in reasons(model):
        raise InvalidInput(f"{name} {reason}")
    return model


@dataclass(frozen=True, kw_only=True)
class ImageInput:
    """The input of a checked model.

    Args:
        channels_last: whether it is NHWC. side: of its square in pixels; None where it is free.
        data_type: ``FLOAT`` or ``FLOAT16``.
    """

    name: str
    channels_last: bool
    side: int | None
    data_type: int


def image_input(model: OnnxModel) -> ImageInput:
    """The only input of a checked model."""
    port = model.inputs[0]
    last = _channels_last(model)
    assert port.shape is not None and last is not None
    return ImageInput(name=port.name, channels_last=last, side=port.shape[1 if last else 2], data_type=port.data_type)


def reasons(model: OnnxModel) -> Iterator[str]:
    """Why a model cannot be used, as ends of a sentence that begins with the name of the file."""
    yield from _no_network(model)
    yield from _foreign(model)
    yield from _other_files(model)
    yield from _input(model)
    yield from _randomness(model)


def _no_network(model: OnnxModel) -> Iterator[str]:
    if not model.nodes or not model.outputs:
        yield "has a graph without operations, so it is no network."
    if not any(weight.size > 1 for weight in _all_tensors(model)):
        yield "has no weights, so there is nothing pretrained in it."
    if model.opset and not OLDEST_OPSET <= model.opset <= NEWEST_OPSET:
        yield (
            f"uses version {model.opset} of ONNX's operators; onnxruntime runs {OLDEST_OPSET} to {NEWEST_OPSET}. "
            "Export the network again with one of these (opset_version)."
        )


def _foreign(model: OnnxModel) -> Iterator[str]:
    foreign = sorted({f"{node.domain}.{node.op}" for node in model.nodes if node.domain not in STANDARD})
    if foreign:
        yield f"uses operators that are not ONNX's own ({_listed(foreign)}). Export it without custom operators."
    if model.functions:
        yield (
            f"defines functions of its own ({_listed(sorted(model.functions))}). Export it with functions inlined "
            "(onnx.inliner)."
        )
    nested = sorted({node.op for node in model.nodes if node.has_subgraph})
    if nested:
        yield (
            f"has graphs inside its operations ({_listed(nested)}), which are not checked. Export it without control "
            "flow."
        )


def _other_files(model: OnnxModel) -> Iterator[str]:
    external = [tensor.name or "a constant" for tensor in _all_tensors(model) if tensor.external]
    if external:
        yield (
            f"keeps the values of {count(len(external), 'tensor')} in another file ({_listed(external)}), and no other "
            "file is opened. Save it as one file (onnx.save with save_as_external_data=False)."
        )
    if model.has_sparse_weights:
        yield "has sparse weights, which are not read. Export it with dense ones."


def _input(model: OnnxModel) -> Iterator[str]:
    if len(model.inputs) != 1:
        names = _listed([port.name for port in model.inputs]) if model.inputs else "none"
        yield f"has {count(len(model.inputs), 'input')} ({names}); a network of photos has one."
        return
    port = model.inputs[0]
    if port.data_type not in (FLOAT, FLOAT16):
        kind = type_name(port.data_type) if port.data_type else "no tensor"
        yield f"takes {kind} as input {port.name!r}; an image as float32 or float16 is needed."
    shape = port.shape
    last = _channels_last(model)
    if shape is None or last is None:
        yield (
            f"has an input {port.name!r} of shape {_shape(shape)}, which is no batch of RGB images: (n, 3, height, "
            "width) or (n, height, width, 3)."
        )
        return
    if shape[0] not in (None, 1):
        yield f"takes {shape[0]} images at once. Export it with a batch of 1 or with a free one (dynamic_axes)."
    height, width = shape[1:3] if last else shape[2:4]
    if height != width:
        yield f"takes images of {height or 'any'} x {width or 'any'} pixels; squares are needed."


def _randomness(model: OnnxModel) -> Iterator[str]:
    random = sorted({node.op for node in model.nodes if node.op in _RANDOM})
    if random:
        yield f"draws random numbers ({_listed(random)}), so its features would differ every time."


def _channels_last(model: OnnxModel) -> bool | None:
    """Whether the input is NHWC; None where it is no batch of RGB images. Without fixed sizes the first operations say
    it: a convolution of three channels, or a transposition to one."""
    port = model.inputs[0]
    if port.shape is None or len(port.shape) != 4:
        return None
    if 3 in (port.shape[1], port.shape[3]):
        return port.shape[1] != 3
    if port.shape[1] is not None and port.shape[3] is not None:
        return None
    follows = {port.name}
    for node in model.nodes:
        if follows.isdisjoint(node.inputs):
            continue
        if node.op == "Transpose" and node.numbers.get("perm") == (0, 3, 1, 2):
            return True
        if node.op == "Conv":
            weight = model.weights.get(node.inputs[1])
            return False if weight is not None and weight.shape[1:2] == (3,) else None
        follows |= set(node.outputs)
    return None


def _all_tensors(model: OnnxModel) -> list[OnnxTensor]:
    return [*model.weights.values(), *(tensor for node in model.nodes for tensor in node.tensors)]


def _shape(shape: tuple[int | None, ...] | None) -> str:
    return "unknown" if shape is None else f"({', '.join('?' if side is None else str(side) for side in shape)})"


def _listed(names: list[str]) -> str:
    return listed([visible(name)[:60] for name in names])
