"""A ResNet of Transformers by its ``config.json``."""

import pytest

from core.backbones.staged.resnet import resnet_of
from core.errors import InvalidInput
from tests.tiny_tokens import imagenet_labels


def test_a_silent_config_is_resnet_50():
    found = resnet_of({"model_type": "resnet"})
    assert (found.stem, found.widths, found.depths) == (64, (256, 512, 1024, 2048), (3, 4, 6, 3))
    assert found.bottleneck and not found.stride_first and not found.downsample_first and not found.classes


def test_it_classifies_only_with_the_names_of_imagenet():
    config = {"architectures": ["ResNetForImageClassification"], "id2label": imagenet_labels()}
    assert resnet_of(config).classes
    assert not resnet_of(config | {"id2label": {"0": "cat"}}).classes
    assert not resnet_of(config | {"architectures": ["ResNetModel"]}).classes


@pytest.mark.parametrize(
    "changes", [{"hidden_act": "swish"}, {"layer_type": "other"}, {"depths": [1]}, {"num_channels": 4}]
)
def test_what_is_not_built_is_refused(changes):
    with pytest.raises(InvalidInput):
        resnet_of({"model_type": "resnet"} | changes)
