"""The network for texts gives the numbers of keras-hub's."""

from dataclasses import replace

import numpy as np
import pytest

from core.backbones.text_network import text_network_of
from core.features.texts import text_vector
from tests import tiny_tokens
from tests.tiny_tokens import DEPTH, HEADS, WIDE, WIDTH, WORDS

pytestmark = pytest.mark.keras

NAMES = ("clip", "siglip")
TOKENS = {"clip": [2, 3, 4, 5, 3, 8, 1], "siglip": [6, 7, 3, 4, 5, 9, 1, 1]}


def by_hub(name: str, tensors: dict) -> np.ndarray:
    """The output of keras-hub's network for texts with the same tensors: (tokens, width), or (width,) of SigLIP."""
    import keras_hub.src.models.clip.clip_text_encoder as clip
    import keras_hub.src.models.siglip.siglip_text_encoder as siglip

    numbers = (len(WORDS), WIDTH, WIDTH, DEPTH, HEADS, WIDE)
    if name == "clip":
        model = clip.CLIPTextEncoder(*numbers, max_sequence_length=10)
    else:
        model = siglip.SigLIPTextEncoder(*numbers, max_sequence_length=8, projection_dim=WIDTH)
    for variable in model.weights:
        if variable.path in _others(name):
            variable.assign(tensors[_others(name)[variable.path]])
        elif variable.path.startswith("encoder_block"):
            variable.assign(_of_block(variable.path, tensors).reshape(variable.shape))
    if name == "siglip":
        model.get_layer("head").set_weights([tensors["text_model.head.weight"].T, tensors["text_model.head.bias"]])
    return np.asarray(model({"token_ids": np.array([TOKENS[name]])}))[0]


def _others(name: str) -> dict[str, str]:
    norm = "layer_norm" if name == "clip" else "post_layer_norm"
    return {
        "embedding/token_embedding/embeddings": "text_model.embeddings.token_embedding.weight",
        "embedding/position_embedding/embeddings": "text_model.embeddings.position_embedding.weight",
        f"{norm}/gamma": "text_model.final_layer_norm.weight",
        f"{norm}/beta": "text_model.final_layer_norm.bias",
    }


_PARTS = {
    "query": "self_attn.q_proj", "key": "self_attn.k_proj", "value": "self_attn.v_proj",
    "attention_output": "self_attn.out_proj", "dense_1": "mlp.fc1", "dense_2": "mlp.fc2", "fc1": "mlp.fc1",
    "fc2": "mlp.fc2", "layer_norm_1": "layer_norm1", "layer_norm_2": "layer_norm2", "layer_norm1": "layer_norm1",
    "layer_norm2": "layer_norm2",
}  # fmt: skip


def _of_block(path: str, tensors: dict) -> np.ndarray:
    block, *_, layer, variable = path.split("/")
    begin = f"text_model.encoder.layers.{block.rpartition('_')[2]}.{_PARTS[layer]}"
    if variable in ("gamma", "weight"):
        return tensors[f"{begin}.weight"]
    return tensors[f"{begin}.weight"].T if variable == "kernel" else tensors[f"{begin}.bias"]


@pytest.mark.parametrize("name", NAMES)
def test_the_vector_of_a_text_is_that_of_keras_hub(name):
    tensors = tiny_tokens.tensors_of(name)
    expected = by_hub(name, tensors)
    if name == "clip":
        expected = tensors["text_projection.weight"] @ expected[-1]
    network = text_network_of(tiny_tokens.config_of(name))
    assert network is not None
    if name == "clip":
        network = replace(network, epsilon=1e-5)  # keras-hub's, in all blocks
    found = text_vector(np.array(TOKENS[name]), tensors, network)
    assert np.abs(found - expected).max() < 1e-5 * max(1, np.abs(expected).max())
