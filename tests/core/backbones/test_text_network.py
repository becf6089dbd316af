import pytest

from core.backbones.text_network import has_texts, text_network_of
from core.errors import InvalidInput
from tests.tiny_tokens import config_of


def test_a_network_for_texts_is_read_from_the_config_of_both():
    clip, siglip = (text_network_of(config_of(name)) for name in ("clip", "siglip"))
    assert clip.causal and clip.quick and clip.padding is None and clip.length == 10
    assert not siglip.causal and not siglip.quick and siglip.padding == 1 and siglip.length == 8


def test_what_a_file_leaves_out_is_what_transformers_takes():
    found = text_network_of({"model_type": "clip", "text_config": {}})
    assert (found.width, found.depth, found.heads, found.length) == (512, 12, 8, 77)
    gemma = text_network_of({"model_type": "siglip", "text_config": {"vocab_size": 256000}})
    assert gemma.padding == 0 and text_network_of({"model_type": "siglip", "text_config": {}}).padding == 1


def test_other_models_have_none_and_an_unknown_activation_is_refused():
    assert text_network_of(config_of("vit")) is None and text_network_of({"model_type": "clip_vision_model"}) is None
    strange = {"model_type": "clip", "text_config": {"hidden_act": "swish"}}
    with pytest.raises(InvalidInput, match="hidden_act='swish'"):
        text_network_of(strange)
    assert not has_texts(strange) and has_texts(config_of("clip"))
