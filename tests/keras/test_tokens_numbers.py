"""Our networks of tokens give the numbers of keras-hub's with the same tensors, and can be cut at every block."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from core.backbones import Backbone, get
from core.backbones.inputs import with_input
from core.backbones.token_config import token_network_of
from core.backbones.token_network import Pooling
from core.backbones.values import Scaling
from core.features import tokens
from core.features.measuring import measured
from tests import tiny_tokens
from tests.tiny_tokens import DEPTH, HEADS, WIDE, WIDTH

pytestmark = pytest.mark.keras

CLASSIFIERS = ("vit", "deit", "timm_vit", "timm_deit")


def row(name: str, size: int = 0, pooling: Pooling = Pooling.OWN) -> Backbone:
    network = token_network_of(tiny_tokens.config_of(name), tiny_tokens.layout_of(name))
    assert network is not None
    network = network.pooled_by(pooling)
    numbers = network.row(size or network.size)
    return replace(get("squeezenet"), name=name, title=name, scaling=Scaling(), adaptable=(), **numbers)


def built(backbone: Backbone, *, top: bool = False) -> keras.Model:
    assert backbone.tokens is not None
    model = tokens.network(backbone, backbone.tokens, top=top)
    tokens.load(model, backbone.tokens, tiny_tokens.tensors_of(backbone.name))
    return model


def noise(side: int, n: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (n, side, side, 3)).astype(np.float32)


def difference(found: object, expected: object) -> float:
    """Largest, relative to the largest expected value."""
    one, other = np.asarray(found), np.asarray(expected)
    assert one.shape == other.shape
    return float(np.abs(one - other).max() / np.abs(other).max())


def by_hub(folder, name: str, photos: np.ndarray) -> np.ndarray:
    """The output of keras-hub's network with the same tensors, which wants scaled pixels."""
    import keras_hub

    pixels = photos / 255
    if name == "clip":
        return np.asarray(_clip(keras_hub, tiny_tokens.tensors_of(name))({"images": pixels}))
    if name == "siglip":
        return np.asarray(_siglip(keras_hub, tiny_tokens.tensors_of(name))({"images": pixels}))[:, None]
    model = keras_hub.models.Backbone.from_preset(str(tiny_tokens.write_folder(folder, name)))
    return np.asarray(model({"images": pixels} if name.startswith("dinov2") else pixels))


def _tower(model: keras.Model, tensors: dict, norms: tuple[str, str], dense: tuple) -> None:
    """Puts the tensors of the blocks and of the last normalisation into keras-hub's image tower."""

    def put(layer: keras.layers.Layer, name: str) -> None:
        weight, bias = tensors[f"vision_model.{name}.weight"], tensors[f"vision_model.{name}.bias"]
        layer.set_weights([weight if weight.ndim == 1 else weight.T, bias])

    for number, layer in enumerate(model.encoder_layers):
        begin = f"encoder.layers.{number}"
        attention = layer.attention if hasattr(layer, "attention") else layer.self_attn
        _attention(attention, tensors, f"vision_model.{begin}.self_attn")
        for at, norm in enumerate(norms, 1):
            put(getattr(layer, norm), f"{begin}.layer_norm{at}")
        for at, one in enumerate(dense(layer), 1):
            put(one, f"{begin}.mlp.fc{at}")


def _attention(layer: keras.layers.Layer, tensors: dict, begin: str) -> None:
    weights = []
    for part in "qkv":
        weights.append(tensors[f"{begin}.{part}_proj.weight"].T.reshape(WIDTH, HEADS, -1))
        weights.append(tensors[f"{begin}.{part}_proj.bias"].reshape(HEADS, -1))
    weights.append(tensors[f"{begin}.out_proj.weight"].T.reshape(HEADS, -1, WIDTH))
    layer.set_weights([*weights, tensors[f"{begin}.out_proj.bias"]])


def _clip(hub, tensors: dict) -> keras.Model:
    model = hub.models.CLIPVisionEncoder(8, WIDTH, DEPTH, HEADS, WIDE, image_shape=(32, 32, 3))
    _tower(model, tensors, ("layer_norm_1", "layer_norm_2"), lambda layer: (layer.dense_1, layer.dense_2))
    begin, ours = "vision_model.", model.embedding
    ours.class_embedding.assign(tensors[f"{begin}embeddings.class_embedding"])
    ours.position_ids.assign(np.arange(17)[None])
    ours.patch_embedding.set_weights([tensors[f"{begin}embeddings.patch_embedding.weight"].transpose(2, 3, 1, 0)])
    ours.position_embedding.set_weights([tensors[f"{begin}embeddings.position_embedding.weight"]])
    for layer, name in ((model.pre_layer_norm, "pre_layrnorm"), (model.layer_norm, "post_layernorm")):
        layer.set_weights([tensors[f"{begin}{name}.weight"], tensors[f"{begin}{name}.bias"]])
    return model


