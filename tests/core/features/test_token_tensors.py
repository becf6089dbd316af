"""Tensors of files as weights of our networks, and what is refused."""

import numpy as np
import pytest

from core.backbones.token_config import token_network_of
from core.backbones.token_network import TokenNetwork
from core.errors import Unavailable
from core.features.token_tensors import projection_of, weights_of
from tests import tiny_tokens


def of(name: str) -> TokenNetwork:
    found = token_network_of(tiny_tokens.config_of(name), tiny_tokens.layout_of(name))
    assert found is not None
    return found


def test_a_prefix_before_all_names_makes_no_difference():
    tensors = tiny_tokens.tensors_of("vit")
    bare = {name.removeprefix("vit."): values for name, values in tensors.items()}
    one, other = weights_of(tensors, of("vit"), 32, top=True), weights_of(bare, of("vit"), 32, top=True)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_half_precision_becomes_single():
    tensors = {name: values.astype(np.float16) for name, values in tiny_tokens.tensors_of("clip").items()}
    assert {values.dtype for values in weights_of(tensors, of("clip"), 32).values()} == {np.dtype("float32")}


def test_the_class_token_has_its_position_and_registers_have_none():
    tensors = tiny_tokens.tensors_of("dinov2_registers")
    bias = weights_of(tensors, of("dinov2_registers"), 56)["stem_tokens/bias"]
    positions = tensors["embeddings.position_embeddings"][0]
    assert np.allclose(bias[0], tensors["embeddings.cls_token"][0, 0] + positions[0])
    assert np.array_equal(bias[1:5], tensors["embeddings.register_tokens"][0])
    assert np.allclose(bias[5:], positions[1:] + tensors["embeddings.patch_embeddings.projection.bias"], atol=1e-6)


def test_a_missing_tensor_is_named():
    tensors = tiny_tokens.tensors_of("dinov2")
    del tensors["encoder.layer.1.mlp.fc2.bias"]
    with pytest.raises(Unavailable, match=r"have no tensor encoder\.layer\.1\.mlp\.fc2\.bias, which a DINOv2"):
        weights_of(tensors, of("dinov2"), 56)


def test_a_wrong_shape_is_named_with_what_was_expected():
    tensors = tiny_tokens.tensors_of("vit") | {"vit.layernorm.weight": np.ones(31, np.float32)}
    with pytest.raises(Unavailable, match=r"vit\.layernorm\.weight does not fit.*expected 32\. Received: 31"):
        weights_of(tensors, of("vit"), 32)
    tensors = tiny_tokens.tensors_of("vit")
    tensors["vit.embeddings.position_embeddings"] = np.ones((1, 10, 32), np.float32)
    with pytest.raises(Unavailable, match=r"position_embeddings.*expected 17 x 32\. Received: 1 x 10 x 32"):
        weights_of(tensors, of("vit"), 32)


def test_parts_that_are_not_built_are_refused():
    tensors = tiny_tokens.tensors_of("timm_vit") | {"blocks.0.attn.q_norm.weight": np.ones(16, np.float32)}
    with pytest.raises(Unavailable, match=r"does not know 1 of the weights, for example blocks\.0\.attn\.q_norm"):
        weights_of(tensors, of("timm_vit"), 32)


def test_a_network_without_bias_of_queries_has_zeros():
    network = token_network_of(tiny_tokens.config_of("vit") | {"qkv_bias": False}, "transformers")
    assert network is not None
    tensors = {name: one for name, one in tiny_tokens.tensors_of("vit").items() if not name.endswith("query.bias")}
    weights = weights_of(tensors, network, 32)
    assert not weights["block1_attention/query/bias"].any() and weights["block1_attention/key/bias"].any()


def test_the_projection_of_clip():
    assert projection_of(tiny_tokens.tensors_of("clip")).shape == (32, 16)
    with pytest.raises(Unavailable, match=r"no tensor visual_projection\.weight"):
        projection_of(tiny_tokens.tensors_of("vit"))
