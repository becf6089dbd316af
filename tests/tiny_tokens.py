"""Tiny random networks of tokens as Transformers and timm store them: ``config.json`` and tensors."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from core.backbones.added import AddedBackbone, digest_of_files, files_of
from core.backbones.token_config import token_network_of
from core.backbones.values import Backbone, Scaling
from core.files.home import added_folder
from core.registry import Registry
from core.settings import Settings

WIDTH, HEADS, DEPTH, WIDE = 32, 2, 3, 64
CLASSES = 1000

Shapes = dict[str, tuple[int, ...]]


def imagenet_labels() -> dict[str, str]:
    from core.backbones import imagenet_classes

    return {str(number): name for number, name in enumerate(imagenet_classes())}


def _numbers(**changes: Any) -> dict[str, Any]:
    return {
        "hidden_size": WIDTH,
        "num_hidden_layers": DEPTH,
        "num_attention_heads": HEADS,
        "intermediate_size": WIDE,
        "layer_norm_eps": 1e-6,
        "image_size": 32,
        "patch_size": 8,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "qkv_bias": True,
        "hidden_act": "gelu",
    } | changes


def config_of(name: str) -> dict[str, Any]:
    """``config.json`` of one of ``NAMES``."""
    labels = {"id2label": imagenet_labels()}
    dinov2 = _numbers(
        model_type="dinov2", image_size=56, patch_size=14, mlp_ratio=2, layerscale_value=1.0, use_swiglu_ffn=False,
        drop_path_rate=0.0, architectures=["Dinov2Model"],
    )  # fmt: skip
    tower = {key: _numbers()[key] for key in ("hidden_size", "num_hidden_layers", "num_attention_heads",
                                              "intermediate_size", "image_size", "patch_size")}  # fmt: skip
    return {
        "vit": _numbers(model_type="vit", architectures=["ViTForImageClassification"], **labels),
        "deit": _numbers(model_type="deit", architectures=["DeiTForImageClassificationWithTeacher"], **labels),
        "dinov2": dinov2,
        "dinov2_swiglu": dinov2 | {"use_swiglu_ffn": True, "mlp_ratio": 3},
        "dinov2_registers": dinov2 | {"model_type": "dinov2_with_registers", "num_register_tokens": 4},
        "clip": {"model_type": "clip", "projection_dim": 16, "vision_config": tower, "text_config": _text(10)},
        "siglip": {"model_type": "siglip", "vision_config": tower, "text_config": _text(8)},
        "timm_vit": _timm("vit_tiny_patch8_32"),
        "timm_deit": _timm("deit_tiny_distilled_patch8_32"),
        "timm_dinov2": _timm("vit_tiny_patch8_reg4_dinov2", num_classes=0),
        "timm_siglip": _timm("vit_tiny_patch8_siglip_32", num_classes=0),
    }[name]


def _text(length: int) -> dict[str, Any]:
    """The network for texts, of ``length`` tokens."""
    numbers = _numbers()
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "layer_norm_eps")
    return {name: numbers[name] for name in names} | {
        "max_position_embeddings": length, "vocab_size": len(WORDS), "pad_token_id": 1,
    }  # fmt: skip


WORDS = ("<unk>", "<end>", "<begin>", "a", "photo", "of", "this", "is", "cat", "dog", "bird", ".")


def tokenizer(*, ends: bool) -> Any:
    """A tokenizer of single words. ``ends``: whether a text begins and ends with a token of its own."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    numbers = {word: number for number, word in enumerate(WORDS)}
    found = Tokenizer(models.WordLevel(numbers, unk_token="<unk>"))
    found.normalizer = normalizers.Lowercase()
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    if ends:
        marks = [("<begin>", numbers["<begin>"]), ("<end>", numbers["<end>"])]
        found.post_processor = processors.TemplateProcessing("<begin> $A <end>", special_tokens=marks)
    return found


def _timm(architecture: str, num_classes: int = CLASSES) -> dict[str, Any]:
    return {
        "architecture": architecture,
        "num_classes": num_classes,
        "model_args": {"embed_dim": WIDTH, "depth": DEPTH, "num_heads": HEADS, "mlp_ratio": WIDE / WIDTH},
        "pretrained_cfg": {"input_size": [3, 32, 32], "num_classes": num_classes},
    }


NAMES = ("vit", "deit", "dinov2", "dinov2_swiglu", "dinov2_registers", "clip", "siglip", "timm_vit", "timm_deit",
         "timm_dinov2", "timm_siglip")  # fmt: skip


def layout_of(name: str) -> str:
    return "timm" if name.startswith("timm") else "transformers"


