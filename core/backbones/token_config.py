"""The architecture of a network of tokens, read from the ``config.json`` beside its weights.

Five families have one architecture with other numbers: ViT (Dosovitskiy et al. 2021), DeiT (Touvron et al. 2021),
DINOv2 (Oquab et al. 2023), and the image towers of CLIP (Radford et al. 2021) and SigLIP (Zhai et al. 2023). Values
that a ``config.json`` leaves out are the defaults of Transformers' configuration classes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from core.backbones.imagenet_labels import classifies_imagenet, has_architecture, timm_classifies_imagenet
from core.backbones.token_network import Activation, Pooling, TokenNetwork, TokenTop
from core.errors import InvalidInput

TRANSFORMERS, TIMM = "transformers", "timm"
"""Layouts of a folder with a ``config.json``."""

_ACTIVATIONS = {
    "gelu": Activation.GELU,
    "gelu_new": Activation.GELU_TANH,
    "gelu_pytorch_tanh": Activation.GELU_TANH,
    "quick_gelu": Activation.QUICK_GELU,
    "relu": Activation.RELU,
}
"""By their names in Transformers."""


def token_network_of(config: Mapping[str, Any], layout: str) -> TokenNetwork | None:
    """The architecture that ``config`` describes; None where it is no network of tokens that Graft builds.

    Args:
        config: the content of ``config.json``. layout: ``transformers`` or ``timm``.

    Raises:
        InvalidInput: it is of a known family, with something that Graft does not build.
    """
    if layout == TIMM:
        found = _of_timm(config)
    else:
        reader = _READERS.get(str(config.get("model_type")))
        found = reader(config) if reader else None
    if found is not None:
        _check(found)
    return found


def _check(network: TokenNetwork) -> None:
    named = ("size", "patch", "width", "depth", "heads", "mlp_width")
    for name in named:
        value = getattr(network, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InvalidInput(f"A {network.family} network needs a whole number of {name}. Received: {value!r}")
    if network.width % network.heads:
        raise InvalidInput(
            f"The width of a token must be a multiple of the attention heads. Received: {network.width} and "
            f"{network.heads}"
        )
    if network.patch > network.size:
        raise InvalidInput(f"A patch of {network.patch} px is larger than the input of {network.size} px.")


# --- Transformers ---


def _vit(config: Mapping[str, Any]) -> TokenNetwork:
    return TokenNetwork(family="ViT", naming="vit", top=_top(config), **_usual(config, epsilon=1e-12))


def _deit(config: Mapping[str, Any]) -> TokenNetwork:
    teacher = has_architecture(config, "ForImageClassificationWithTeacher")
    top = _top(config)
    if top is TokenTop.POOLED and teacher:
        top = TokenTop.DISTILLED
    return TokenNetwork(
        family="DeiT",
        naming="deit",
        distillation_token=True,
        positions_of=2,
        top=top,
        **_usual(config, epsilon=1e-12),
    )


def _dinov2(config: Mapping[str, Any]) -> TokenNetwork:
    registers = config.get("num_register_tokens", 4 if "registers" in config["model_type"] else 0)
    usual = _usual(config, patch=14)
    wide = int(usual["width"] * config.get("mlp_ratio", 4))
    if config.get("use_swiglu_ffn", False):
        wide = (int(wide * 2 / 3) + 7) // 8 * 8
        usual["activation"] = Activation.SWIGLU
    top = _top(config)
    if top is TokenTop.POOLED:
        top = TokenTop.CLASS_AND_MEAN
    usual |= {"mlp_width": wide, "layer_scale": True, "antialias": bool(registers)}
    return TokenNetwork(family="DINOv2", naming="dinov2", registers=registers, top=top, **usual)


def _clip(config: Mapping[str, Any]) -> TokenNetwork:
    vision = config.get("vision_config", config)
    projection = config.get("projection_dim", vision.get("projection_dim", 512))
    usual = _usual(vision, patch=32, activation="quick_gelu", epsilon=1e-5)
    projects = config["model_type"] == "clip" or has_architecture(config, "WithProjection")
    return TokenNetwork(family="CLIP", naming="clip", pre_norm=True, projection=projection if projects else 0, **usual)


def _siglip(config: Mapping[str, Any]) -> TokenNetwork:
    vision = config.get("vision_config", config)
    usual = _usual(vision, activation="gelu_pytorch_tanh")
    return TokenNetwork(
        family="SigLIP",
        naming="siglip",
        class_token=False,
        positions_of=0,
        pooling=Pooling.MEAN,
        attention_pool=vision.get("vision_use_head", True),
        **usual,
    )


def _siglip2(config: Mapping[str, Any]) -> TokenNetwork:
    raise InvalidInput(
        "This SigLIP 2 takes photos of every shape (NaFlex), which Graft does not. Choose one with a fixed input size, "
        "for example google/siglip2-base-patch16-224."
    )


_READERS: dict[str, Callable[[Mapping[str, Any]], TokenNetwork]] = {
    "vit": _vit,
    "deit": _deit,
    "dinov2": _dinov2,
    "dinov2_with_registers": _dinov2,
    "clip": _clip,
    "clip_vision_model": _clip,
    "siglip": _siglip,
    "siglip_vision_model": _siglip,
    "siglip2": _siglip2,
    "siglip2_vision_model": _siglip2,
}
"""By ``model_type``."""


def _usual(
    config: Mapping[str, Any], *, patch: int = 16, activation: str = "gelu", epsilon: float = 1e-6
) -> dict[str, Any]:
    """The numbers that all families name alike; the arguments are the defaults of the family."""
    name = config.get("hidden_act", activation)
    if name not in _ACTIVATIONS:
        raise InvalidInput(f"Graft builds networks with: {', '.join(_ACTIVATIONS)}. Received: hidden_act={name!r}")
    if config.get("num_channels", 3) != 3:
        raise InvalidInput(f"Graft's photos have 3 channels. Received: num_channels={config['num_channels']}")
    width = config.get("hidden_size", 768)
    return {
        "size": _square(config.get("image_size", 224), "image_size"),
        "patch": _square(config.get("patch_size", patch), "patch_size"),
        "width": width,
        "depth": config.get("num_hidden_layers", 12),
        "heads": config.get("num_attention_heads", 12),
        "mlp_width": config.get("intermediate_size", 3072),
        "qkv_bias": config.get("qkv_bias", True),
        "activation": _ACTIVATIONS[name],
        "epsilon": config.get("layer_norm_eps", epsilon),
    }


def _square(value: Any, name: str) -> int:
    sides = set(value) if isinstance(value, list | tuple) else {value}
    if len(sides) != 1:
        raise InvalidInput(f"Graft's inputs and patches are square. Received: {name}={value}")
    side: int = sides.pop()
    return side


def _top(config: Mapping[str, Any]) -> TokenTop:
    """Whether the checkpoint has a classifier of ImageNet's 1,000 classes in their usual order."""
    return TokenTop.POOLED if classifies_imagenet(config) else TokenTop.NONE


