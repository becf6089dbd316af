"""What is read off a network for its row."""

import pytest

from core.settings import Settings
from tests.tiny import use_tiny

pytestmark = pytest.mark.keras


def test_a_row_says_of_every_block_its_shape_and_what_can_be_trained_in_it(monkeypatch, tmp_path):
    from core.features import networks
    from core.features.measuring import measured

    tiny = use_tiny(monkeypatch)
    row = measured(tiny, networks.build(tiny, Settings(home=tmp_path)))
    assert (row.blocks, row.block_shapes) == (tiny.blocks, tiny.block_shapes)
    assert (row.parameters, row.feature_size) == (tiny.parameters, 8)
    assert [part.lora for part in row.adaptable] == [(1, 27 + 8), (1, 16), (1, 16)]
    assert {part.norm for part in row.adaptable} == {(0, 0)} and {part.bias for part in row.adaptable} == {(1, 8)}
