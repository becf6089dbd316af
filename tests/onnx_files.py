"""Tiny ONNX networks with random weights, made with the package ``onnx``, which Graft itself does not use."""

from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper


def tensor(name: str, *shape: int, seed: int = 0) -> TensorProto:
    """Small random weights."""
    values = np.random.default_rng([seed, *map(ord, name)]).normal(0, 0.3, shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def node(op: str, inputs: list[str], output: str, **attributes: Any):
    return helper.make_node(op, inputs, [output], name=f"{op.lower()}_{output}", **attributes)


def model_of(
    nodes: list,
    weights: list,
    *,
    shape: tuple = ("n", 3, 32, 32),
    outputs: dict[str, tuple] | None = None,
    opset: int = 17,
    data_type: int = TensorProto.FLOAT,
    inputs: list | None = None,
    **extras: Any,
) -> ModelProto:
    """A model of these nodes with the input ``photo``."""
    ports = inputs or [helper.make_tensor_value_info("photo", data_type, shape)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in (outputs or {}).items()]
    graph = helper.make_graph(nodes, "tiny", ports, ends, weights)
    opsets = extras.pop("opset_imports", [helper.make_opsetid("", opset)])
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="tests", **extras)


def residual(
    *, channels_last: bool = False, shape: tuple | None = None, classes: int = 5, softmax: bool = True, **extras: Any
) -> ModelProto:
    """Stem, two residual blocks, mean over the positions, dense layer: as classifiers are exported."""
    nodes = []
    start = "photo"
    if channels_last:
        nodes.append(node("Transpose", ["photo"], "nchw", perm=[0, 3, 1, 2]))
        start = "nchw"
    nodes += [
        node("Conv", [start, "stem_w", "stem_b"], "stem_conv", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", ["stem_conv"], "stem"),
    ]
    weights = [tensor("stem_w", 8, 3, 3, 3), tensor("stem_b", 8)]
    below = "stem"
    for name in ("one", "two"):
        nodes += [
            node("Conv", [below, f"{name}_w"], f"{name}_conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            node("Add", [f"{name}_conv", below], f"{name}_add"),
            node("Relu", [f"{name}_add"], name),
        ]
        weights.append(tensor(f"{name}_w", 8, 8, 3, 3))
        below = name
    nodes += [
        node("GlobalAveragePool", ["two"], "mean"),
        node("Flatten", ["mean"], "flat"),
        node("Gemm", ["flat", "fc_w", "fc_b"], "logits", transB=1),
    ]
    weights += [tensor("fc_w", classes, 8), tensor("fc_b", classes)]
    end = "logits"
    if softmax:
        nodes.append(node("Softmax", ["logits"], "probabilities", axis=1))
        end = "probabilities"
    shape = shape or (("n", 32, 32, 3) if channels_last else ("n", 3, 32, 32))
    return model_of(nodes, weights, shape=shape, outputs={end: ("n", classes)}, **extras)


def tokens(*, patches: int = 16, width: int = 8, class_token: bool = True, **extras: Any) -> ModelProto:
    """Patches of 8 px, a class token, two blocks of attention without heads; the tokens are the output."""
    nodes = [
        node("Conv", ["photo", "patch_w"], "patches", kernel_shape=[8, 8], strides=[8, 8]),
        node("Reshape", ["patches", "columns"], "columned"),
        node("Transpose", ["columned"], "rows", perm=[0, 2, 1]),
    ]
    below = "rows"
    weights = [
        tensor("patch_w", width, 3, 8, 8),
        numpy_helper.from_array(np.array([0, width, -1], np.int64), "columns"),
        tensor("class", 1, 1, width),
    ]
    if class_token:
        nodes.append(node("Concat", ["class", "rows"], "tokens", axis=1))
        below = "tokens"
    for name in ("first", "second"):
        for part in "qkv":
            nodes.append(node("MatMul", [below, f"{name}_{part}_w"], f"{name}_{part}"))
            weights.append(tensor(f"{name}_{part}_w", width, width))
        nodes += [
            node("Transpose", [f"{name}_k"], f"{name}_kt", perm=[0, 2, 1]),
            node("MatMul", [f"{name}_q", f"{name}_kt"], f"{name}_scores"),
            node("Softmax", [f"{name}_scores"], f"{name}_attention", axis=-1),
            node("MatMul", [f"{name}_attention", f"{name}_v"], f"{name}_mixed"),
            node("Add", [f"{name}_mixed", below], name),
        ]
        below = name
    return model_of(nodes, weights, outputs={"second": ("n", patches + 1, width)}, shape=(1, 3, 32, 32), **extras)


def class_map(classes: int = 4) -> ModelProto:
    """Ends like SqueezeNet: a convolution to one map a class, their means, a softmax."""
    nodes = [
        node("Conv", ["photo", "a_w"], "a_conv", kernel_shape=[3, 3], strides=[2, 2]),
        node("Relu", ["a_conv"], "a"),
        node("Conv", ["a", "b_w"], "b_conv", kernel_shape=[1, 1]),
        node("Relu", ["b_conv"], "b"),
        node("GlobalAveragePool", ["b"], "mean"),
        node("Softmax", ["mean"], "probabilities", axis=1),
    ]
    weights = [tensor("a_w", 6, 3, 3, 3), tensor("b_w", classes, 6, 1, 1)]
    return model_of(nodes, weights, outputs={"probabilities": ("n", classes, 1, 1)})


def computed(model: ModelProto | bytes, photo: np.ndarray, names: list[str] | None = None) -> list[np.ndarray]:
    """The outputs of a model, or inner tensors of these names, by onnxruntime."""
    import onnxruntime

    if names is not None:
        assert isinstance(model, ModelProto)
        other = ModelProto()
        other.CopyFrom(model)
        del other.graph.output[:]
        other.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
        model = other
    data = model if isinstance(model, bytes) else model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, {session.get_inputs()[0].name: photo})
    return found
