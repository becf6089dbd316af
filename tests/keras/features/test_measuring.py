"""What is read off a network agrees with the catalogue's row of it."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.features import networks
from core.features.measuring import measured

pytestmark = pytest.mark.keras


def test_the_row_of_the_catalogue_is_measured_again(settings):
    row = get("squeezenet")
    bare = replace(
        row, parameters=0, feature_size=0, multiply_adds=0, blocks=(), block_shapes=(), block_parameters=(),
        block_multiply_adds=(),
    )  # fmt: skip
    assert measured(bare, networks.build(row, settings, weights=False)) == row
