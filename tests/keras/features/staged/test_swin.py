"""What ``test_conversion`` does not see of a Swin transformer."""

import keras
import numpy as np
import pytest

from core.backbones.staged.swin import SwinNumbers
from core.features.measuring import measured
from core.features.pooling import pooled_features
from core.features.staged import conversion, swin
from tests import staged_networks as tiny
from tests.keras.features.staged.test_conversion import architecture_of, relative, row_of

pytestmark = pytest.mark.keras


def test_the_map_is_moved_around_its_borders_and_back():
    x = np.arange(36, dtype=np.float32).reshape(1, 6, 6, 1)
    inputs = keras.Input((6, 6, 1))
    there = swin._moved(inputs, 2, "there")
    model = keras.Model(inputs, [there, swin._moved(there, -2, "back")])
    moved, back = model(x)
    assert np.array_equal(moved, np.roll(x, (-2, -2), (1, 2))) and np.array_equal(back, x)


def test_windows_are_squares_of_the_map():
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    inputs = keras.Input((4, 4, 1))
    windows = swin._windows(inputs, 2, "windows")
    found, back = keras.Model(inputs, [windows, swin._map(windows, 4, 2, "map")])(x)
    assert np.asarray(found)[0, :, :, 0].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    assert np.array_equal(back, x)


def test_positions_that_were_apart_before_the_map_was_moved_do_not_attend_to_each_other():
    regions = swin._regions(4, 4, 2)
    assert len(np.unique(regions[0])) == 1 and [len(np.unique(one)) for one in regions[1:]] == [2, 2, 4]


def test_files_of_timm_with_its_older_names_give_the_same_numbers():
    """There the halving counts to the stage before, and the classifier is ``head``."""
    older = {
        name.replace("layers.1.downsample", "layers.0.downsample").replace("head.fc.", "head."): values
        for name, values in tiny.tensors_of("timm_swin").items()
    } | {"layers.0.blocks.1.attn_mask": np.zeros(1), "layers.0.blocks.0.attn.relative_position_index": np.zeros(1)}
    row, architecture = row_of("timm_swin"), architecture_of("timm_swin")
    model = conversion.built(older, row, architecture)
    features = keras.Model(model.inputs[0], pooled_features(model.outputs[0], row, ""))
    expected = tiny.reference()["timm_swin"]
    assert relative(features(tiny.photos(48)), expected["features"]) < 1e-5
    assert relative(model(tiny.photos(48))[1][:, :20], expected["logits"]) < 1e-5


def test_its_attention_is_counted():
    model = conversion.built(tiny.tensors_of("swin"), row_of("swin"), architecture_of("swin"))
    row = measured(row_of("swin"), keras.Model(model.inputs[0], model.outputs[0]))
    numbers = architecture_of("swin")
    assert isinstance(numbers, SwinNumbers)
    dense = 64 * 8 * (3 * 8 + 8 + 2 * 32)  # 64 positions of 8 channels
    pairs = 64 * 16 * 8 * 2  # each with the 16 of its window, scores and values
    assert row.block_multiply_adds[row.blocks.index("stage1_block1")] == dense + pairs
    assert row.multiply_adds == sum(row.block_multiply_adds)
