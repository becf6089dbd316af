"""The numbers of a ConvNeXt (Liu et al. 2022) or ConvNeXt V2 (Woo et al. 2023) of Transformers or timm."""

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


@dataclass(frozen=True, kw_only=True)
class ConvNeXtNumbers(StagedNetwork):
    """The architecture of a ConvNeXt.

    Args:
        timm: whether its tensors have timm's names, else Transformers'. patch: side of the patches of the stem.
        widths, depths: channels and blocks of every stage.
        layer_scale: whether every block is scaled (V1). response_norm: whether there is global response normalisation
            (V2).
        epsilon, head_epsilon: of the layer normalisations, and of the last one.
    """

    timm: bool
    patch: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    layer_scale: bool
    response_norm: bool
    epsilon: float = 1e-6
    head_epsilon: float


def convnext_of(config: Mapping[str, Any]) -> ConvNeXtNumbers:
    """Reads a ``config.json``; what it leaves out is as in Transformers' ``ConvNextConfig``.

    Raises:
        InvalidInput: it has something that Graft does not build.
    """
    three_channels(config)
    choice(config, "hidden_act", "gelu", ("gelu",))
    second = config["model_type"] == "convnextv2"
    widths = numbers(config, "hidden_sizes", (96, 192, 384, 768))
    depths = numbers(config, "depths", (3, 3, 9, 3), MOST_BLOCKS)
    same_length(hidden_sizes=widths, depths=depths)
    return ConvNeXtNumbers(
        family="ConvNeXt V2" if second else "ConvNeXt",
        size=whole(config, "image_size", 224),
        classes=classifies_imagenet(config),
        own_pooling=True,
        timm=False,
        patch=whole(config, "patch_size", 4),
        widths=widths,
        depths=depths,
        layer_scale=not second and real(config, "layer_scale_init_value", 1e-6) > 0,
        response_norm=second,
        head_epsilon=real(config, "layer_norm_eps", 1e-12),
    )


_TIMM = re.compile(r"convnext(?P<second>v2)?_(?P<size>atto|femto|pico|nano|tiny|small|base|large|xlarge|xxlarge|huge)")
"""A name with anything else in it has another stem, head or normalisation."""

_SIZES = {
    "atto": ((40, 80, 160, 320), (2, 2, 6, 2)),
    "femto": ((48, 96, 192, 384), (2, 2, 6, 2)),
    "pico": ((64, 128, 256, 512), (2, 2, 6, 2)),
    "nano": ((80, 160, 320, 640), (2, 2, 8, 2)),
    "tiny": ((96, 192, 384, 768), (3, 3, 9, 3)),
    "small": ((96, 192, 384, 768), (3, 3, 27, 3)),
    "base": ((128, 256, 512, 1024), (3, 3, 27, 3)),
    "large": ((192, 384, 768, 1536), (3, 3, 27, 3)),
    "xlarge": ((256, 512, 1024, 2048), (3, 3, 27, 3)),
    "xxlarge": ((384, 768, 1536, 3072), (3, 4, 30, 3)),
    "huge": ((352, 704, 1408, 2816), (3, 3, 27, 3)),
}
"""Channels and blocks of the stages."""


def convnext_of_timm(config: Mapping[str, Any]) -> ConvNeXtNumbers | None:
    """The ConvNeXt that timm's ``config.json`` names; None where it names another network.

    Raises:
        InvalidInput: it has arguments that Graft does not know.
    """
    name = str(config.get("architecture", "")).partition(".")[0]
    found = _TIMM.fullmatch(name)
    if found is None:
        return None
    usual = _SIZES[found["size"]]
    given = arguments_of(config, name, ("dims", "depths"))
    widths = numbers(given, "dims", usual[0])
    depths = numbers(given, "depths", usual[1], MOST_BLOCKS)
    same_length(dims=widths, depths=depths)
    second = found["second"] is not None
    epsilon = 1e-5 if found["size"] == "xxlarge" else 1e-6
    return ConvNeXtNumbers(
        family="ConvNeXt V2" if second else "ConvNeXt",
        classes=timm_classifies_imagenet(config),
        own_pooling=True,
        timm=True,
        patch=4,
        widths=widths,
        depths=depths,
        layer_scale=not second,
        response_norm=second,
        epsilon=epsilon,
        head_epsilon=epsilon,
    )
