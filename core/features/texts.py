"""The network for texts of CLIP and SigLIP: texts become vectors in a space shared with photos.

A few dozen texts are encoded once a run, so the network is plain NumPy (Radford et al. 2021, section 2.4; Zhai et al.
2023). It is read from the same ``config.json``, safetensors and ``tokenizer.json`` (Transformers) as the network for
photos.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open

from core.backbones import Backbone, obtain
from core.backbones.text_network import TOKENIZER, TextNetwork, require_tokenizers, text_network_of
from core.errors import Unavailable
from core.features.token_tensors import projection_of
from core.settings import Settings

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class TextVectors:
    """What a network for texts says of some texts.

    Args:
        projection: (d, e) from pooled features of photos to the space of the texts; None where they are in it.
        vectors: (n, e), one a text. scale: of the cosine between photo and text, as it was trained.
    """

    projection: np.ndarray | None
    vectors: np.ndarray
    scale: float


def text_vectors(backbone: Backbone, settings: Settings, texts: Sequence[str]) -> TextVectors:
    """The vectors of these texts, and how they are compared with features of photos.

    Raises:
        Unavailable: the files have no network for texts, or the package that splits texts is not installed.
    """
    folder = obtain(backbone, settings)
    config = json.loads((folder / "config.json").read_text())
    network = text_network_of(config)
    if network is None:
        raise Unavailable(f"{backbone.title} has no network for texts, so it cannot classify without a head.")
    tensors = _tensors(folder)
    tokens = tokens_of(texts, folder, network)
    return TextVectors(
        projection=projection_of(tensors) if network.causal else None,
        vectors=np.stack([text_vector(one, tensors, network) for one in tokens]),
        scale=float(np.exp(tensors["logit_scale"].astype(np.float64).reshape(()))),
    )


def tokens_of(texts: Sequence[str], folder: Path, network: TextNetwork) -> list[np.ndarray]:
    """The numbers of the tokens of every text, shortened to the network's length.

    Raises:
        Unavailable: there is no ``tokenizer.json``, or no package to read it.
    """
    require_tokenizers()
    from tokenizers import Tokenizer

    file = folder / TOKENIZER
    if not file.exists():
        raise Unavailable(f"The files in {folder} have no tokenizer.json, so texts cannot be split into tokens.")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(network.length)
    if network.padding is None:
        tokenizer.no_padding()
    else:  # trained on lower-case texts (Zhai et al. 2023, and the model cards)
        texts = [text.lower() for text in texts]
        tokenizer.enable_padding(length=network.length, pad_id=network.padding)
    return [np.array(one.ids, np.int64) for one in tokenizer.encode_batch(list(texts))]


def text_vector(tokens: np.ndarray, tensors: Tensors, network: TextNetwork) -> np.ndarray:
    """(e,) of one text: the output at its last token (the end, or the padding) in the space shared with photos.

    Raises:
        Unavailable: a tensor is missing.
    """
    try:
        x = _embedded(tokens, tensors)
        for number in range(network.depth):
            x = _block(x, tensors, f"text_model.encoder.layers.{number}.", network)
        last = _norm(x[-1:], tensors, "text_model.final_layer_norm", network.epsilon)[0]
        if network.causal:
            return np.asarray(tensors["text_projection.weight"] @ last, np.float32)
        return np.asarray(_dense(last, tensors, "text_model.head"))
    except KeyError as error:
        raise Unavailable(f"The weights have no tensor {error.args[0]}, which the network for texts needs.") from None


def _embedded(tokens: np.ndarray, tensors: Tensors) -> np.ndarray:
    words = tensors["text_model.embeddings.token_embedding.weight"][tokens]
    places = tensors["text_model.embeddings.position_embedding.weight"][: len(tokens)]
    return np.asarray(words + places, np.float32)


def _block(x: np.ndarray, tensors: Tensors, begin: str, network: TextNetwork) -> np.ndarray:
    x = x + _attention(_norm(x, tensors, f"{begin}layer_norm1", network.epsilon), tensors, begin, network)
    wide = _dense(_norm(x, tensors, f"{begin}layer_norm2", network.epsilon), tensors, f"{begin}mlp.fc1")
    return np.asarray(x + _dense(_gelu(wide, quick=network.quick), tensors, f"{begin}mlp.fc2"))


def _attention(x: np.ndarray, tensors: Tensors, begin: str, network: TextNetwork) -> np.ndarray:
    """Scaled dot-product attention of several heads (Vaswani et al. 2017, section 3.2)."""
    length, heads = len(x), network.heads
    query, key, value = (
        _dense(x, tensors, f"{begin}self_attn.{name}_proj").reshape(length, heads, -1).swapaxes(0, 1) for name in "qkv"
    )
    scores = query @ key.swapaxes(1, 2) / np.float32(np.sqrt(query.shape[-1]))
    if network.causal:
        scores += np.triu(np.full((length, length), -np.inf, np.float32), 1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (weights / weights.sum(axis=-1, keepdims=True)) @ value
    return _dense(mixed.swapaxes(0, 1).reshape(length, -1), tensors, f"{begin}self_attn.out_proj")


def _gelu(x: np.ndarray, *, quick: bool) -> np.ndarray:
    """Hendrycks and Gimpel 2016: one of its two approximations."""
    if quick:
        return np.asarray(x / (1 + np.exp(-1.702 * x)))
    return np.asarray(0.5 * x * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + 0.044715 * x**3))))


def _dense(x: np.ndarray, tensors: Tensors, name: str) -> np.ndarray:
    return np.asarray(x @ np.asarray(tensors[f"{name}.weight"], np.float32).T + tensors[f"{name}.bias"], np.float32)


def _norm(x: np.ndarray, tensors: Tensors, name: str, epsilon: float) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + np.float32(epsilon))
    return np.asarray(centred / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"], np.float32)


def _tensors(folder: Path) -> dict[str, np.ndarray]:
    """Those of the network for texts, and what joins it with the one for photos."""
    found: dict[str, np.ndarray] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "numpy") as opened:
            kept = [name for name in opened.keys() if not name.startswith("vision_model.")]  # noqa: SIM118
            found |= {name: opened.get_tensor(name) for name in kept}
    return found
