"""A name that is nearly right is suggested."""

import pytest

from core.text.nearly import did_you_mean, nearest

NAMES = ("efficientnet_lite0", "efficientnet_lite1", "mobilenet_v2", "resnet50")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("efficientnet-lite0", "efficientnet_lite0"),
        ("EfficientNet-Lite1", "efficientnet_lite1"),
        ("efficientnetlite0", "efficientnet_lite0"),
        ("eficientnet_lite0", "efficientnet_lite0"),
        ("mobilenetv2", "mobilenet_v2"),
        ("ResNet 50", "resnet50"),
        ("", None),
        ("vgg", None),
        ("---", None),
    ],
)
def test_the_nearest_name_is_found(typed, meant):
    assert nearest(typed, NAMES) == meant


def test_a_suggestion_is_a_sentence_and_nothing_where_there_is_none():
    assert did_you_mean("RESNET-50", NAMES) == " Did you mean 'resnet50'?"
    assert did_you_mean("photo", NAMES) == ""
