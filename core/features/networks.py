"""Keras models of a backbone: the network, its parts before and after a cut, its ImageNet classifier.

Cuts are defined in ``core.recipes.program``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers

from core.backbones import Backbone, obtain
from core.errors import InvalidInput
from core.features import applications, hub, lite, own_keras, saved, shipped
from core.features.cuts import block_ends
from core.features.pooling import pooled_features
from core.recipes.program import CLASSES, PIXELS, TOP, block_of_cut, cuts_of, pooled
from core.settings import Settings


@dataclass(frozen=True)
class Kind:
    """How networks of one kind of source are built.

    Args:
        network: ``network(backbone, top=False)`` -> model with random weights; with ``described``
            ``network(backbone, path, top=False)``.
        load: ``load(model, path)`` puts the weights of the file into it.
        described: whether the architecture is described by files, too: those of an added backbone, in the folder
            ``path``.
    """

    network: Callable[..., keras.Model]
    load: Callable[[keras.Model, Path], None]
    described: bool = False


KINDS = {
    "package": Kind(lite.network, lite.load),
    "shipped": Kind(shipped.network, shipped.load),
    "keras": Kind(applications.network, applications.load),
    "model": Kind(saved.network, saved.load),
    "keras_file": Kind(own_keras.network, own_keras.load, described=True),
    "hub": Kind(hub.network, hub.load, described=True),
}
"""By the part of ``Backbone.source`` before the colon."""


def build(backbone: Backbone, settings: Settings, *, weights: bool = True) -> keras.Model:
    """The network without its ImageNet top.

    Input: raw RGB float32 0..255 (n, input_size, input_size, 3); scaling happens inside. Output: the last feature map
    (n, h, w, feature_size), or the tokens (n, tokens, feature_size). The last layer of every block of
    ``backbone.blocks`` is a place to cut (see ``block_end``).

    Args:
        weights: pretrained when True, random (from Keras' global seed) when False.

    Raises:
        Unavailable: the weights cannot be obtained.
    """
    return _network(backbone, settings, weights=weights, top=False)


def network(backbone: Backbone, settings: Settings, *, depth: int = 0, weights: bool = True) -> keras.Model:
    """As ``build``, with a last layer ``pool`` that outputs the pooled features (n, d); runs train and save this.

    Args:
        depth: blocks left out at the top.

    Raises:
        Unavailable: the weights cannot be obtained. InvalidInput: no block would be left.
    """
    model = build(backbone, settings, weights=weights)
    block = _block_at(backbone, depth)
    end = block_end(model, backbone, block).output if depth else model.output
    return keras.Model(model.inputs[0], pooled_features(end, backbone, block), name=backbone.name)


def _block_at(backbone: Backbone, depth: int) -> str:
    if not 0 <= depth < len(backbone.blocks):
        most = len(backbone.blocks) - 1
        raise InvalidInput(f"At most {most} blocks of {backbone.title} can be left out. Received: depth={depth}")
    return backbone.blocks[-1 - depth]


def classifier(backbone: Backbone, settings: Settings, *, weights: bool = True) -> keras.Model:
    """The whole pretrained network: raw RGB in, probabilities (n, 1000) in the order of ``imagenet_classes()`` out."""
    model = _network(backbone, settings, weights=weights, top=True)
    return keras.Model(model.inputs[0], layers.Softmax(name="probabilities")(model.output), name=model.name)


def _network(backbone: Backbone, settings: Settings, *, weights: bool, top: bool) -> keras.Model:
    kind = KINDS[backbone.source.partition(":")[0]]
    if not (weights or kind.described):
        return kind.network(backbone, top=top)
    path = obtain(backbone, settings, top=top)
    model = kind.network(backbone, path, top=top) if kind.described else kind.network(backbone, top=top)
    if weights:
        kind.load(model, path)
    return model


def prefix(backbone: Backbone, settings: Settings, cut: str = TOP, *, weights: bool = True) -> keras.Model:
    """The frozen part up to the cut as its own model; nothing in it is trainable.

    Output: at a block's cut the feature map (n, h, w, channels) or the tokens (n, tokens, channels); at a pooled cut
    one vector a photo: the pooled features (``top``, ``<block>.pool``) or the ImageNet probabilities (``classes``).

    Raises:
        InvalidInput: there is no such cut.
        Unavailable: the weights cannot be obtained.
    """
    if len(cuts_of(cut)) > 1:
        return _side_by_side(backbone, settings, cut, weights=weights)
    model = (classifier if cut == CLASSES else build)(backbone, settings, weights=weights)
    model.trainable = False
    block = block_of_cut(cut)
    output = model.output if cut in (TOP, CLASSES) else block_end(model, backbone, block or cut).output
    if pooled(cut) and cut != CLASSES:
        output = pooled_features(output, backbone, block or backbone.blocks[-1])
    return keras.Model(model.inputs[0], output, name=f"{backbone.name}_{cut}".replace(".", "_"))


def _side_by_side(backbone: Backbone, settings: Settings, cut: str, *, weights: bool) -> keras.Model:
    """The pooled features at several cuts of one network, one after the other; those of ``top`` come from ``pool``."""
    model = build(backbone, settings, weights=weights)
    model.trainable = False
    vectors = []
    for one in cuts_of(cut):
        block = block_of_cut(one)
        if block is None:
            vectors.append(pooled_features(model.output, backbone, backbone.blocks[-1]))
        else:
            end = block_end(model, backbone, block).output
            vectors.append(pooled_features(end, backbone, block, named=f"{block}_"))
    together = layers.Concatenate(name="side_by_side")(vectors)
    return keras.Model(model.inputs[0], together, name=f"{backbone.name}_cuts")


def suffix(model: keras.Model, cut: str) -> keras.Model:
    """The part of ``model`` (from ``network``) after the cut; layers and variables are shared, not copied.

    Input: the feature map at the cut, or float32 pixels for ``pixels`` (then it is the whole network). Output: that of
    ``model``; at ``top`` and ``<block>.pool`` nothing follows, and the result is the identity.

    Raises:
        InvalidInput: ``model`` cannot be cut there.
    """
    if cut == PIXELS:
        return model
    if pooled(cut):
        same = keras.Input(model.output.shape[1:], name="features")
        return keras.Model(same, layers.Identity(name="nothing")(same), name=f"{model.name}_after_all")
    ends = block_ends(model)
    if cut not in ends:
        raise InvalidInput(f"{model.name} has no block {cut!r} to cut at. Choose from: {', '.join(ends)}")
    return keras.Model(ends[cut].output, model.output, name=f"{model.name}_after_{cut}")


def layers_by_block(model: keras.Model, blocks: Sequence[str]) -> dict[str, list[layers.Layer]]:
    """The layers of every block, from input to output; layers before the first block belong to it.

    Args:
        model: of ``network``. blocks: ``Backbone.blocks``; those left out of ``model`` have no layers.
    """
    parts = operations_by_block(model, blocks)
    return {block: [one for one in part if isinstance(one, layers.Layer)] for block, part in parts.items()}


def operations_by_block(model: keras.Model, blocks: Sequence[str]) -> dict[str, list[keras.Operation]]:
    """As ``layers_by_block``, with the operations that are no layers."""
    ends = block_ends(model)
    found: dict[str, list[keras.Operation]] = {block: [] for block in blocks}
    remaining = iter(model.operations)
    for block in blocks:
        if block in ends:
            for operation in remaining:
                found[block].append(operation)
                if operation is ends[block]:
                    break
    return found


def block_end(model: keras.Model, backbone: Backbone, block: str) -> keras.Operation:
    """The last operation of a block, whose output is the only connection to later blocks.

    Raises:
        InvalidInput: the backbone has no block of that name.
    """
    if block not in backbone.blocks:
        choices = ", ".join((*backbone.blocks, TOP))
        raise InvalidInput(f"{backbone.title} has no block {block!r} to cut at. Choose from: {choices}")
    return block_ends(model)[block]
