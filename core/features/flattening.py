"""An own Keras network as one flat graph: nested models opened, its classification left out, its blocks named."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from core.backbones.scalings import FoundScaling, preset
from core.errors import InvalidInput
from core.features.cuts import POOL, POOLED_TOKENS, block_of, single_tensors
from core.text.units import listed

MOST_BLOCKS = 24
LEAST_NAMED = 3
"""Blocks that the names of the layers must give; with fewer the graph is divided evenly."""

_AUGMENTATIONS = ("Random", "AutoContrast", "AugMix", "CutMix", "MixUp", "RandAugment")
"""Beginnings of the names of layers that only do something in training; Graft has augmentations of its own."""

_RESERVED = ("photo", "scaling", POOL, POOLED_TOKENS)
"""Names of layers that Graft adds."""

_DENSE = (layers.Dense, layers.EinsumDense, layers.Conv2D, layers.DepthwiseConv2D)
_NORMS = (layers.LayerNormalization, layers.BatchNormalization, layers.UnitNormalization)
_SHAPES = (layers.Flatten, layers.Reshape)

_ACTIVATIONS = ("softmax", "sigmoid", "log_softmax")


def operations_of(model: keras.Model) -> list[keras.Operation]:
    """Of a functional model without its input, in order."""
    return [one for one in model.operations if not isinstance(one, layers.InputLayer)]


def rebuilt(
    model: keras.Model,
    inputs: keras.KerasTensor,
    *,
    before: Callable[[keras.KerasTensor], keras.KerasTensor] = lambda x: x,
    name_of: Callable[[str], str] = lambda name: name,
) -> keras.Model:
    """The same network as a flat graph of new layers with the same weights, in float32.

    Args:
        model: functional or sequential, maybe with models in it. inputs: the new input.
        before: what comes between the input and the network. name_of: the new name of an operation.
    """
    copies = _Copies(name_of)
    output = _run(model, before(inputs), copies)
    found = keras.Model(inputs, output, name="network")
    for original, copy in copies.layers:
        if original.weights:
            copy.set_weights([np.asarray(weight, np.float32) for weight in original.get_weights()])
    return found


class _Copies:
    """New operations by the old ones; a layer that is used twice has one copy."""

    def __init__(self, name_of: Callable[[str], str]) -> None:
        self.layers: list[tuple[layers.Layer, layers.Layer]] = []
        self._name_of = name_of
        self._made: dict[int, Any] = {}
        self._taken = set(_RESERVED)

    def __call__(self, operation: keras.Operation) -> Any:
        if id(operation) not in self._made:
            self._made[id(operation)] = self._copy(operation)
        return self._made[id(operation)]

    def _copy(self, operation: keras.Operation) -> Any:
        if isinstance(operation, keras.Model):
            return lambda x, **_training: _run(operation, x, self)
        if type(operation).__name__.startswith(_AUGMENTATIONS):
            return lambda x, **_training: x
        config = operation.get_config()
        if not isinstance(operation, layers.Layer):
            copy = type(operation).from_config(config)
            copy.name = self._unique(operation.name)
            return copy
        changed = {"name": self._unique(operation.name), "trainable": True, "dtype": "float32"}
        copy = type(operation).from_config(config | changed)
        self.layers.append((operation, copy))
        return lambda *values, **named: copy(*values, **{k: v for k, v in named.items() if k != "training"})

    def _unique(self, name: str) -> str:
        wanted = self._name_of(name)
        found, number = wanted, 1
        while found in self._taken:
            number += 1
            found = f"{wanted}_{number}"
        self._taken.add(found)
        return found


def _run(model: keras.Model, x: keras.KerasTensor, copies: _Copies) -> keras.KerasTensor:
    functional = model._functional if isinstance(model, keras.Sequential) else model
    output = functional._run_through_graph([x], copies)
    while isinstance(output, list | tuple):
        output = output[0]
    if isinstance(output, dict):
        (output,) = output.values()
    return output


# --- the end of its features ---


@dataclass(frozen=True, kw_only=True)
class FeatureEnd:
    """Where the features end.

    Args:
        operation: the last one before pooling. left_out: names of those after it, or after ``pooling``.
        classes: length of the output of a network with a classification; None without.
        pooling: the last operation of a pooling of its own, which is kept; None where the map or the tokens are
            averaged.
    """

    operation: keras.Operation
    left_out: tuple[str, ...]
    classes: int | None
    pooling: keras.Operation | None = None

    @property
    def last(self) -> keras.Operation:
        """The last operation that is kept."""
        return self.pooling or self.operation


def ending_of(model: keras.Model, name: str, chosen: str = "") -> FeatureEnd:
    """The last feature map or tokens before the classification, or after the layer that a person chose.

    Raises:
        InvalidInput: there is none.
    """
    operations = model.operations
    points = [point for point in single_tensors(model) if _is_spatial(operations[point])]
    learned = [at for at, one in enumerate(operations) if _kernels(one)]
    points = [point for point in points if learned and point >= learned[0]]
    if not points:
        raise InvalidInput(
            f"{name} has no feature map after its first weights through which everything goes, so it is no network of "
            "photos that can be cut."
        )
    if chosen:
        end = next((point for point in points if operations[point].name == chosen), None)
        if end is None:
            last = listed([operations[point].name for point in points[-4:]])
            raise InvalidInput(f"{name} cannot end at {chosen!r}. It can end, among others, at {last}.")
    else:
        end = _before_classes(operations, points)
    pooled = _own_pooling(model, end) if end == points[-1] and not chosen else None
    while pooled is not None and isinstance(operations[end], _SHAPES) and end - 1 in points:
        end -= 1  # a map whose positions are put in a row belongs to what pools them
    after = operations[(pooled or end) + 1 :]
    last = operations[-1].output
    classes = int(np.prod(last.shape[1:])) if any(map(_kernels, after)) or any(map(_classifies, after)) else None
    return FeatureEnd(
        operation=operations[end],
        left_out=tuple(one.name for one in after),
        classes=classes,
        pooling=None if pooled is None else operations[pooled],
    )


def _own_pooling(model: keras.Model, end: int) -> int | None:
    """Where the pooling of the map or the tokens at ``end`` ends, with the normalisation right after it; None where it
    is their mean alone, or no pooling: flattened, or a layer of classification."""
    operations = model.operations
    points = [point for point in single_tensors(model) if point > end]
    pooled = next((point for point in points if not _is_spatial(operations[point])), None)
    if pooled is None or isinstance(operations[pooled], _DENSE) or _size(operations[pooled]) >= _size(operations[end]):
        return None
    averaged = isinstance(operations[pooled], layers.GlobalAveragePooling2D | layers.GlobalAveragePooling1D)
    averaged = averaged and pooled == end + 1
    while pooled + 1 < len(operations) and isinstance(operations[pooled + 1], (*_NORMS, *_SHAPES)):
        pooled += 1
        averaged = averaged and isinstance(operations[pooled], _SHAPES)
    return None if averaged else pooled


def _size(operation: keras.Operation) -> int:
    """Numbers that it outputs for one photo."""
    return int(np.prod(operation.output.shape[1:]))


def _before_classes(operations: Sequence[keras.Operation], points: Sequence[int]) -> int:
    """The last point; one before the last kernel where the network ends in a map of classes (as SqueezeNet does)."""
    end, after = points[-1], operations[points[-1] + 1 :]
    if any(map(_kernels, after)) or not any(map(_classifies, [operations[end], *after])):
        return end
    last_kernel = max(at for at, one in enumerate(operations) if _kernels(one))
    return max((point for point in points if point < last_kernel), default=end)


def _is_spatial(operation: keras.Operation) -> bool:
    """Whether its output is a map of more than one position, or tokens."""
    output = operation.output
    if not isinstance(output, keras.KerasTensor) or None in output.shape[1:]:
        return False
    return len(output.shape) in (3, 4) and int(np.prod(output.shape[1:-1])) > 1


def _kernels(operation: keras.Operation) -> bool:
    """Whether it holds weights of more than one dimension."""
    return any(len(weight.shape) > 1 for weight in getattr(operation, "weights", ()))


def _classifies(operation: keras.Operation) -> bool:
    activation = getattr(operation, "activation", None)
    return type(operation).__name__ == "Softmax" or getattr(activation, "__name__", "") in _ACTIVATIONS


# --- the names of its blocks ---


def block_names(model: keras.Model) -> dict[str, str]:
    """New names of the operations, so that ``cuts.block_ends`` finds the blocks; {} where it does with their own."""
    operations = operations_of(model)
    if len({block_of(one.name) for one in operations} - {None}) >= LEAST_NAMED:
        return {}
    ends = _even_ends(model)
    names = {}
    for at, operation in enumerate(model.operations):
        number = sum(at > end for end in ends)
        beginning = f"block{number}" if number else "begin"
        names[operation.name] = f"{beginning}_{'l' * (not operation.name[:1].isalpha())}{operation.name}"
    return names


def names_with_pooling(model: keras.Model, ending: FeatureEnd) -> dict[str, str]:
    """As ``block_names`` of a network that ends in a pooling of its own, which becomes the block ``head``.

    Operations that are behind the last block of a known family become one more block.
    """
    body = keras.Model(model.inputs[0], ending.operation.output)
    names = block_names(body) or _with_last_block(body)
    kept = {id(one) for one in body.operations}
    return names | {one.name: f"head_{one.name}" for one in model.operations if id(one) not in kept}


def _with_last_block(body: keras.Model) -> dict[str, str]:
    """New names of the operations behind the last named block."""
    operations = operations_of(body)
    blocks = [block_of(one.name) for one in operations]
    known = [int(found[1]) for block in blocks if block and (found := re.match(r"block(\d+)", block))]
    behind = max(at for at, block in enumerate(blocks) if block) + 1
    number = max(known, default=0) + 1
    tail = (
        operations[behind:] if any(one.weights for one in operations[behind:] if isinstance(one, layers.Layer)) else []
    )
    return {one.name: f"block{number}_{one.name}" for one in tail}


def _even_ends(model: keras.Model) -> list[int]:
    """Of points that follow one another the last before the next kernel; at most ``MOST_BLOCKS``, evenly."""
    operations = model.operations
    kernels = [at for at, one in enumerate(operations) if _kernels(one)]
    points = [point for point in single_tensors(model) if kernels and point >= kernels[0]]
    ends = [
        point
        for point, following in zip(points, [*points[1:], len(operations) - 1], strict=True)
        if following == point or any(point < at <= following for at in kernels)
    ]
    rank = len(operations[-1].output.shape)
    ends = [end for end in ends if len(operations[end].output.shape) == rank]
    if len(ends) > MOST_BLOCKS:
        ends = [ends[round(number * (len(ends) - 1) / (MOST_BLOCKS - 1))] for number in range(MOST_BLOCKS)]
    return ends


# --- what it does with its input ---


def scaling_inside(model: keras.Model) -> FoundScaling | None:
    """The scaling of a network that takes pixels from 0 to 255 and scales them itself, as far as its first operations
    say it; None where they do not."""
    for operation in operations_of(model):
        if _kernels(operation):
            break
        if _shrinks(operation):
            return FoundScaling(scaling=preset("inside").scaling, source=f"its layer {operation.name}")
    return None


def _shrinks(operation: keras.Operation) -> bool:
    """Whether it makes small numbers of pixels from 0 to 255."""
    if isinstance(operation, layers.Rescaling):
        return bool(np.max(np.abs(np.asarray(operation.scale))) < 0.1)
    if isinstance(operation, layers.Normalization) and operation.mean is not None:
        return bool(np.max(np.abs(np.asarray(operation.mean))) > 2)
    kind = type(operation).__name__
    numbers = [value for node in operation._inbound_nodes for value in _numbers(node.arguments.args)]
    if kind in ("TrueDivide", "Divide", "Subtract"):
        return any(abs(value) > 10 for value in numbers)
    return kind == "Multiply" and any(0 < abs(value) < 0.1 for value in numbers)


def _numbers(values: Any) -> list[float]:
    """The constants among the arguments of an operation."""
    found = []
    for value in values:
        if not isinstance(value, keras.KerasTensor):
            with_numbers = np.asarray(value) if isinstance(value, int | float | list | tuple | np.ndarray) else None
            if with_numbers is not None and with_numbers.dtype.kind in "if":
                found += [float(number) for number in with_numbers.reshape(-1)]
    return found
