"""Swin transformers by their ``config.json``."""

import pytest

from core.backbones.staged.swin import swin_of, swin_of_timm
from core.errors import InvalidInput


def test_a_silent_config_is_the_tiny_one_and_takes_one_size_only():
    found = swin_of({"model_type": "swin"})
    assert (found.width, found.depths, found.heads, found.window) == (96, (2, 2, 6, 2), (3, 6, 12, 24), 7)
    assert found.fixed_size and found.size == 224 and not found.own_pooling


def test_timm_says_the_numbers_by_the_name():
    found = swin_of_timm({"architecture": "swin_base_patch4_window12_384.ms_in22k_ft_in1k", "num_classes": 1000})
    assert found is not None and found.classes
    assert (found.size, found.window, found.width, found.depths) == (384, 12, 128, (2, 2, 18, 2))


@pytest.mark.parametrize("name", ["swinv2_tiny_window8_256", "swin_s3_tiny_224", "swinv2_cr_tiny_224"])
def test_other_kinds_are_other_networks(name):
    assert swin_of_timm({"architecture": name}) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"use_absolute_embeddings": True}, "use_absolute_embeddings"),
        ({"image_size": 256}, "stage 1 has 64 x 64 positions, windows of 7"),
        ({"image_size": 56, "depths": [1], "num_heads": [5]}, "5 heads"),
        ({"image_size": 28, "depths": [1, 1], "num_heads": [1, 1]}, "cannot be halved"),
        ({"num_heads": [3]}, "not as many"),
        ({"hidden_act": "relu"}, "hidden_act"),
    ],
)
def test_what_is_not_built_is_refused(changes, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        swin_of({"model_type": "swin"} | changes)
