"""Pooling: a feature map or tokens become one vector a photo."""

import keras
from keras import layers

from core.backbones import Backbone
from core.backbones.token_network import STEM, Pooling, TokenNetwork
from core.features.cuts import POOL, POOLED_TOKENS


def pooled_features(x: keras.KerasTensor, backbone: Backbone, block: str, *, named: str = "") -> keras.KerasTensor:
    """(n, h, w, d) or (n, tokens, d) after a block -> (n, d), by a last layer ``pool``.

    Maps are averaged. Of tokens the class token is taken or the patches are averaged, as the network does itself or as
    was chosen; tokens of a network that is not ours are all averaged.

    Args:
        named: what the names of the layers begin with, where a network is pooled at several places.
    """
    if len(x.shape) == 4:
        return layers.GlobalAveragePooling2D(name=f"{named}{POOL}")(x)
    tokens = backbone.tokens
    if tokens is not None and x.shape[1] > 1:
        cropped = _left_out(tokens, _pooling_after(backbone, tokens, block), x.shape[1])
        x = layers.Cropping1D(cropped, name=f"{named}{POOLED_TOKENS}")(x) if any(cropped) else x
    return layers.GlobalAveragePooling1D(name=f"{named}{POOL}")(x)


def _pooling_after(backbone: Backbone, tokens: TokenNetwork, block: str) -> Pooling:
    """Before the first block the class token is the same for every photo, so that the patches are averaged."""
    return Pooling.MEAN if block == STEM and backbone.pooling is Pooling.OWN else tokens.pooling


def _left_out(tokens: TokenNetwork, pooling: Pooling, count: int) -> tuple[int, int]:
    """Tokens that are not averaged, at the begin and at the end."""
    return (0, count - 1) if pooling is Pooling.CLASS_TOKEN else (tokens.prefix_tokens, 0)
