"""An own network in words; the form is tested in tests/pages/test_add_backbone.py."""

import pytest

from core.backbones.scalings import FoundScaling, preset
from core.features.own_network import OwnBlock, OwnNetwork
from core.features.scaling_check import Compared
from core.web.backbones.file_panel import described, name_of, tried


@pytest.mark.parametrize(
    "file, name",
    [
        ("My Net (2).onnx", "my-net-2"),
        ("resnet50.keras", "own-network"),
        ("r-1.onnx", "own-network"),
        ("äöü.onnx", "own-network"),
    ],
)
def test_a_name_is_made_of_that_of_the_file(file, name):
    assert name_of(file) == name


@pytest.mark.parametrize(
    "changes, words",
    [
        ({}, "18 of 20 check photos most similar to one of their class"),
        ({"finite": False}, "features are not finite"),
        ({"spread": 0.0}, "all photos have the same features"),
    ],
)
def test_what_check_photos_say_of_a_scaling(changes, words):
    values = {"scaling": "imagenet", "finite": True, "spread": 0.5, "agreement": 0.9, "photos": 20}
    assert tried(Compared(**values | changes)) == words


def test_a_network_in_words():
    network = OwnNetwork(
        kind="onnx_file", name="net.onnx", size=32, any_size=False, feature_size=8, last="two", classes=1000,
        imagenet=True, scaling=FoundScaling(scaling=preset("imagenet").scaling, source="config.json"),
        blocks=(OwnBlock(name="stem", tensor="a", shape=(16, 16, 8), parameters=5, multiply_adds=7),),
    )  # fmt: skip
    lines = [line.replace("\\", "") for line in described(network)]
    assert lines[0] == "ONNX network, used frozen: 5 parameters, 7 multiply-adds, 1 block, 8 features"
    assert lines[1:] == [
        "Input: 32 px; it takes this size only",
        "Classifier: the 1,000 classes of ImageNet",
        "Scaling of the pixels: ImageNet mean and deviation, as config.json says",
    ]
