"""Which network in stages a ``config.json`` describes."""

from collections.abc import Callable, Mapping
from typing import Any

from core.backbones.staged.convnext import convnext_of, convnext_of_timm
from core.backbones.staged.resnet import resnet_of
from core.backbones.staged.swin import swin_of, swin_of_timm
from core.backbones.staged.values import StagedNetwork

TRANSFORMERS, TIMM = "transformers", "timm"

_OF_TRANSFORMERS: dict[str, Callable[[Mapping[str, Any]], StagedNetwork]] = {
    "resnet": resnet_of,
    "convnext": convnext_of,
    "convnextv2": convnext_of,
    "swin": swin_of,
}
"""By ``model_type``."""

_OF_TIMM: tuple[Callable[[Mapping[str, Any]], StagedNetwork | None], ...] = (convnext_of_timm, swin_of_timm)
"""Each reads the networks whose name it knows."""


FAMILIES_OF_TRANSFORMERS = ("ConvNeXt", "ConvNeXt V2", "ResNet", "Swin")
FAMILIES_OF_TIMM = ("ConvNeXt", "ConvNeXt V2", "Swin")
"""For display: what is built of a layout."""


def staged_network_of(config: Mapping[str, Any], layout: str) -> StagedNetwork | None:
    """The architecture that ``config`` describes; None where it is no network in stages that Graft builds.

    Args:
        config: the content of ``config.json``. layout: ``transformers`` or ``timm``.

    Raises:
        InvalidInput: it is of a known family, with something that Graft does not build.
    """
    if layout == TIMM:
        return next((found for reader in _OF_TIMM if (found := reader(config)) is not None), None)
    reader = _OF_TRANSFORMERS.get(str(config.get("model_type")))
    return reader(config) if reader else None