# --- timm ---

_TIMM = re.compile(
    r"(?P<kind>vit|deit)_(?P<width>tiny|small|base|large|huge|giant)(?P<distilled>_distilled)?_patch(?P<patch>\d+)"
    r"(?:_reg(?P<registers>\d))?(?:_(?P<variant>dinov2|clip_quickgelu|clip|siglip))?(?:_(?P<size>\d+))?"
    r"(?P<miil>_miil)?"
)
"""Names of timm's architectures; a name with anything else in it is another network."""

_TIMM_SIZES = {
    "tiny": (192, 12, 3),
    "small": (384, 12, 6),
    "base": (768, 12, 12),
    "large": (1024, 24, 16),
    "huge": (1280, 32, 16),
    "giant": (1536, 40, 24),
}
"""Width, depth, heads."""

_TIMM_ARGUMENTS = {"img_size": "size", "patch_size": "patch", "embed_dim": "width", "depth": "depth",
                   "num_heads": "heads"}  # fmt: skip
"""Arguments of timm's networks (``model_args``) that are numbers of ours."""


def _of_timm(config: Mapping[str, Any]) -> TokenNetwork | None:
    name = str(config.get("architecture", ""))
    found = _TIMM.fullmatch(name.partition(".")[0])
    if found is None or (found["width"] == "giant" and found["variant"] != "dinov2"):
        return None
    pretrained = config.get("pretrained_cfg") or {}
    width, depth, heads = _TIMM_SIZES[found["width"]]
    arguments = dict(config.get("model_args") or {})
    given = {_TIMM_ARGUMENTS[key]: arguments.pop(key) for key in list(arguments) if key in _TIMM_ARGUMENTS}
    ratio = arguments.pop("mlp_ratio", 4)
    if arguments:
        raise InvalidInput(f"Graft does not build {name} with these arguments: {', '.join(sorted(arguments))}")
    numbers: dict[str, Any] = {
        "size": (pretrained.get("input_size") or (3, 224, 224))[-1], "patch": int(found["patch"]),
        "width": width, "depth": depth, "heads": heads,
    } | given  # fmt: skip
    network = TokenNetwork(
        family="DeiT" if found["kind"] == "deit" else "ViT",
        naming=TIMM,
        mlp_width=int(numbers["width"] * ratio),
        qkv_bias=not found["miil"],
        antialias=True,
        top=TokenTop.POOLED if timm_classifies_imagenet(config) else TokenTop.NONE,
        **numbers,
    )
    return _timm_variant(network, found)


def _timm_variant(network: TokenNetwork, found: re.Match[str]) -> TokenNetwork:
    """What the parts of the name change."""
    if found["distilled"]:
        top = TokenTop.NONE if network.top is TokenTop.NONE else TokenTop.DISTILLED
        network = replace(network, distillation_token=True, positions_of=2, top=top)
    if found["registers"]:  # timm gives the class token of these no position of its own
        network = replace(network, registers=int(found["registers"]), positions_of=0)
    variant = found["variant"] or ""
    if variant == "dinov2":
        network = replace(network, family="DINOv2", layer_scale=True)
        if found["width"] == "giant":
            wide = (int(network.mlp_width * 2 / 3) + 7) // 8 * 8
            network = replace(network, activation=Activation.SWIGLU, mlp_width=wide)
    elif variant.startswith("clip"):
        quick = variant.endswith("quickgelu")
        network = replace(
            network,
            family="CLIP",
            pre_norm=True,
            epsilon=1e-5,
            activation=Activation.QUICK_GELU if quick else Activation.GELU,
        )
    elif variant == "siglip":
        network = replace(
            network, family="SigLIP", class_token=False, positions_of=0, pooling=Pooling.MEAN, attention_pool=True
        )
    return network
