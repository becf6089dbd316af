"""The numbers of a network for texts (CLIP, SigLIP), read from the ``config.json`` of both its networks.

``core.features.texts`` computes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from core.errors import InvalidInput, Unavailable

TOKENIZER = "tokenizer.json"
"""The file that says how a text is split into tokens."""


@dataclass(frozen=True, kw_only=True)
class TextNetwork:
    """The architecture of a network for texts.

    Args:
        width, depth, heads: of a token, number of blocks, attention heads. length: most tokens of a text.
        causal: whether a token sees only those before it (CLIP). quick: whether GELU is x * sigmoid(1.702 x), else its
            approximation with tanh.
        padding: the token with which every text is filled up to ``length``; None for texts of their own length.
        epsilon: of layer normalisation.
    """

    width: int
    depth: int
    heads: int
    length: int
    causal: bool
    quick: bool
    padding: int | None
    epsilon: float


def text_network_of(config: Mapping[str, Any]) -> TextNetwork | None:
    """The network for texts that a ``config.json`` of Transformers describes; None where it describes none.

    Raises:
        InvalidInput: it is one that Graft does not compute.
    """
    kind, text = config.get("model_type"), config.get("text_config")
    if kind not in _USUAL or not isinstance(text, Mapping):
        return None
    usual: dict[str, Any] = _USUAL[kind] | dict(text)
    if usual["hidden_act"] not in ("quick_gelu", "gelu_pytorch_tanh"):
        raise InvalidInput(f"Graft does not compute texts with hidden_act={usual['hidden_act']!r}.")
    return TextNetwork(
        width=usual["hidden_size"],
        depth=usual["num_hidden_layers"],
        heads=usual["num_attention_heads"],
        length=usual["max_position_embeddings"],
        causal=kind == "clip",
        quick=usual["hidden_act"] == "quick_gelu",
        padding=None if kind == "clip" else usual.get("pad_token_id", _padding(usual)),
        epsilon=usual["layer_norm_eps"],
    )


def _padding(text: Mapping[str, Any]) -> int:
    """SigLIP fills up with its end of a text, SigLIP 2 with the padding of Gemma's 256,000 words."""
    return 0 if text.get("vocab_size", 0) >= 100_000 else 1


def require_tokenizers() -> None:
    """Raises:
    Unavailable: the package that splits texts is not installed.
    """
    if find_spec("tokenizers") is None:
        raise Unavailable("Texts need the package tokenizers: run `make setup HUB=1` and try again.")


def has_texts(config: Mapping[str, Any]) -> bool:
    """Whether ``config.json`` describes a network for texts that Graft computes."""
    try:
        return text_network_of(config) is not None
    except InvalidInput:
        return False


_USUAL: dict[Any, dict[str, Any]] = {
    "clip": {
        "hidden_size": 512, "num_hidden_layers": 12, "num_attention_heads": 8, "max_position_embeddings": 77,
        "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5,
    },
    "siglip": {
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "max_position_embeddings": 64,
        "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6,
    },
}  # fmt: skip
"""By ``model_type``: what Transformers' configuration classes have where a file is silent."""
