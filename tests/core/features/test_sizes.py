"""Shapes and sizes of features are known before anything is computed."""

import pytest

from core.backbones import get
from core.errors import InvalidInput
from core.features.sizes import bytes_per_photo

LITE0 = get("efficientnet_lite0")


@pytest.mark.parametrize(
    "cut, size",
    [
        ("top", 1280 * 4),
        ("classes", 1000 * 4),
        ("block6d", 7 * 7 * 192 * 2),
        ("block5c", 14 * 14 * 112 * 2),
        ("block5c.pool", 112 * 4),
        ("pixels", 0),
    ],
)
def test_the_size_of_a_photo_at_every_cut_is_known_before_anything_runs(cut, size):
    assert bytes_per_photo(LITE0, cut) == size


def test_a_cut_outside_the_network_is_answered_with_the_blocks():
    for cut in ("block9", "block9.pool", "answers"):
        with pytest.raises(InvalidInput, match=r"EfficientNet-Lite0 has no block 'block9|no block 'answers'"):
            bytes_per_photo(LITE0, cut)
