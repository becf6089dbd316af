"""Networks of tokens in a folder as a hub has it: ``config.json`` and one or several ``.safetensors``."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from core.backbones import Backbone
from core.backbones.token_config import TIMM, TRANSFORMERS, token_network_of
from core.backbones.token_network import TokenNetwork
from core.errors import InvalidInput, Unavailable
from core.features import tokens


def layout_of(config: dict[str, Any]) -> str:
    """``timm`` or ``transformers``, by what ``config.json`` has."""
    return TIMM if "architecture" in config and "model_type" not in config else TRANSFORMERS


def network(backbone: Backbone, folder: Path, *, top: bool = False) -> keras.Model:
    """See ``core.features.tokens.network``.

    Raises:
        InvalidInput: it is no network of tokens, or has no ImageNet classifier.
    """
    if backbone.tokens is None:
        raise InvalidInput(f"{backbone.title} is no network of tokens that Graft builds.")
    return tokens.network(backbone, backbone.tokens, top=top)


def load(model: keras.Model, folder: Path) -> None:
    """Puts the tensors of all ``.safetensors`` of the folder into ``network``.

    Raises:
        Unavailable: they cannot be read, or do not fit.
    """
    tokens.load(model, _described(folder), tensors_in(folder))


def _described(folder: Path) -> TokenNetwork:
    try:
        config = json.loads((folder / "config.json").read_text())
        found = token_network_of(config, layout_of(config))
    except (OSError, ValueError, InvalidInput) as error:
        raise Unavailable(f"{folder / 'config.json'} cannot be read ({error}).") from None
    if found is None:
        raise Unavailable(f"{folder / 'config.json'} describes no network of tokens that Graft builds.")
    return found


def tensors_in(folder: Path) -> dict[str, np.ndarray]:
    """The tensors of all ``.safetensors`` of a folder.

    Raises:
        Unavailable: they cannot be read, or there are none.
    """
    found: dict[str, np.ndarray] = {}
    for path in sorted(folder.rglob("*.safetensors")):
        try:
            found |= load_file(path)
        except (OSError, SafetensorError) as error:
            raise Unavailable(f"{path} cannot be read ({error}).") from None
    if not found:
        raise Unavailable(f"There are no .safetensors in {folder}.")
    return found
