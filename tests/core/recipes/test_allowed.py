from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.recipes.allowed import refused_patterns
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Pattern


@pytest.mark.parametrize("backbone", catalogue(), ids=lambda one: one.name)
def test_every_backbone_of_the_catalogue_allows_every_pattern(backbone):
    assert refused_patterns(backbone) == {}


def test_a_network_without_imagenet_classes_needs_a_head():
    backbone = replace(get("squeezenet"), classes=False)
    refused = refused_patterns(backbone)
    assert list(refused) == [Pattern.CLASSIFIER] and "no ImageNet classifier" in refused[Pattern.CLASSIFIER]
    assert refused_patterns(replace(backbone, text_tower=True)) == {}


def test_an_onnx_network_is_frozen():
    refused = refused_patterns(replace(get("squeezenet"), trainable=False))
    assert set(refused) == {*TRAINS_TOP_BLOCKS, Pattern.WEIGHT_INITIALIZATION, Pattern.FROM_SCRATCH}
    assert all("can only be frozen" in reason for reason in refused.values())


def test_the_model_of_a_run_has_classes_of_its_own():
    assert list(refused_patterns(replace(get("squeezenet"), source="model:x.keras"))) == [Pattern.CLASSIFIER]


def test_an_onnx_network_is_cut_at_one_place_at_a_time():
    refused = refused_patterns(replace(get("squeezenet"), source="onnx_file:x.onnx"))
    assert list(refused) == [Pattern.MULTI_LAYER_PROBE] and "one place at a time" in refused[Pattern.MULTI_LAYER_PROBE]
