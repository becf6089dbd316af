"""The family is found by the layout's own name of it."""

from core.backbones.staged.config import staged_network_of


def test_a_family_of_transformers_is_found():
    found = staged_network_of({"model_type": "resnet"}, "transformers")
    assert found is not None and found.family == "ResNet"


def test_other_networks_are_none_of_these():
    assert staged_network_of({"model_type": "bert"}, "transformers") is None
    assert staged_network_of({"model_type": ["resnet"]}, "transformers") is None
    assert staged_network_of({"architecture": "resnet50"}, "timm") is None
    assert staged_network_of({"architecture": "convnext_tiny_hnf"}, "timm") is None


def test_a_family_of_timm_is_found():
    found = staged_network_of({"architecture": "convnextv2_tiny"}, "timm")
    assert found is not None and found.family == "ConvNeXt V2"