def tensors_of(name: str, seed: int = 0) -> dict[str, np.ndarray]:
    """Random tensors of one of ``NAMES``; normalisation is near 1."""
    rng = np.random.default_rng(seed)
    found = {}
    for tensor, shape in dict(_shapes(name)).items():
        centre = 1.0 if ("norm" in tensor or "layrnorm" in tensor) and tensor.endswith("weight") else 0.0
        found[tensor] = np.asarray(centre + rng.normal(0, 0.15, shape), np.float32)
    return found


def write_folder(folder: Path, name: str, seed: int = 0) -> Path:
    """A folder as a hub has it: ``config.json`` and ``model.safetensors``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config_of(name)))
    save_file(tensors_of(name, seed), folder / "model.safetensors")
    if "text_config" in config_of(name):
        tokenizer(ends=name == "clip").save(str(folder / "tokenizer.json"))
    return folder


def _linear(name: str, out: int, into: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (out, into)
    yield f"{name}.bias", (out,)


def _norm(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (WIDTH,)
    yield f"{name}.bias", (WIDTH,)


def _shapes(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    if name.startswith("timm"):
        yield from _timm_shapes(name)
    elif name in ("clip", "siglip"):
        yield from _tower_shapes(name)
        yield from _text_shapes(name)
    else:
        yield from _vit_shapes(name)


def _vit_shapes(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    dino = name.startswith("dinov2")
    prefix, patch, grid = ("", 14, 16) if dino else (f"{name}.", 8, 16)
    specials = 2 if name == "deit" else 1
    yield f"{prefix}embeddings.cls_token", (1, 1, WIDTH)
    if name == "deit":
        yield f"{prefix}embeddings.distillation_token", (1, 1, WIDTH)
    if name == "dinov2_registers":
        yield f"{prefix}embeddings.register_tokens", (1, 4, WIDTH)
    if dino:
        yield f"{prefix}embeddings.mask_token", (1, WIDTH)
    yield f"{prefix}embeddings.position_embeddings", (1, grid + specials, WIDTH)
    yield f"{prefix}embeddings.patch_embeddings.projection.weight", (WIDTH, 3, patch, patch)
    yield f"{prefix}embeddings.patch_embeddings.projection.bias", (WIDTH,)
    for number in range(DEPTH):
        block = f"{prefix}encoder.layer.{number}."
        for part in ("query", "key", "value"):
            yield from _linear(f"{block}attention.attention.{part}", WIDTH, WIDTH)
        yield from _linear(f"{block}attention.output.dense", WIDTH, WIDTH)
        if not dino:
            yield from _norm(f"{block}layernorm_before")
            yield from _norm(f"{block}layernorm_after")
            yield from _linear(f"{block}intermediate.dense", WIDE, WIDTH)
            yield from _linear(f"{block}output.dense", WIDTH, WIDE)
            continue
        yield from _norm(f"{block}norm1")
        yield from _norm(f"{block}norm2")
        yield f"{block}layer_scale1.lambda1", (WIDTH,)
        yield f"{block}layer_scale2.lambda1", (WIDTH,)
        if name == "dinov2_swiglu":
            yield from _linear(f"{block}mlp.weights_in", 2 * WIDE, WIDTH)
            yield from _linear(f"{block}mlp.weights_out", WIDTH, WIDE)
        else:
            yield from _linear(f"{block}mlp.fc1", WIDE, WIDTH)
            yield from _linear(f"{block}mlp.fc2", WIDTH, WIDE)
    yield from _norm(f"{prefix}layernorm")
    if name == "vit":
        yield from _linear("classifier", CLASSES, WIDTH)
    if name == "deit":
        yield from _linear("cls_classifier", CLASSES, WIDTH)
        yield from _linear("distillation_classifier", CLASSES, WIDTH)


def _tower_shapes(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    vision = "vision_model."
    if name == "clip":
        yield f"{vision}embeddings.class_embedding", (WIDTH,)
        yield from _norm(f"{vision}pre_layrnorm")
        yield "visual_projection.weight", (16, WIDTH)
        yield "logit_scale", ()
    else:
        yield f"{vision}embeddings.patch_embedding.bias", (WIDTH,)
        yield f"{vision}head.probe", (1, 1, WIDTH)
        yield f"{vision}head.attention.in_proj_weight", (3 * WIDTH, WIDTH)
        yield f"{vision}head.attention.in_proj_bias", (3 * WIDTH,)
        yield from _linear(f"{vision}head.attention.out_proj", WIDTH, WIDTH)
        yield from _norm(f"{vision}head.layernorm")
        yield from _linear(f"{vision}head.mlp.fc1", WIDE, WIDTH)
        yield from _linear(f"{vision}head.mlp.fc2", WIDTH, WIDE)
    yield f"{vision}embeddings.patch_embedding.weight", (WIDTH, 3, 8, 8)
    yield f"{vision}embeddings.position_embedding.weight", (17 if name == "clip" else 16, WIDTH)
    for number in range(DEPTH):
        block = f"{vision}encoder.layers.{number}."
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from _linear(f"{block}self_attn.{part}", WIDTH, WIDTH)
        yield from _norm(f"{block}layer_norm1")
        yield from _norm(f"{block}layer_norm2")
        yield from _linear(f"{block}mlp.fc1", WIDE, WIDTH)
        yield from _linear(f"{block}mlp.fc2", WIDTH, WIDE)
    yield from _norm(f"{vision}post_layernorm")


def _text_shapes(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    text = "text_model."
    yield f"{text}embeddings.token_embedding.weight", (len(WORDS), WIDTH)
    yield f"{text}embeddings.position_embedding.weight", (10 if name == "clip" else 8, WIDTH)
    for number in range(DEPTH):
        block = f"{text}encoder.layers.{number}."
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from _linear(f"{block}self_attn.{part}", WIDTH, WIDTH)
        yield from _norm(f"{block}layer_norm1")
        yield from _norm(f"{block}layer_norm2")
        yield from _linear(f"{block}mlp.fc1", WIDE, WIDTH)
        yield from _linear(f"{block}mlp.fc2", WIDTH, WIDE)
    yield from _norm(f"{text}final_layer_norm")
    if name == "clip":
        yield "text_projection.weight", (16, WIDTH)
    else:
        yield from _linear(f"{text}head", WIDTH, WIDTH)
        yield "logit_scale", ()
        yield "logit_bias", ()


def _timm_shapes(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    specials = {"timm_vit": 1, "timm_deit": 2}.get(name, 0)
    if name != "timm_siglip":
        yield "cls_token", (1, 1, WIDTH)
    if name == "timm_deit":
        yield "dist_token", (1, 1, WIDTH)
    if name == "timm_dinov2":
        yield "reg_token", (1, 4, WIDTH)
    yield "pos_embed", (1, 16 + specials, WIDTH)
    yield "patch_embed.proj.weight", (WIDTH, 3, 8, 8)
    yield "patch_embed.proj.bias", (WIDTH,)
    for number in range(DEPTH):
        block = f"blocks.{number}."
        yield from _norm(f"{block}norm1")
        yield from _norm(f"{block}norm2")
        yield from _linear(f"{block}attn.qkv", 3 * WIDTH, WIDTH)
        yield from _linear(f"{block}attn.proj", WIDTH, WIDTH)
        yield from _linear(f"{block}mlp.fc1", WIDE, WIDTH)
        yield from _linear(f"{block}mlp.fc2", WIDTH, WIDE)
        if name == "timm_dinov2":
            yield f"{block}ls1.gamma", (WIDTH,)
            yield f"{block}ls2.gamma", (WIDTH,)
    yield from _norm("norm")
    if name in ("timm_vit", "timm_deit"):
        yield from _linear("head", CLASSES, WIDTH)
    if name == "timm_deit":
        yield from _linear("head_dist", CLASSES, WIDTH)
    if name == "timm_siglip":
        yield "attn_pool.latent", (1, 1, WIDTH)
        yield from _linear("attn_pool.q", WIDTH, WIDTH)
        yield from _linear("attn_pool.kv", 2 * WIDTH, WIDTH)
        yield from _linear("attn_pool.proj", WIDTH, WIDTH)
        yield from _norm("attn_pool.norm")
        yield from _linear("attn_pool.mlp.fc1", WIDE, WIDTH)
        yield from _linear("attn_pool.mlp.fc2", WIDTH, WIDE)


def adaptable(backbone: Backbone) -> Backbone:
    """With what parameter-efficient fine-tuning can train; needs Keras."""
    from core.features import tokens
    from core.features.measuring import measured

    assert backbone.tokens is not None
    return measured(backbone, tokens.network(backbone, backbone.tokens))


def added(settings: Settings, name: str, seed: int = 0) -> Backbone:
    """A tiny network in the folder of an added backbone ``tiny-<name>``."""
    named = f"tiny-{name.replace('_', '-')}"
    folder = write_folder(added_folder(settings, named), name, seed)
    network = token_network_of(config_of(name), layout_of(name))
    assert network is not None
    return Backbone(
        name=named,
        title=f"Tiny {name}",
        family=network.family,
        source=f"hub:tiny/{name}@0123456789",
        top1=None,
        top1_source="",
        licence="Apache-2.0",
        weights_digest=digest_of_files(files_of(folder)),
        weights_bytes=sum(path.stat().st_size for path in folder.iterdir()),
        scaling=Scaling(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
        **network.row(network.size),
    )


def register(settings: Settings, registry: Registry, name: str) -> Backbone:
    """As ``added``, and in the registry."""
    backbone = added(settings, name)
    files = files_of(added_folder(settings, backbone.name))
    registry.add_backbone(AddedBackbone(backbone=backbone, files=files, added_at=0.0))
    return backbone
