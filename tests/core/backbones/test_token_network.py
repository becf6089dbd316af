"""What follows from the numbers of a network of tokens."""

import pytest

from core.backbones.token_config import token_network_of
from core.backbones.token_network import Pooling, TokenNetwork
from core.errors import InvalidInput
from tests import tiny_tokens


def of(name: str) -> TokenNetwork:
    found = token_network_of(tiny_tokens.config_of(name), tiny_tokens.layout_of(name))
    assert found is not None
    return found


VIT_B16 = TokenNetwork(
    family="ViT", naming="vit", size=224, patch=16, width=768, depth=12, heads=12, mlp_width=3072
)  # fmt: skip


def test_the_figures_of_vit_b16_are_those_of_its_paper():
    """86 M parameters (Dosovitskiy et al. 2021, table 1), with the head 86.6 M; 17.5 G multiply-adds with attention
    (Touvron et al. 2021, DeiT, table 5)."""
    assert sum(VIT_B16.block_parameters(224)) == pytest.approx(85.8e6, rel=1e-3)
    assert sum(VIT_B16.block_multiply_adds(224)) == pytest.approx(17.5e9, rel=0.01)


def test_blocks_and_shapes():
    assert of("dinov2_registers").blocks == ("stem", "block1", "block2", "block3")
    assert of("dinov2_registers").shapes(70) == ((1 + 4 + 25, 32),) * 4
    assert of("siglip").blocks[-1] == "head" and of("siglip").shapes(32)[-2:] == ((16, 32), (1, 32))


def test_what_does_not_fill_a_patch_is_left_out():
    assert VIT_B16.tokens(230) == VIT_B16.tokens(224) == 197


def test_a_chosen_pooling_replaces_attention():
    siglip = of("siglip")
    assert siglip.pooled_by(Pooling.OWN) is siglip
    mean = siglip.pooled_by(Pooling.MEAN)
    assert (mean.attention_pool, mean.blocks[-1], mean.pooling) == (False, "block3", Pooling.MEAN)
    assert mean.row(32)["parameters"] < siglip.row(32)["parameters"]
    vit = of("vit")
    assert vit.pooled_by(Pooling.CLASS_TOKEN) is vit, "its own"
    assert vit.pooled_by(Pooling.MEAN).blocks == vit.blocks


def test_a_class_token_that_is_not_there_is_refused():
    with pytest.raises(InvalidInput, match="SigLIP network without a class token.*Received: pooling=class_token"):
        of("siglip").pooled_by(Pooling.CLASS_TOKEN)