def _siglip(hub, tensors: dict) -> keras.Model:
    model = hub.models.SigLIPVisionEncoder(8, WIDTH, DEPTH, HEADS, WIDE, image_shape=(32, 32, 3))
    _tower(model, tensors, ("layer_norm1", "layer_norm2"), lambda layer: (layer.mlp.fc1, layer.mlp.fc2))
    begin, ours = "vision_model.", model.embedding
    kernel = tensors[f"{begin}embeddings.patch_embedding.weight"].transpose(2, 3, 1, 0)
    ours.patch_embedding.set_weights([kernel, tensors[f"{begin}embeddings.patch_embedding.bias"]])
    ours.position_embedding.set_weights([tensors[f"{begin}embeddings.position_embedding.weight"]])
    ours.position_ids.assign(np.arange(16)[None])
    norm = [tensors[f"{begin}post_layernorm.{part}"] for part in ("weight", "bias")]
    model.post_layer_norm.set_weights(norm)
    head, first = model.head, f"{begin}head."
    whole, bias = tensors[f"{first}attention.in_proj_weight"], tensors[f"{first}attention.in_proj_bias"]
    split = {}
    for part, one, other in zip("qkv", np.split(whole, 3), np.split(bias, 3), strict=True):
        split |= {f"head.{part}_proj.weight": one, f"head.{part}_proj.bias": other}
    for part in ("weight", "bias"):
        split[f"head.out_proj.{part}"] = tensors[f"{first}attention.out_proj.{part}"]
    _attention(head.attention, split, "head")
    head.probe.assign(tensors[f"{first}probe"])
    head.layer_norm.set_weights([tensors[f"{first}layernorm.{part}"] for part in ("weight", "bias")])
    for layer, name in ((head.mlp.fc1, "fc1"), (head.mlp.fc2, "fc2")):
        layer.set_weights([tensors[f"{first}mlp.{name}.weight"].T, tensors[f"{first}mlp.{name}.bias"]])
    return model


@pytest.mark.parametrize("name", [name for name in tiny_tokens.NAMES if not name.startswith("timm")])
def test_the_numbers_are_those_of_keras_hub(name, tmp_path):
    photos = noise(row(name).input_size)
    assert difference(built(row(name))(photos), by_hub(tmp_path / name, name, photos)) < 1e-5


@pytest.mark.parametrize("name", tiny_tokens.NAMES)
def test_shapes_parameters_and_work_are_those_of_the_row(name):
    for size in (0, 2 * row(name).input_size):
        backbone = row(name, size)
        model = built(backbone)
        resized = with_input(measured(row(name), built(row(name))), backbone.input_size)
        assert resized == measured(backbone, model), "blocks, shapes, costs, and what can be adapted"
        assert replace(measured(replace(backbone, blocks=(), parameters=0), model), adaptable=()) == backbone


HEAD_OF_TIMM = {"proj": "attention.out_proj", "norm": "layernorm", "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2"}


def as_timm(name: str) -> dict[str, np.ndarray]:
    """The tensors of a Transformers file under timm's names: queries, keys and values in one."""
    theirs = tiny_tokens.tensors_of(name)
    tower = name == "siglip"
    begin = "vision_model." if tower else f"{name}."
    one = {key.removeprefix(begin): values for key, values in theirs.items()}
    positions = one["embeddings.position_embedding.weight"][None] if tower else one["embeddings.position_embeddings"]
    patches = "embeddings.patch_embedding" if tower else "embeddings.patch_embeddings.projection"
    found = {"pos_embed": positions}
    tokens_of = {"cls_token": "embeddings.cls_token", "dist_token": "embeddings.distillation_token"}
    found |= {new: one[old] for new, old in tokens_of.items() if old in one}
    block = "encoder.layers.{}." if tower else "encoder.layer.{}."
    parts = {
        "norm1": "layer_norm1" if tower else "layernorm_before",
        "norm2": "layer_norm2" if tower else "layernorm_after",
        "attn.proj": "self_attn.out_proj" if tower else "attention.output.dense",
        "mlp.fc1": "mlp.fc1" if tower else "intermediate.dense",
        "mlp.fc2": "mlp.fc2" if tower else "output.dense",
    }
    attention = (
        [f"self_attn.{part}_proj" for part in "qkv"]
        if tower
        else [f"attention.attention.{part}" for part in ("query", "key", "value")]
    )
    for kind in ("weight", "bias"):
        found[f"patch_embed.proj.{kind}"] = one[f"{patches}.{kind}"]
        found[f"norm.{kind}"] = one[f"{'post_layernorm' if tower else 'layernorm'}.{kind}"]
        for number in range(DEPTH):
            old, new = block.format(number), f"blocks.{number}."
            found[f"{new}attn.qkv.{kind}"] = np.concatenate([one[f"{old}{part}.{kind}"] for part in attention])
            found |= {f"{new}{new_name}.{kind}": one[f"{old}{ours}.{kind}"] for new_name, ours in parts.items()}
        if tower:
            queries, *others = np.split(one[f"head.attention.in_proj_{kind}"], 3)
            found |= {f"attn_pool.q.{kind}": queries, f"attn_pool.kv.{kind}": np.concatenate(others)}
            found |= {f"attn_pool.{new}.{kind}": one[f"head.{old}.{kind}"] for new, old in HEAD_OF_TIMM.items()}
    if tower:
        found["attn_pool.latent"] = one["head.probe"]
    return found


@pytest.mark.parametrize("name", ["vit", "deit", "siglip"])
def test_the_same_weights_in_the_layout_of_timm_give_the_same_numbers(name):
    ours, theirs = row(name), row(f"timm_{name}")
    assert theirs.tokens is not None and ours.tokens is not None
    network = replace(theirs.tokens, activation=ours.tokens.activation)  # timm's SigLIP has the exact GELU
    model = tokens.network(theirs, network)
    tokens.load(model, network, as_timm(name))
    photos = noise(ours.input_size)
    assert difference(model(photos), built(ours)(photos)) < 1e-6
