"""Which backbones match what a person looks for."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.values import Availability
from core.recipes.choosing import BackboneQuery, has_words
from core.recipes.patterns import Pattern

LITE0 = get("efficientnet_lite0")
ADDED = replace(LITE0, name="tiny", source="hub:a/b@c", classes=False, top1=None, multiply_adds=0)


@pytest.mark.parametrize(
    "query, lite, added",
    [
        ({}, True, True),
        ({"text": "efficientnet APACHE"}, True, True),
        ({"text": "efficientnet vgg"}, False, False),
        ({"families": ("VGG", "EfficientNet-Lite")}, True, True),
        ({"licences": ("MIT",)}, False, False),
        ({"added": True}, False, True),
        ({"patterns": (Pattern.CLASSIFIER,)}, True, False),
        ({"patterns": (Pattern.FINE_TUNING,)}, True, True),
        ({"most_parameters": 3_413_024}, True, True),
        ({"most_parameters": 3_413_023}, False, False),
        ({"most_multiply_adds": 1e12}, True, False),
        ({"least_top1": 0.75}, True, False),
        ({"least_top1": 0.76}, False, False),
        ({"largest_input": 224}, True, True),
        ({"largest_input": 223}, False, False),
    ],
)
def test_a_backbone_matches_all_that_is_asked(query, lite, added):
    found = [BackboneQuery(**query).matches(backbone, Availability.READY) for backbone in (LITE0, ADDED)]
    assert found == [lite, added]


@pytest.mark.parametrize("state", Availability)
def test_ready_are_those_whose_weights_are_here(state):
    assert BackboneQuery(ready=True).matches(LITE0, state) == (state in (Availability.READY, Availability.CACHED))


def test_words_are_found_in_what_it_was_trained_on():
    assert has_words(get("convnext_base"), "21K convnext") and not has_words(LITE0, "21k")
