"""One row of the catalogue."""

from dataclasses import replace

from core.backbones import catalogue, get


def test_the_short_title_is_the_title_where_no_shorter_one_is_given():
    assert get("squeezenet").short_title == "SqueezeNet" and get("mobilenet_v1").short_title == "MobileNetV1"
    assert replace(get("squeezenet"), short=None).short_title == "SqueezeNet 1.1"


def test_short_titles_are_unique():
    assert len({row.short_title for row in catalogue()}) == len(catalogue())


def test_a_raised_revision_is_another_identity_of_the_same_weights():
    row = get("squeezenet")
    assert row.identity == row.weights_digest
    assert replace(row, revision=2).identity == f"{row.weights_digest}#2"
    assert get("efficientnet_b0").revision == 2 and get("efficientnet_v2_b0").revision == 1
