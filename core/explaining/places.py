"""Where a network still knows which part of the photo its numbers belong to: the last feature map, or its tokens.

Networks are found inside models of several inputs, and the places of each of them at every cut of a multi-layer probe.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Any

import keras
from keras import layers

from core.features.cuts import POOL, POOLED_TOKENS

MOST_TOKENS = 1100
"""Of more tokens the attention of all layers needs several GB: 1,025 tokens in 24 layers of 16 heads take 1.6 GB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MapPlace:
    """A feature map: the input of ``layer``, (n, rows, columns, channels).

    Args:
        vector: the layer that outputs what became of it, one vector a photo; None where that is the whole rest of the
            model.
    """

    layer: layers.Layer
    vector: layers.Layer | None


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenPlace:
    """The tokens of a vision transformer: the input of ``layer``, (n, tokens, width).

    Args:
        vector: as of ``MapPlace``. attentions: of the network, from input to output.
        side: rows and columns of the patches, which are the last tokens.
        covered: fraction of the sides of the network's input that the patches cover, from the upper left.
    """

    layer: layers.Layer
    vector: layers.Layer | None
    attentions: tuple[layers.Layer, ...]
    side: int
    covered: float


Place = MapPlace | TokenPlace


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundNetwork:
    """One network of a model.

    Args:
        photo: number of the model's input that it sees.
        places: one, or one for each cut of a multi-layer probe; () where they are not known.
    """

    photo: int
    places: tuple[Place, ...]

    @property
    def covered(self) -> float:
        """See ``TokenPlace``; 1 of a feature map."""
        return next((one.covered for one in self.places if isinstance(one, TokenPlace)), 1.0)


def networks_of(model: keras.Model) -> list[FoundNetwork]:
    """The networks of a model of pixels, in the order of its inputs."""
    return sorted(_networks(model, range(len(model.inputs))), key=lambda one: one.photo)


def _networks(model: keras.Model, photos: range | list[int]) -> Iterator[FoundNetwork]:
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model) and len(layer.inputs[0].shape) == 4]
    if not nested:
        yield FoundNetwork(photo=photos[0], places=_places(model))
        return
    number = {id(tensor): at for tensor, at in zip(model.inputs, photos, strict=True)}
    for one in nested:
        given = one._inbound_nodes[-1].input_tensors
        yield from _networks(one, [number[id(tensor)] for tensor in given if id(tensor) in number])


def _places(network: keras.Model) -> tuple[Place, ...]:
    attentions = tuple(layer for layer in network.layers if isinstance(layer, layers.MultiHeadAttention))
    pools = _pools(network) or [None]
    found = [_of_tokens(network, attentions, pool) if attentions else _of_map(network, pool) for pool in pools]
    return tuple(one for one in found if one is not None) if None not in found else ()


def _pools(network: keras.Model) -> list[layers.Layer | None]:
    """The layers by which Graft pools the network: one, or one for each cut; [] in an ImageNet classifier without."""
    by_name = {layer.name: layer for layer in network.layers}
    if "side_by_side" in by_name:
        return [tensor._keras_history.operation for tensor in by_name["side_by_side"].input]
    return [by_name[POOL]] if POOL in by_name else []


# --- feature maps ---

_RANK_OF_MAPS = 4


def _of_map(network: keras.Model, pool: layers.Layer | None) -> MapPlace | None:
    if pool is not None:
        layer = _first_below(pool)
        return layer and MapPlace(layer=layer, vector=pool)
    last = next((one for one in reversed(network.layers) if _is_map(one.input) and not _is_map(one.output)), None)
    return last and MapPlace(layer=last, vector=None)


def _first_below(pool: layers.Layer) -> layers.Layer | None:
    """The layer that gets the map: ``pool``, or the first of a network's own pooling, of which it gets one place."""
    if len(pool.input.shape) != _RANK_OF_MAPS:
        return None
    layer = pool
    while not _is_map(layer.input):
        if not isinstance(layer.input, keras.KerasTensor):
            return None
        layer = layer.input._keras_history.operation
    return layer if isinstance(layer, layers.Layer) else None


def _is_map(tensor: Any) -> bool:
    """Whether it is one tensor, with more than one place."""
    shape: tuple[int, ...] = getattr(tensor, "shape", ())
    return len(shape) == _RANK_OF_MAPS and shape[1] * shape[2] > 1


# --- tokens ---


def _of_tokens(
    network: keras.Model, attentions: tuple[layers.Layer, ...], pool: layers.Layer | None
) -> TokenPlace | None:
    """None where the patches are not known to fill a square, or are too many."""
    count = attentions[0].output.shape[1]
    rows = next((layer for layer in network.layers if layer.name == "stem_rows"), None)
    side, patch = rows.target_shape[:2] if rows is not None else (isqrt(count), 0)
    same = all(one.output.shape[1] in (count, 1) for one in attentions)
    layer = _pooled_by(network, pool, count)
    if not same or layer is None or count > MOST_TOKENS or (rows is None and side**2 != count):
        return None
    covered = side * patch / network.input.shape[1] if patch else 1.0
    return TokenPlace(layer=layer, vector=pool, attentions=attentions, side=side, covered=covered)


def _pooled_by(network: keras.Model, pool: layers.Layer | None, count: int) -> layers.Layer | None:
    """The layer that gets all tokens of a cut; in attention pooling and classifiers the first that gives fewer."""
    if pool is not None:
        below = pool.input._keras_history.operation
        if below.name.endswith(POOLED_TOKENS):
            return below
        if pool.input.shape[1] > 1:
            return pool
    return next((one for one in network.layers if _tokens(one.input) == count != _tokens(one.output)), None)


def _tokens(tensor: Any) -> int:
    """The number of tokens; 0 where there are none."""
    shape: tuple[int, ...] = getattr(tensor, "shape", ())
    return shape[1] if len(shape) == 3 else 0
