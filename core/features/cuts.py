"""Where a network can be cut: its blocks by name, found from its graph and the names of its layers.

A cut must be a single tensor: everything after it depends on everything before it through this tensor only. Blocks are
named after the layer names of ``keras.applications`` (and our own), which differ by family but always start with the
block.
"""

import re

import keras

POOL = "pool"
"""Name of the layer that averages the last feature map, or the chosen tokens, over their positions."""
POOLED_TOKENS = "pool_tokens"
"""Name of the layer before it that chooses tokens; there where not all are averaged."""

_NAMES = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"(block\d+[a-z])_", r"\1"),  # EfficientNet of all kinds
        (r"(conv\d_block\d+)_", r"\1"),  # ResNet, DenseNet
        (r"pool([234])_", r"transition\1"),  # DenseNet
        (r"(stack\d+_block\d+)_", r"\1"),  # ResNet and DenseNet of keras-hub
        (r"(transition\d+)_", r"\1"),  # DenseNet of keras-hub
        (r"(stage\d+_block\d+)_", r"\1"),  # MobileNetV3 and HGNetV2 of keras-hub
        (r"(stage\d+)_", r"\1"),  # CSPNet of keras-hub
        (r"conv_[dp]w_(\d+)|conv_pad_(\d+)", r"block\1\2"),  # MobileNet
        (r"block_(\d+)_", r"block\1"),  # MobileNetV2
        (r"expanded_conv_(\d+)_", r"block\1"),  # MobileNetV3
        (r"expanded_conv_", r"block0"),  # MobileNetV2 and V3
        (r"\w+_stage_(\d)_block_(\d+)_", r"stage\1_block\2"),  # ConvNeXt
        (r"\w+_downsampling_block_(\d)", r"downsampling\1"),
        (r"(block\d+_\d+)_", r"\1"),  # InceptionResNetV2
        (r"(mixed_?\d+[ab]?)$", r"\1"),  # InceptionV3, InceptionResNetV2
        (r"stem_(conv|bn)1$", r"stem"),  # NASNet
        (r"(block\d+)_", r"\1"),  # VGG, Xception, our MobileNetV1
        (r"(fire\d+)_", r"\1"),  # SqueezeNet
    )
]


def block_of(layer: str) -> str | None:
    """The block a layer name belongs to, or None for a layer between blocks."""
    for pattern, name in _NAMES:
        if found := pattern.match(layer):
            return found.expand(name)
    return None


def block_ends(model: keras.Model) -> dict[str, keras.Operation]:
    """``{block: its last operation}`` from input to output: every place where ``model`` can be cut.

    ``model`` must be functional, without nested models, as from ``networks.build``. Layers before the first named block
    are ``stem``, layers after the last are ``head``; the layers of pooling at the end belong to no block.
    """
    operations = model.operations
    while operations[-1].name in (POOL, POOLED_TOKENS):
        operations = operations[:-1]
    points = [point for point in single_tensors(model) if point < len(operations)]
    first, last = _spans([block_of(operation.name) for operation in operations])
    ends = {}
    begins = [*sorted(first.values()), len(operations)]
    for block in sorted(last, key=last.__getitem__):
        following = next(begin for begin in begins if begin > last[block])
        end = next((point for point in points if last[block] <= point < following), None)
        if end is not None:
            ends[block] = end
    ends = _with_stem(operations, points, begins[0]) | ends
    if max(ends.values()) < len(operations) - 1:
        ends["head"] = len(operations) - 1
    return {block: operations[end] for block, end in ends.items()}


def below_pool(model: keras.Model) -> keras.KerasTensor:
    """The feature map or tokens that the layer ``pool`` pools.

    Raises:
        ValueError: there is no such layer.
    """
    names = {layer.name for layer in model.layers}
    return model.get_layer(POOLED_TOKENS if POOLED_TOKENS in names else POOL).input


def _spans(blocks: list[str | None]) -> tuple[dict[str, int], dict[str, int]]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for index, block in enumerate(blocks):
        if block is not None:
            first.setdefault(block, index)
            last[block] = index
    return first, last


def _with_stem(operations: list[keras.Operation], points: list[int], begin: int) -> dict[str, int]:
    """The last place to cut before the first block, if there are weights before it."""
    before = [point for point in points if point < begin]
    learned = any(_learned(operation) for operation in operations[:begin])
    return {"stem": before[-1]} if learned else {}


def _learned(operation: keras.Operation) -> bool:
    """Whether it has trained weights; the scaling of pixels does not belong to the stem."""
    fixed = (keras.layers.Normalization, keras.layers.Rescaling)
    return bool(getattr(operation, "weights", ())) and not isinstance(operation, fixed)


def single_tensors(model: keras.Model) -> list[int]:
    """Indices into ``model.operations`` after which only one tensor is still needed by later operations."""
    operations = model.operations
    index = {id(operation): i for i, operation in enumerate(operations)}
    last_use = list(range(len(operations)))
    for i, operation in enumerate(operations):
        for node in operation._inbound_nodes:
            for tensor in node.input_tensors:
                source = index.get(id(tensor._keras_history.operation))
                if source is not None:
                    last_use[source] = max(last_use[source], i)
    points, needed_until = [], 0
    for i in range(len(operations)):
        if needed_until <= i:
            points.append(i)
        needed_until = max(needed_until, last_use[i])
    return points
