"""The numbers of a ResNet (He et al. 2015) of Transformers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.backbones.imagenet_labels import classifies_imagenet
from core.backbones.staged.values import (
    MOST_BLOCKS,
    StagedNetwork,
    choice,
    numbers,
    same_length,
    three_channels,
    whole,
)


@dataclass(frozen=True, kw_only=True)
class ResNetNumbers(StagedNetwork):
    """The architecture of a ResNet.

    Args:
        stem: channels after the first convolution. widths, depths: channels and blocks of every stage.
        bottleneck: whether a block has three convolutions, the middle one of a quarter of the channels, instead of two.
        stride_first: whether in a bottleneck the first convolution has the stride, instead of the second.
        downsample_first: whether the first stage halves the map.
    """

    stem: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    bottleneck: bool
    stride_first: bool
    downsample_first: bool


def resnet_of(config: Mapping[str, Any]) -> ResNetNumbers:
    """Reads a ``config.json``; what it leaves out is as in Transformers' ``ResNetConfig``.

    Raises:
        InvalidInput: it has something that Graft does not build.
    """
    three_channels(config)
    choice(config, "hidden_act", "relu", ("relu",))
    widths = numbers(config, "hidden_sizes", (256, 512, 1024, 2048))
    depths = numbers(config, "depths", (3, 4, 6, 3), MOST_BLOCKS)
    same_length(hidden_sizes=widths, depths=depths)
    return ResNetNumbers(
        family="ResNet",
        classes=classifies_imagenet(config),
        stem=whole(config, "embedding_size", 64),
        widths=widths,
        depths=depths,
        bottleneck=choice(config, "layer_type", "bottleneck", ("bottleneck", "basic")) == "bottleneck",
        stride_first=bool(config.get("downsample_in_bottleneck", False)),
        downsample_first=bool(config.get("downsample_in_first_stage", False)),
    )
