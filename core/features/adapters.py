"""The small parts of a network that parameter-efficient fine-tuning trains, in Keras.

LoRA (Hu et al. 2021): a kernel W becomes W + A B, where A starts at random, B at zero and both have ``rank`` as their
inner size; of a convolution A is a convolution with ``rank`` filters and B a pointwise one after it. Keras' own layers
compute it (``enable_lora``); which of them get it is decided here. Norm-only: scale and offset of normalisation layers
(Frankle et al. 2021). BitFit (Ben Zaken et al. 2022): all biases, and these offsets.
"""

import re
from collections.abc import Iterable, Sequence
from math import prod

import keras
from keras import layers

from core.backbones.values import Adaptable
from core.recipes.hyperparameters import Adapter

_NORMALISATION = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
_TRAINED = {
    Adapter.LORA: ("lora_kernel_a", "lora_kernel_b"),
    Adapter.NORM: ("gamma", "beta"),
    Adapter.BIAS: ("bias", "beta"),
}
"""Names of the variables that each kind trains."""

_ATTENTION = re.compile(r"(.*_)?(query|value)(_dense|_proj)?")
"""Layers that project to the queries and values of attention: where a block has them, LoRA adapts no other, as in its
paper (section 4.2)."""


def variables(block: Iterable[layers.Layer], adapter: Adapter) -> list[keras.Variable]:
    """The variables that this kind trains in the layers of a block; those of LoRA exist after ``enable_lora``."""
    return [variable for layer in _flat(block) for variable in _trained(layer, adapter)]


def adapted_layers(block: Iterable[layers.Layer], adapter: Adapter) -> list[layers.Layer]:
    """The layers of a block, nested ones included, that have something this kind trains."""
    flat = _flat(block)
    return _for_lora(flat) if adapter is Adapter.LORA else [one for one in flat if _trained(one, adapter)]


def _flat(block: Iterable[layers.Layer]) -> list[layers.Layer]:
    return [one for layer in block for one in layer._flatten_layers()]


def _trained(layer: layers.Layer, adapter: Adapter) -> list[keras.Variable]:
    """Of the layer itself."""
    if adapter is Adapter.NORM and not isinstance(layer, _NORMALISATION):
        return []
    return [variable for variable in layer._trainable_variables if variable.name in _TRAINED[adapter]]


def _for_lora(flat: Sequence[layers.Layer]) -> list[layers.Layer]:
    possible = [one for one in flat if _takes_lora(one)]
    return [one for one in possible if _ATTENTION.fullmatch(one.name)] or possible


def _takes_lora(layer: layers.Layer) -> bool:
    """Dense layers and convolutions, but depthwise ones, whose filters are a vector each."""
    known = hasattr(layer, "enable_lora") and not isinstance(layer, layers.Embedding)
    return known and layer.built and layer.kernel_constraint is None


def enable_lora(block: Iterable[layers.Layer], rank: int, seed: int) -> int:
    """Adds the matrices to the layers of a block, the first with this seed, and returns the seed after the last."""
    for layer in adapted_layers(block, Adapter.LORA):
        layer.enable_lora(rank, a_initializer=keras.initializers.HeUniform(seed=seed))
        seed += 1
    return seed


def merge(network: keras.Model, plain: keras.Model) -> None:
    """Copies the weights of ``network`` into ``plain``, the same network without LoRA, with A B added to its kernels.

    Of LoRA nothing else remains, so the result has stock layers only: LiteRT runs it, Keras opens it in safe mode.
    """
    for source, target in zip(network._flatten_layers(), plain._flatten_layers(), strict=True):
        values = [variable for variable in _own(source) if not variable.name.startswith("lora_")]
        for value, variable in zip(values, _own(target), strict=True):
            is_adapted = getattr(source, "lora_enabled", False) and value is source._kernel
            variable.assign(source.kernel if is_adapted else value)


def _own(layer: layers.Layer) -> list[keras.Variable]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


# --- counted, for the plan ---


def adaptable(block: Sequence[layers.Layer]) -> Adaptable:
    """What can be trained in a block, before anything is enabled."""
    lora = adapted_layers(block, Adapter.LORA)
    return Adaptable(
        lora=(len(lora), sum(int(prod(layer.kernel.shape[:-1]) + layer.kernel.shape[-1]) for layer in lora)),
        norm=_counted(block, Adapter.NORM),
        bias=_counted(block, Adapter.BIAS),
    )


def _counted(block: Sequence[layers.Layer], adapter: Adapter) -> tuple[int, int]:
    parameters = sum(int(prod(variable.shape)) for variable in variables(block, adapter))
    return len(adapted_layers(block, adapter)), parameters
