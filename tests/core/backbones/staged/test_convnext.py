"""ConvNeXt and ConvNeXt V2 by their ``config.json``."""

import pytest

from core.backbones.staged.convnext import convnext_of, convnext_of_timm
from core.errors import InvalidInput


def test_a_silent_config_is_the_tiny_one():
    first, second = (convnext_of({"model_type": name}) for name in ("convnext", "convnextv2"))
    assert first.widths == second.widths == (96, 192, 384, 768) and first.depths == (3, 3, 9, 3)
    assert (first.family, first.layer_scale, first.response_norm) == ("ConvNeXt", True, False)
    assert (second.family, second.layer_scale, second.response_norm) == ("ConvNeXt V2", False, True)
    assert first.own_pooling and first.size == 224


def test_timm_says_the_numbers_by_the_name():
    found = convnext_of_timm({"architecture": "convnextv2_nano.fcmae_ft_in22k_in1k", "num_classes": 1000})
    assert found is not None and found.classes and found.response_norm
    assert (found.widths, found.depths) == ((80, 160, 320, 640), (2, 2, 8, 2))
    largest = convnext_of_timm({"architecture": "convnext_xxlarge", "num_classes": 0})
    assert largest is not None and largest.epsilon == 1e-5 and not largest.classes


@pytest.mark.parametrize("name", ["convnext_tiny_hnf", "convnext_atto_ols", "convnext_large_mlp", "resnet50", ""])
def test_another_stem_or_head_is_another_network(name):
    assert convnext_of_timm({"architecture": name}) is None


def test_what_is_not_built_is_refused():
    with pytest.raises(InvalidInput, match="convnext_tiny with these arguments: ls_init_value"):
        convnext_of_timm({"architecture": "convnext_tiny", "model_args": {"ls_init_value": 1}})
    with pytest.raises(InvalidInput, match="hidden_act"):
        convnext_of({"model_type": "convnext", "hidden_act": "relu"})
    with pytest.raises(InvalidInput, match="not as many"):
        convnext_of({"model_type": "convnext", "depths": [1, 1]})
