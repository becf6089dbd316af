"""How Transformers and timm name the tensors of networks of tokens."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class TensorNames:
    """The names of one layout; ``{}`` is the number of a block, from 0 on, and "" what the layout does not have.

    Args:
        prefixes: of which a file has one, before every name.
        attention: queries, keys and values, or the one tensor of all three.
        norms, scales, dense: the two of a block, from input to output. gated: the same of a SwiGLU.
        norm: after the last block. head: of attention pooling.
        classifiers: on the class token, and on the distillation token.
    """

    prefixes: tuple[str, ...]
    patches: str
    positions: str
    class_token: str = ""
    distillation_token: str = ""
    registers: str = ""
    pre_norm: str = ""
    block: str
    norms: tuple[str, str]
    attention: tuple[str, ...]
    output: str
    scales: tuple[str, str] = ("", "")
    dense: tuple[str, str]
    gated: tuple[str, str] = ("", "")
    norm: str
    head: str = ""
    classifiers: tuple[str, ...] = ()


_VIT = TensorNames(
    prefixes=("vit.", ""),
    patches="embeddings.patch_embeddings.projection",
    positions="embeddings.position_embeddings",
    class_token="embeddings.cls_token",
    distillation_token="embeddings.distillation_token",
    registers="embeddings.register_tokens",
    block="encoder.layer.{}.",
    norms=("layernorm_before", "layernorm_after"),
    attention=("attention.attention.query", "attention.attention.key", "attention.attention.value"),
    output="attention.output.dense",
    dense=("intermediate.dense", "output.dense"),
    norm="layernorm",
    classifiers=("classifier",),
)

_CLIP = TensorNames(
    prefixes=("vision_model.", ""),
    patches="embeddings.patch_embedding",
    positions="embeddings.position_embedding.weight",
    class_token="embeddings.class_embedding",
    pre_norm="pre_layrnorm",  # CLIP's own spelling
    block="encoder.layers.{}.",
    norms=("layer_norm1", "layer_norm2"),
    attention=("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    output="self_attn.out_proj",
    dense=("mlp.fc1", "mlp.fc2"),
    norm="post_layernorm",
)

NAMES: dict[str, TensorNames] = {
    "vit": _VIT,
    "deit": replace(_VIT, prefixes=("deit.", ""), classifiers=("cls_classifier", "distillation_classifier")),
    "dinov2": replace(
        _VIT,
        prefixes=("dinov2.", "dinov2_with_registers.", ""),
        norms=("norm1", "norm2"),
        scales=("layer_scale1.lambda1", "layer_scale2.lambda1"),
        dense=("mlp.fc1", "mlp.fc2"),
        gated=("mlp.weights_in", "mlp.weights_out"),
    ),
    "clip": _CLIP,
    "siglip": replace(_CLIP, class_token="", pre_norm="", head="head."),
    "timm": TensorNames(
        prefixes=("",),
        patches="patch_embed.proj",
        positions="pos_embed",
        class_token="cls_token",
        distillation_token="dist_token",
        registers="reg_token",
        pre_norm="norm_pre",
        block="blocks.{}.",
        norms=("norm1", "norm2"),
        attention=("attn.qkv",),
        output="attn.proj",
        scales=("ls1.gamma", "ls2.gamma"),
        dense=("mlp.fc1", "mlp.fc2"),
        gated=("mlp.fc1", "mlp.fc2"),
        norm="norm",
        head="attn_pool.",
        classifiers=("head", "head_dist"),
    ),
}
"""By ``TokenNetwork.naming``."""
