"""The numbers of a Swin transformer (Liu et al. 2021) of Transformers or timm."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.backbones.imagenet_labels import classifies_imagenet, timm_classifies_imagenet
from core.backbones.staged.values import (
    MOST_BLOCKS,
    StagedNetwork,
    arguments_of,
    choice,
    numbers,
    real,
    same_length,
    three_channels,
    whole,
)
from core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class SwinNumbers(StagedNetwork):
    """The architecture of a Swin transformer.

    Args:
        timm: whether its tensors have timm's names, else Transformers'. patch: side of the patches of the stem.
        width: channels of the first stage; every stage has twice as many as the one before.
        depths, heads: blocks and attention heads of every stage. window: side of the squares in which is attended.
        wide: how many times the channels the inner dense layer has. qkv_bias: of queries, keys and values.
        epsilon: of the layer normalisations.
    """

    timm: bool
    patch: int
    width: int
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: int
    wide: float
    qkv_bias: bool
    epsilon: float = 1e-5


def swin_of(config: Mapping[str, Any]) -> SwinNumbers:
    """Reads a ``config.json``; what it leaves out is as in Transformers' ``SwinConfig``.

    Raises:
        InvalidInput: it has something that Graft does not build.
    """
    three_channels(config)
    choice(config, "hidden_act", "gelu", ("gelu",))
    if config.get("use_absolute_embeddings", False):
        raise InvalidInput("Graft does not build a Swin transformer with use_absolute_embeddings.")
    return _checked(
        SwinNumbers(
            family="Swin",
            size=whole(config, "image_size", 224),
            classes=classifies_imagenet(config),
            fixed_size=True,
            timm=False,
            patch=whole(config, "patch_size", 4),
            width=whole(config, "embed_dim", 96),
            depths=numbers(config, "depths", (2, 2, 6, 2), MOST_BLOCKS),
            heads=numbers(config, "num_heads", (3, 6, 12, 24)),
            window=whole(config, "window_size", 7),
            wide=real(config, "mlp_ratio", 4.0),
            qkv_bias=bool(config.get("qkv_bias", True)),
            epsilon=real(config, "layer_norm_eps", 1e-5),
        )
    )


_TIMM = re.compile(r"swin_(?P<size>tiny|small|base|large)_patch(?P<patch>4)_window(?P<window>\d+)_(?P<side>\d+)")

_SIZES = {
    "tiny": (96, (2, 2, 6, 2), (3, 6, 12, 24)),
    "small": (96, (2, 2, 18, 2), (3, 6, 12, 24)),
    "base": (128, (2, 2, 18, 2), (4, 8, 16, 32)),
    "large": (192, (2, 2, 18, 2), (6, 12, 24, 48)),
}
"""Channels of the first stage; blocks and heads of every stage."""


def swin_of_timm(config: Mapping[str, Any]) -> SwinNumbers | None:
    """The Swin transformer that timm's ``config.json`` names; None where it names another network.

    Raises:
        InvalidInput: it has arguments or an input size that Graft does not know.
    """
    name = str(config.get("architecture", "")).partition(".")[0]
    found = _TIMM.fullmatch(name)
    if found is None:
        return None
    width, depths, heads = _SIZES[found["size"]]
    given = arguments_of(config, name, ("img_size", "window_size", "embed_dim", "depths", "num_heads"))
    return _checked(
        SwinNumbers(
            family="Swin",
            size=whole(given, "img_size", int(found["side"])),
            classes=timm_classifies_imagenet(config),
            fixed_size=True,
            timm=True,
            patch=int(found["patch"]),
            width=whole(given, "embed_dim", width),
            depths=numbers(given, "depths", depths, MOST_BLOCKS),
            heads=numbers(given, "num_heads", heads),
            window=whole(given, "window_size", int(found["window"])),
            wide=4.0,
            qkv_bias=True,
        )
    )


def _checked(network: SwinNumbers) -> SwinNumbers:
    same_length(depths=network.depths, num_heads=network.heads)
    side = network.size // network.patch
    for stage, heads in enumerate(network.heads):
        if network.size % network.patch or side % network.window or network.width * 2**stage % heads:
            raise InvalidInput(
                f"Graft builds Swin transformers whose windows fill the map and whose heads divide the channels. Its "
                f"stage {stage + 1} has {side} x {side} positions, windows of {network.window} and {heads} heads."
            )
        if stage + 1 < len(network.heads) and side % 2:
            raise InvalidInput(f"Its stage {stage + 1} has {side} x {side} positions, which cannot be halved.")
        side //= 2
    return network
