"""Which network in stages a ``config.json`` describes."""

from collections.abc import Callable, Mapping
from typing import Any

from core.backbones.staged.resnet import resnet_of
from core.backbones.staged.values import StagedNetwork

TRANSFORMERS = "transformers"

_OF_TRANSFORMERS: dict[str, Callable[[Mapping[str, Any]], StagedNetwork]] = {"resnet": resnet_of}
"""By ``model_type``."""


def staged_network_of(config: Mapping[str, Any], layout: str) -> StagedNetwork | None:
    """The architecture that ``config`` describes; None where it is no network in stages that Graft builds.

    Args:
        config: the content of ``config.json``. layout: ``transformers`` or ``timm``.

    Raises:
        InvalidInput: it is of a known family, with something that Graft does not build.
    """
    if layout != TRANSFORMERS:
        return None
    reader = _OF_TRANSFORMERS.get(str(config.get("model_type")))
    return reader(config) if reader else None
