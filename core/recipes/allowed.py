"""Which patterns a backbone allows, and why not the others."""

from core.backbones.values import Backbone
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Pattern

TRAINS_THE_NETWORK = (*TRAINS_TOP_BLOCKS, Pattern.WEIGHT_INITIALIZATION, Pattern.FROM_SCRATCH)
"""Patterns in which weights of the backbone's architecture are trained."""


def refused_patterns(backbone: Backbone) -> dict[Pattern, str]:
    """``{pattern: why the backbone cannot be used in it}``, one sentence each; {} when all are possible."""
    refused: dict[Pattern, str] = {}
    if backbone.is_trained:
        refused[Pattern.CLASSIFIER] = (
            f"{backbone.title} is a trained model without ImageNet classes. Use it on the page Predict, or choose "
            "another pattern."
        )
    elif not (backbone.classes or backbone.text_tower):
        refused[Pattern.CLASSIFIER] = (
            f"{backbone.title} has no ImageNet classifier and no network for texts, so it cannot classify without a "
            "head. Choose another pattern."
        )
    if not backbone.trainable:
        refused |= dict.fromkeys(
            TRAINS_THE_NETWORK,
            f"{backbone.title} is an ONNX network, whose weights can only be frozen. Choose an extractor, or another "
            "backbone.",
        )
    if backbone.is_onnx:
        refused[Pattern.MULTI_LAYER_PROBE] = (
            f"{backbone.title} is an ONNX network, which is cut at one place at a time. Choose an extractor, or "
            "another backbone."
        )
    return refused
