"""Which networks of tokens a config.json describes."""

from dataclasses import asdict

import pytest

from core.backbones.token_config import token_network_of
from core.backbones.token_network import Activation, Pooling, TokenNetwork, TokenTop
from core.errors import InvalidInput
from tests import tiny_tokens


def read(config: dict, layout: str = "transformers") -> TokenNetwork:
    found = token_network_of(config, layout)
    assert found is not None
    return found


def numbers(network: TokenNetwork) -> tuple[int, ...]:
    return network.size, network.patch, network.width, network.depth, network.heads, network.mlp_width


def test_a_configuration_without_numbers_has_the_defaults_of_transformers():
    usual = (768, 12, 12, 3072)
    assert numbers(read({"model_type": "vit"})) == (224, 16, *usual)
    assert numbers(read({"model_type": "dinov2"})) == (224, 14, *usual)
    assert numbers(read({"model_type": "clip", "vision_config": {}})) == (224, 32, *usual)
    assert numbers(read({"model_type": "siglip", "vision_config": {"image_size": 256}})) == (256, 16, *usual)
    assert [read({"model_type": name}).epsilon for name in ("vit", "dinov2", "clip", "siglip")] == [
        1e-12, 1e-6, 1e-5, 1e-6,
    ]  # fmt: skip


def test_what_tells_the_families_apart():
    found = {name: read(tiny_tokens.config_of(name), tiny_tokens.layout_of(name)) for name in tiny_tokens.NAMES}
    assert {name: one.prefix_tokens for name, one in found.items()} == {
        "vit": 1, "deit": 2, "dinov2": 1, "dinov2_swiglu": 1, "dinov2_registers": 5, "clip": 1, "siglip": 0,
        "timm_vit": 1, "timm_deit": 2, "timm_dinov2": 5, "timm_siglip": 0,
    }  # fmt: skip
    assert {name for name, one in found.items() if one.attention_pool} == {"siglip", "timm_siglip"}
    assert {name for name, one in found.items() if one.pooling is Pooling.MEAN} == {"siglip", "timm_siglip"}
    assert {name for name, one in found.items() if one.layer_scale} == {
        "dinov2", "dinov2_swiglu", "dinov2_registers", "timm_dinov2",
    }  # fmt: skip
    assert {name for name, one in found.items() if one.pre_norm} == {"clip"}
    assert (found["clip"].activation, found["siglip"].activation, found["dinov2_swiglu"].activation) == (
        Activation.QUICK_GELU, Activation.GELU_TANH, Activation.SWIGLU,
    )  # fmt: skip
    assert found["clip"].projection == 16


def test_which_checkpoints_have_an_imagenet_classifier():
    found = {name: read(tiny_tokens.config_of(name), tiny_tokens.layout_of(name)).top for name in tiny_tokens.NAMES}
    assert {name: top for name, top in found.items() if top is not TokenTop.NONE} == {
        "vit": TokenTop.POOLED,
        "deit": TokenTop.DISTILLED,
        "timm_vit": TokenTop.POOLED,
        "timm_deit": TokenTop.DISTILLED,
    }
    vit = tiny_tokens.config_of("vit")
    assert read(vit | {"architectures": ["ViTModel"]}).top is TokenTop.NONE
    assert read(vit | {"id2label": {"0": "cat", "1": "dog"}}).top is TokenTop.NONE
    others = {str(number): f"plant {number}" for number in range(1000)}
    assert read(vit | {"id2label": others}).top is TokenTop.NONE, "1,000 classes of something else"
    dinov2 = tiny_tokens.config_of("dinov2") | {"architectures": ["Dinov2ForImageClassification"]}
    assert read(dinov2 | {"id2label": vit["id2label"]}).top is TokenTop.CLASS_AND_MEAN


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("vit_base_patch16_224.augreg2_in21k_ft_in1k", ("ViT", 16, 768, 12, 12, 3072)),
        ("deit_small_patch16_224.fb_in1k", ("DeiT", 16, 384, 12, 6, 1536)),
        ("vit_small_patch14_dinov2.lvd142m", ("DINOv2", 14, 384, 12, 6, 1536)),
        ("vit_giant_patch14_dinov2.lvd142m", ("DINOv2", 14, 1536, 40, 24, 4096)),
        ("vit_base_patch32_clip_quickgelu_224.openai", ("CLIP", 32, 768, 12, 12, 3072)),
    ],
)
def test_architectures_of_timm(architecture, expected):
    network = read({"architecture": architecture, "num_classes": 0}, "timm")
    assert (network.family, *numbers(network)[1:]) == expected
    assert network.antialias and network.top is TokenTop.NONE


@pytest.mark.parametrize(
    ("config", "layout"),
    [
        ({"model_type": "resnet"}, "transformers"),
        ({}, "transformers"),
        ({"architecture": "resnet50.a1_in1k"}, "timm"),
        ({"architecture": "vit_relpos_base_patch16_224"}, "timm"),
        ({"architecture": "vit_base_patch16_rope_224"}, "timm"),
        ({"architecture": "vit_base_r50_s16_224"}, "timm"),
    ],
)
def test_another_network_is_none(config, layout):
    assert token_network_of(config, layout) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_act": "selu"}, r"Graft builds networks with: gelu.* Received: hidden_act='selu'"),
        ({"image_size": [32, 64]}, r"inputs and patches are square. Received: image_size=\[32, 64\]"),
        ({"num_channels": 1}, "3 channels. Received: num_channels=1"),
        ({"num_attention_heads": 5}, "multiple of the attention heads. Received: 32 and 5"),
        ({"num_hidden_layers": 0}, "whole number of depth. Received: 0"),
        ({"hidden_size": "wide"}, "whole number of width. Received: 'wide'"),
        ({"patch_size": 64}, "A patch of 64 px is larger than the input of 32 px."),
    ],
)
def test_what_graft_does_not_build_is_refused_in_one_sentence(changes, message):
    with pytest.raises(InvalidInput, match=message):
        token_network_of(tiny_tokens.config_of("vit") | changes, "transformers")


def test_siglip_for_all_shapes_and_unknown_arguments_of_timm_are_refused():
    with pytest.raises(InvalidInput, match="NaFlex"):
        token_network_of({"model_type": "siglip2"}, "transformers")
    config = tiny_tokens.config_of("timm_vit")
    with pytest.raises(InvalidInput, match="with these arguments: qk_norm"):
        token_network_of(config | {"model_args": config["model_args"] | {"qk_norm": True}}, "timm")


def test_a_row_of_json_becomes_the_same_network():
    from core.backbones.token_network import token_network_from

    for name in tiny_tokens.NAMES:
        network = read(tiny_tokens.config_of(name), tiny_tokens.layout_of(name))
        assert token_network_from(asdict(network)) == network
