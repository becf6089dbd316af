"""Which convolutional networks are built."""

import pytest

from core.backbones.hub import architectures
from core.backbones.hub.architectures import convolutional_family, keras_head_of, require_keras_hub
from core.backbones.hub.layouts import HubLayout
from core.errors import InvalidInput, Unavailable


@pytest.mark.parametrize(
    ("architecture", "family"),
    [("resnet18", "ResNet"), ("resnetv2_50", "ResNetV2"), ("mobilenetv3_large_100", "MobileNetV3"),
     ("hgnetv2_b4", "HGNetV2"), ("cspdarknet53", "CSPNet"), ("efficientnet_b0", "EfficientNet")],
)  # fmt: skip
def test_timm_names_its_family(architecture, family):
    assert convolutional_family(HubLayout.TIMM, {"architecture": architecture}) == family


def test_keras_names_its_class():
    assert convolutional_family(HubLayout.KERAS, {"registered_name": "keras_hub>DenseNetBackbone"}) == "DenseNet"


@pytest.mark.parametrize(
    ("layout", "config", "name"),
    [
        (HubLayout.TIMM, {"architecture": "mobilenetv5_300m"}, "mobilenetv5_300m"),
        (HubLayout.TIMM, {"architecture": "convnext_tiny_hnf"}, "convnext_tiny_hnf"),
        (HubLayout.TRANSFORMERS, {"model_type": "bert"}, "bert"),
        (HubLayout.KERAS, {"registered_name": "keras_hub>BertBackbone"}, "BertBackbone"),
        (HubLayout.KERAS, {"registered_name": "evil>Lambda"}, "Lambda"),
    ],
)
def test_every_other_network_is_refused_with_what_is_built(layout, config, name):
    with pytest.raises(InvalidInput, match=f"is {name} .*It builds ViT, DeiT, DINOv2.*ResNet"):
        convolutional_family(layout, config)


def test_an_object_within_the_config_of_keras_is_refused():
    dtype = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    config = {"registered_name": "keras_hub>VGGBackbone", "config": {"dtype": dtype, "stackwise_num_filters": [8]}}
    assert convolutional_family(HubLayout.KERAS, config) == "VGG"
    config["config"]["extra"] = [{"class_name": "Lambda", "config": {}}]
    with pytest.raises(InvalidInput, match="an object of the class 'Lambda'"):
        convolutional_family(HubLayout.KERAS, config)


def test_an_efficientnet_whose_config_does_not_say_where_shortcuts_are_is_refused():
    about = {"stackwise_force_input_filters": [0, 0]}
    config = {"registered_name": "keras_hub>EfficientNetBackbone", "config": about}
    assert convolutional_family(HubLayout.KERAS, config) == "EfficientNet"
    about["stackwise_force_input_filters"] = [24, 0]
    with pytest.raises(InvalidInput, match="does not say stackwise_nores_option"):
        convolutional_family(HubLayout.KERAS, config)


def test_without_keras_hub_the_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(architectures, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="make setup HUB=1"):
        require_keras_hub()


def a_task(**changes):
    return {
        "registered_name": "keras_hub>ResNetImageClassifier",
        "config": {"num_classes": 1000, "pooling": "avg"} | changes,
    }


RESNET = {"registered_name": "keras_hub>ResNetBackbone"}


def test_of_the_classifier_of_the_keras_layout_only_known_numbers_are_used():
    evil = {"class_name": "Lambda", "config": {}}
    found = keras_head_of(RESNET, a_task(preprocessor=evil, activation=evil, num_features=evil, head_filters=8))
    assert found == {"pooling": "avg", "head_filters": 8}


@pytest.mark.parametrize(
    "task",
    [{}, a_task(num_classes=10), a_task() | {"config": None},
     a_task() | {"registered_name": "keras_hub>VGGImageClassifier"}, a_task() | {"registered_name": "evil>Task"}],
)  # fmt: skip
def test_other_tasks_are_no_imagenet_classifier_of_the_backbone(task):
    assert keras_head_of(RESNET, task) is None
